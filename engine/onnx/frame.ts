import { fail } from '../findings.ts';

/**
 * A look at the outermost fields of a file before anything is decoded: it tells a file that was cut short from one that
 * never was an ONNX model, which the decoder alone cannot.
 */

/** Numbers of ModelProto's fields by wire type: what an ONNX file may begin with. */
const varintFields = new Set([1, 5]);
const lengthFields = new Set([2, 3, 4, 6, 7, 8, 14, 20, 25, 26]);

/** How other files that people take for ONNX models begin. */
const foreign: readonly (readonly [what: string, starts: (bytes: Uint8Array) => boolean])[] = [
  ['a Git LFS pointer; the model itself was not downloaded (git lfs pull)', startsWith(0, 'version https://git-lfs')],
  ['a TensorFlow Lite model', startsWith(4, 'TFL3')],
  ['a zip archive, as PyTorch checkpoints and Keras models are', startsWith(0, 'PK\x03\x04')],
  ['an HDF5 file, as Keras models are', startsWith(0, '\x89HDF')],
  ['a gzip archive', startsWith(0, '\x1f\x8b')],
  ['an ONNX Runtime (ORT) model', startsWith(4, 'ORTM')],
  ['a GGUF model', startsWith(0, 'GGUF')],
  ['a NumPy array', startsWith(0, '\x93NUMPY')],
  ['a Python pickle', startsWith(0, '\x80\x02')],
  ['an HTML page, perhaps of a failed download', (bytes) => /^\s*<(!doctype|html)/i.test(latin1(bytes, 0, 64))],
  ['a JSON text', (bytes) => /^\s*[{[]\s*["\d[{]/.test(latin1(bytes, 0, 64))],
];

/** Throws `model/empty`, `model/not-onnx` or `model/truncated`; returns if the outermost fields are whole. */
export function checkFrame(bytes: Uint8Array): void {
  if (bytes.length === 0)
    fail('model/empty', 'The model file is empty.', { fix: 'Copy, download or export it again.' });
  let position = 0;
  let known = false;
  while (position < bytes.length) {
    const tag = varint(bytes, position) ?? (known ? truncated(bytes) : notOnnx(bytes));
    const field = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    const matches = wireType === 0 ? varintFields.has(field) : wireType === 2 && lengthFields.has(field);
    if (!known && !matches) notOnnx(bytes);
    known = true;
    const end = fieldEnd(bytes, tag.end, wireType);
    // Groups and broken wire types are left to the decoder, which keeps the former and refuses the latter.
    if (end === undefined) return;
    if (end > bytes.length) truncated(bytes, end);
    position = end;
  }
}

function fieldEnd(bytes: Uint8Array, start: number, wireType: number): number | undefined {
  switch (wireType) {
    case 0:
      return varint(bytes, start)?.end ?? bytes.length + 1;
    case 1:
      return start + 8;
    case 2: {
      const length = varint(bytes, start);
      return length ? length.end + length.value : bytes.length + 1;
    }
    case 5:
      return start + 4;
    default:
      return undefined;
  }
}

/** Undefined where the bytes end within it. Beyond 2⁵³ the value is inexact, and larger than any file. */
function varint(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return { value, end: start + 10 };
}

function truncated(bytes: Uint8Array, needed?: number): never {
  const missing = needed === undefined ? '' : ` ${needed - bytes.length} bytes or more are missing.`;
  return fail('model/truncated', `The model file ends too early, after ${bytes.length} bytes.${missing}`, {
    fix: 'Copy, download or export it again.',
  });
}

function notOnnx(bytes: Uint8Array): never {
  const kind = foreign.find(([, starts]) => starts(bytes))?.[0];
  const why = kind === undefined ? 'It does not begin as an ONNX model does.' : `It is ${kind}.`;
  return fail('model/not-onnx', 'The file is not an ONNX model.', { why, fix: 'Give a .onnx file.' });
}

function startsWith(offset: number, text: string): (bytes: Uint8Array) => boolean {
  return (bytes) => latin1(bytes, offset, offset + text.length) === text;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
