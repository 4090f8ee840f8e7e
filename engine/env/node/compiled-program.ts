import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** Files of compiled code that are kept, some megabytes each: for other uses, and other versions of the program and of Node. */
const mostKept = 8;
const suffix = '.compiled';
const digestBytes = 32;

/** What a program's file holds (`scripts/program.mjs`): its `done` is settled once all its work is. */
type Program = (
  require: NodeJS.Require,
  exports: { done?: Promise<unknown> },
  programUrl: string,
  importModule: (url: string) => Promise<unknown>,
) => void;

/**
 * Runs a program, one file, with what V8 compiled of it when it ran before: to parse and compile a megabyte and a half is a
 * third of a short command. Where `folder` has nothing that fits, the program is compiled as ever, and once its work is done what V8 made
 * of it is kept there, for the same `use` of the program: what one use has not called is not compiled. Nothing depends on the folder: what is spoilt, or of another version of the program or of V8, is as if it were absent.
 */
export async function runCompiledProgram(path: string, folder: string, use: string): Promise<void> {
  const bytes = readFileSync(path);
  // Bytes, not text: to encode a text anew takes five times as long as to hash it.
  const key = createHash('sha256').update(`${process.versions.v8} ${process.arch} ${use} `).update(bytes).digest();
  const kept = join(folder, `${basename(path)}-${key.toString('hex', 0, 16)}${suffix}`);
  const cachedData = readKept(kept, key);
  const script = new Script(bytes.toString('utf8'), { filename: path, ...(cachedData && { cachedData }) });
  const exports: { done?: Promise<unknown> } = {};
  const { href } = pathToFileURL(path);
  (script.runInThisContext() as Program)(createRequire(href), exports, href, (url) => import(url));
  await exports.done;
  if (cachedData === undefined || script.cachedDataRejected) keep(kept, key, script.createCachedData());
}

/** V8 would run what is spoilt. */
function digestOf(key: Buffer, data: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(data).digest();
}

function readKept(path: string, key: Buffer): Buffer | undefined {
  try {
    const file = readFileSync(path);
    const data = file.subarray(digestBytes);
    return digestOf(key, data).equals(file.subarray(0, digestBytes)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** What cannot be written costs the next run its time, and this one nothing. */
function keep(path: string, key: Buffer, data: Buffer): void {
  const folder = dirname(path);
  const part = `${path}.${randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(part, Buffer.concat([digestOf(key, data), data]), { mode: 0o600 });
      renameSync(part, path);
    } finally {
      rmSync(part, { force: true });
    }
    const files = readdirSync(folder).filter((name) => name.endsWith(suffix));
    const ages = files.map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }));
    for (const { name } of ages.toSorted((a, b) => b.time - a.time).slice(mostKept)) rmSync(join(folder, name));
  } catch {
    // A full disk, a folder that may not be written, another process at the same.
  }
}
