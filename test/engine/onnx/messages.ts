import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Enum, Field, Namespace, Type } from 'protobufjs';
import { type MessageType, onnx } from '../../../engine/onnx/proto.ts';
import { root } from '../../shared.ts';

const protobuf: typeof import('protobufjs') = createRequire(import.meta.url)('protobufjs');

export interface MessageSample {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests treat all messages alike
  readonly type: MessageType<any>;
  /** A value for each field of the message. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Every message of the schema with a value for each field, made from the schema itself so that none is forgotten. */
export function allFields(): MessageSample[] {
  const schema = readFileSync(join(root, 'engine', 'onnx', 'onnx.proto'), 'utf8');
  const messages = protobuf.parse(schema, { keepCase: true }).root.resolveAll().lookup('onnx') as Namespace;
  return typesIn(messages).map((type) => ({
    name: type.fullName,
    type: classOf(type),
    // Of a oneof only one field can be there.
    fields: Object.fromEntries(
      type.fieldsArray
        .filter((field) => !field.partOf || field.partOf.fieldsArray[0] === field)
        .map((field) => [field.name, sample(field)]),
    ),
  }));
}

function typesIn(namespace: Namespace): Type[] {
  return namespace.nestedArray.flatMap((item) => (item instanceof protobuf.Type ? [item, ...typesIn(item)] : []));
}

// biome-ignore lint/suspicious/noExplicitAny: see above
function classOf(type: Type): any {
  const path = type.fullName.slice(1).split('.').slice(1);
  // biome-ignore lint/suspicious/noExplicitAny: see above
  return path.reduce((container: any, name) => container[name], onnx);
}

function sample(field: Field): unknown {
  const one = (salt: number): unknown => {
    if (field.resolvedType instanceof protobuf.Type) return new (classOf(field.resolvedType))();
    if (field.resolvedType) return Object.values((field.resolvedType as Enum).values)[salt];
    switch (field.type) {
      case 'string':
        return `text ${field.id} ${salt}`;
      case 'bytes':
        return Uint8Array.of(field.id, salt, 255);
      case 'float':
      case 'double':
        return field.id + salt / 2;
      case 'int32':
        return -field.id - salt;
      default:
        return field.type === 'uint64' ? 2n ** 63n + BigInt(salt) : -(2 ** 40) - salt;
    }
  };
  return field.repeated ? [one(0), one(1)] : one(1);
}
