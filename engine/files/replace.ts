import type { Host, PendingFile } from '../host.ts';

/** One file of an output. */
export interface OutputFile {
  readonly path: string;
  /** The whole file, or its pieces in order; they are made when the files before it are written. */
  readonly content: Uint8Array | Iterable<Uint8Array>;
  /** Name in the folder of `path`, where it follows from what was written. */
  name?(): string;
}

/** Writes a file so that a killed process leaves the old one or the new one. Folders on the way are made. */
export async function replaceFile(host: Host, path: string, content: OutputFile['content']): Promise<void> {
  await replaceFiles(host, [{ path, content }]);
}

/**
 * Writes an output of several files. All are written beside their places before the first one takes its place, and they
 * take their places in the order given: the file that refers to the others comes last, so that whoever opens it finds
 * what it names. When something fails, what was not yet in place is removed.
 */
export async function replaceFiles(host: Host, files: readonly OutputFile[]): Promise<void> {
  const pending: { readonly file: PendingFile; readonly output: OutputFile }[] = [];
  try {
    for (const output of files) {
      const { path, content } = output;
      await host.createFolder(host.path.dirname(path));
      const file = await host.replace(path);
      pending.push({ file, output });
      for (const piece of content instanceof Uint8Array ? [content] : content) await file.write(piece);
    }
    while (pending.length > 0) {
      const { file, output } = pending[0]!;
      if (output.name) file.rename(output.name());
      await file.commit();
      pending.shift();
    }
  } catch (error) {
    await Promise.allSettled(pending.map(({ file }) => file.discard()));
    throw error;
  }
}
