/**
 * JSON for people and programs: indented, but lists of numbers stay on one line, since a histogram of 64 lines reads
 * badly. A line break never stands inside a JSON string, so only the indentation is touched.
 */
export function jsonText(document: unknown): string {
  const number = '-?\\d[\\d.eE+-]*';
  const list = new RegExp(`\\[\\n\\s+(${number}(?:,\\n\\s+${number})*)\\n\\s+\\]`, 'g');
  return JSON.stringify(document, undefined, 2).replace(list, (_, inner: string) => `[${inner.replace(/\s+/g, ' ')}]`);
}
