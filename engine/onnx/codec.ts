import { fail } from '../findings.ts';
import { checkFrame } from './frame.ts';
import { type MessageType, onnx } from './proto.ts';
import { rawLength } from './tensor-proto.ts';
import { messageLimit, WireReader, WireWriter } from './wire.ts';

/**
 * Reads an ONNX model. Large byte fields are views of `bytes`, which must not change as long as the model lives.
 *
 * Throws a `FindingError`: `model/empty`, `model/not-onnx`, `model/truncated`, `model/damaged`, `model/too-deep`,
 * `model/too-complex`, `model/too-large`, `model/no-graph`, `model/no-opset`.
 */
export function decodeModel(bytes: Uint8Array): onnx.ModelProto {
  checkModelSize(bytes.length);
  checkFrame(bytes);
  const model = decode(onnx.ModelProto, bytes, 'model');
  if (model.graph === undefined) {
    fail('model/no-graph', 'The model has no graph.', { fix: 'The file may be cut short: copy or export it again.' });
  }
  // Operator sets follow the graph in a file; before IR 3 there were none.
  if (model.opset_import.length === 0 && (model.ir_version ?? 3) >= 3) {
    fail('model/no-opset', 'The model does not say which operator sets it uses.', {
      fix: 'The file may be cut short: copy or export it again.',
    });
  }
  return model;
}

/** Inverse of `decodeModel`: fields in the order of their numbers, unknown ones last. Throws `model/too-large`. */
export function encodeModel(model: onnx.ModelProto): Uint8Array<ArrayBuffer> {
  return encode(onnx.ModelProto, model, 64 * 1024 + rawBytes(model));
}

/** Reads a `.pb` file of one tensor. Throws `tensor/damaged` and the like. */
export function decodeTensor(bytes: Uint8Array): onnx.TensorProto {
  return decode(onnx.TensorProto, bytes, 'tensor');
}

export function encodeTensor(tensor: onnx.TensorProto): Uint8Array<ArrayBuffer> {
  return encode(onnx.TensorProto, tensor, 1024 + rawLength(tensor));
}

/** Reads any message. Throws `WHAT/damaged`, `WHAT/too-deep` and `model/too-complex`. */
export function decode<T>(type: MessageType<T>, bytes: Uint8Array, what: 'model' | 'tensor'): T {
  const reader = new WireReader(bytes);
  try {
    return type.decode(reader);
  } catch (error) {
    if (!isFaultOfFile(error)) throw error;
    if (/max depth exceeded/.test(error.message)) {
      fail(`${what}/too-deep`, 'The file nests graphs or types more than a hundred messages deep.', {
        why: 'Protocol Buffers readers stop there, so no runtime would read it.',
      });
    }
    fail(`${what}/damaged`, `The ${what} file is damaged near byte ${reader.pos}.`, {
      why: 'What stands there is not a valid Protocol Buffers field.',
      fix: 'Copy, download or export the file again.',
    });
  }
}

/** protobufjs throws plain errors and, at the end of the bytes, range errors; anything else is a fault of ours. */
function isFaultOfFile(error: unknown): error is Error {
  return error instanceof Error && (error.constructor === Error || /index out of range/.test(error.message));
}

export function encode<T>(type: MessageType<T>, message: T, expectedBytes: number): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter(expectedBytes);
  type.encode(message, writer);
  return writer.result();
}

/** Bytes of the initializers, nearly all there is in a model, so that the writer need not grow. */
function rawBytes(model: onnx.ModelProto): number {
  let bytes = 0;
  for (const tensor of model.graph?.initializer ?? []) bytes += 64 + rawLength(tensor);
  return Math.min(bytes, messageLimit);
}

/** Throws `model/too-large`. Whoever reads a file asks before reading it. */
export function checkModelSize(bytes: number): void {
  if (bytes <= messageLimit) return;
  fail('model/too-large', 'The model file is larger than 2 GiB, the most that Protocol Buffers allow.', {
    fix: 'Save the model with external data; then only the graph is in this file.',
  });
}
