/**
 * The messages of an ONNX file, exactly as the file has them: an absent optional field is `undefined` (never a default),
 * a repeated field is always an array, 64-bit integers are numbers where that is exact and bigints beyond, and fields
 * that the schema does not know ride along unseen and are written back.
 *
 * Messages are made by `new onnx.NodeProto({ op_type: 'Relu', input: ['x'], output: ['y'] })`.
 */
import type { Fields } from './generated/onnx.js';

export { type Fields, type Int64, type MessageType, onnx } from './generated/onnx.js';

/** A copy of a message with other values in some fields (`undefined` removes one); keeps the unknown fields. */
export function changed<T extends object>(message: T, fields: Fields<T>): T {
  const copy = Object.create(Object.getPrototypeOf(message), Object.getOwnPropertyDescriptors(message));
  // Defined and not assigned: the field may be one that is fetched when it is asked for.
  for (const [name, value] of Object.entries(fields))
    Object.defineProperty(copy, name, { value, writable: true, enumerable: true, configurable: true });
  return copy;
}
