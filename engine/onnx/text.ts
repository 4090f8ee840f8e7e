/**
 * Text of a file, byte for byte. ONNX strings are UTF-8, but writers put other encodings into them, and a file that is
 * read and written back must not change. Text that is not UTF-8 keeps its ASCII, and every other byte becomes the lone
 * surrogate U+DC00 + byte, which no valid text contains; writing turns it back into the byte.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Under the `u` flag a surrogate matches only when it stands alone. */
const escaped = /[\u{dc80}-\u{dcff}]/u;
const anyEscaped = /[\u{dc80}-\u{dcff}]/gu;

export function textOfBytes(bytes: Uint8Array): string {
  if (bytes.length < 64) {
    const ascii = shortAscii(bytes);
    if (ascii !== undefined) return ascii;
  }
  try {
    return utf8.decode(bytes);
  } catch {
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
    return text;
  }
}

/** Inverse of `textOfBytes`. */
export function bytesOfText(text: string): Uint8Array {
  if (!hasEscapedBytes(text)) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const match of text.matchAll(anyEscaped)) {
    parts.push(encoder.encode(text.slice(end, match.index)), Uint8Array.of(match[0].charCodeAt(0) & 0xff));
    end = match.index + 1;
  }
  parts.push(encoder.encode(text.slice(end)));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function hasEscapedBytes(text: string): boolean {
  return escaped.test(text);
}

/** Names are short and ASCII: a loop beats the decoder's call. */
function shortAscii(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
