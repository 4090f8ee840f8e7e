// Generated parts of documents: what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
import { readFileSync, writeFileSync } from 'node:fs';

/** The document with the part replaced. Throws where the document has no such part. */
export function withPart(document, name, text) {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no part called ${name}`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}

export function writeBetweenMarkers(path, name, text) {
  writeFileSync(path, withPart(readFileSync(path, 'utf8'), name, text));
}
