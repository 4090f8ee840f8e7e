// Makes `engine/onnx/generated/`: the static ONNX codec (protobufjs-cli) and its exact types, from `engine/onnx/onnx.proto`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');
const schema = join(root, 'engine', 'onnx', 'onnx.proto');
const folder = join(root, 'engine', 'onnx', 'generated');
const require = createRequire(import.meta.url);

/** Writes the generated files unless those that are there were made from the same inputs. */
export async function generate() {
  const stamp = `// Made by scripts/generate-codec.mjs from onnx.proto; inputs ${inputHash()}. Do not edit.\n`;
  const outputs = ['onnx.js', 'onnx.d.ts'].map((name) => join(folder, name));
  if (outputs.every((path) => existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp))) return;

  const protobuf = require('protobufjs');
  const options = { keepCase: true, alternateCommentMode: true };
  const messages = protobuf.parse(readFileSync(schema, 'utf8'), options).root.resolveAll().lookup('onnx');
  const code = stamp + withoutDefaults(await staticCode(), messages);
  const types = stamp + declarations(messages);
  mkdirSync(folder, { recursive: true });
  [code, types].forEach((text, index) => {
    const part = `${outputs[index]}.${process.pid}.part`;
    writeFileSync(part, text);
    renameSync(part, outputs[index]);
  });
  console.log('codec: engine/onnx/generated');
}

function inputHash() {
  const hash = createHash('sha256');
  hash.update(readFileSync(schema)).update(readFileSync(import.meta.filename));
  for (const name of ['protobufjs', 'protobufjs-cli']) hash.update(require(`${name}/package.json`).version);
  return hash.digest('hex').slice(0, 16);
}

async function staticCode() {
  const { main } = require('protobufjs-cli/pbjs.js');
  const unused = ['create', 'verify', 'convert', 'delimited', 'typeurl', 'comments', 'service'].map(
    (part) => `--no-${part}`,
  );
  return promisify(main)(['-t', 'static-module', '-w', 'esm', '--es6', '--keep-case', '-r', 'onnx', ...unused, schema]);
}

/**
 * pbjs gives every absent field its default through the prototype, so that absent and zero read the same. Without those
 * lines an absent field is `undefined`, as the types say.
 */
function withoutDefaults(code, messages) {
  const defaults = /^ *[\w.]+\.prototype\.\w+ = (?!function).*;\n/gm;
  const found = code.match(defaults)?.length ?? 0;
  const fields = allTypes(messages).reduce((count, type) => count + type.fieldsArray.length, 0);
  if (found !== fields)
    throw new Error(`pbjs wrote ${found} defaults for ${fields} fields: generate-codec.mjs must be adapted`);
  return code.replace(defaults, '');
}

function allTypes(namespace) {
  const { Type } = require('protobufjs');
  return namespace.nestedArray.flatMap((item) => (item instanceof Type ? [item, ...allTypes(item)] : []));
}

/** Type declarations without pbjs' looseness: an optional field may be absent but is never null, a list is always there. */
function declarations(messages) {
  const lines = [
    '/** Exact: a number where that is safe, a bigint beyond. */',
    'export type Int64 = number | bigint;',
    '/** What may be given to the constructor of a message; the rest becomes absent fields and empty lists. */',
    'export type Fields<T> = { readonly [K in keyof T]?: T[K] | undefined };',
    '/** A class of messages as protobufjs makes it; only codec.ts calls these two, with the reader and writer of wire.ts. */',
    'export interface MessageType<T> {',
    '  decode(reader: unknown): T;',
    '  encode(message: T, writer: unknown): unknown;',
    '}',
  ];
  const namespace = (container, indent) => {
    for (const item of container.nestedArray) {
      if (item.valuesById) declareEnum(item, lines, indent);
      else declareMessage(item, lines, indent, namespace);
    }
  };
  lines.push('export namespace onnx {');
  namespace(messages, '  ');
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function declareEnum(type, lines, indent) {
  const values = Object.entries(type.values);
  lines.push(`${indent}export const ${type.name}: {`);
  for (const [name, value] of values) lines.push(`${indent}  readonly ${name}: ${value};`);
  lines.push(`${indent}};`);
  lines.push(`${indent}export type ${type.name} = ${values.map(([, value]) => value).join(' | ')};`);
}

function declareMessage(type, lines, indent, namespace) {
  const inner = `${indent}  `;
  lines.push(...docComment(type.comment, indent), `${indent}export class ${type.name} {`);
  lines.push(`${inner}constructor(fields?: Fields<${type.name}>);`);
  lines.push(`${inner}static decode(reader: unknown): ${type.name};`);
  lines.push(`${inner}static encode(message: ${type.name}, writer: unknown): unknown;`);
  for (const { name, comment, repeated, type: scalar, resolvedType } of type.fieldsArray) {
    const element = resolvedType ? resolvedType.fullName.slice(1) : scalars[scalar];
    if (!element) throw new Error(`${type.name}.${name}: no TypeScript type for ${scalar}`);
    lines.push(...docComment(comment, inner), `${inner}${name}${repeated ? `: ${element}[]` : `?: ${element}`};`);
  }
  lines.push(`${indent}}`);
  if (type.nestedArray.length > 0) {
    lines.push(`${indent}export namespace ${type.name} {`);
    namespace(type, inner);
    lines.push(`${indent}}`);
  }
}

const scalars = {
  string: 'string',
  bytes: 'Uint8Array',
  float: 'number',
  double: 'number',
  int32: 'number',
  int64: 'Int64',
  uint64: 'Int64',
};

const docComment = (text, indent) => (text ? [`${indent}/** ${text.replaceAll('\n', `\n${indent} * `)} */`] : []);

if (import.meta.main) await generate();
