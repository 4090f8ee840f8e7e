import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import { isInside } from './confine.ts';

/** As many as operating systems follow. */
const mostLinks = 40;

/**
 * A host that touches nothing outside `folders`, for work on somebody else's spec or model. A path outside is refused before
 * anything is asked of the file system: on Windows, so much as looking at a path on a server tells that server who
 * asks. Links are followed here, one name at a time, and one that leads outside is refused before it is followed.
 * Threads and assets are the engine's own and pass.
 *
 * @param folders absolute; a folder may be a link itself, or not be there yet. None: everything is refused.
 * @throws FindingError `file/outside` from every method that takes a path
 */
export function confinedHost(host: Host, folders: readonly string[]): Host {
  const places = folders.map((folder) => placeOf(host, host.path.resolve(folder)));
  const file = (path: string) => resolved(host, places, path);
  const entry = (path: string) => resolvedEntry(host, places, path);
  const { readLink, startThread } = host;
  return {
    capabilities: host.capabilities,
    path: host.path,
    stat: async (path) => host.stat(await file(path)),
    readFile: async (path) => host.readFile(await file(path)),
    readRange: async (path, offset, length) => host.readRange(await file(path), offset, length),
    list: async (folder) => host.list(await file(folder)),
    realPath: async (path) => host.realPath(await file(path)),
    ...(readLink && { readLink: async (path: string) => readLink.call(host, await entry(path)) }),
    createFolder: async (path) => host.createFolder(await file(path)),
    // A link at the very place of a new file is replaced, not followed.
    replace: async (path) => host.replace(await entry(path)),
    remove: async (path) => host.remove(await entry(path)),
    ...(startThread && { startThread: (data: unknown) => startThread.call(host, data) }),
    asset: (name) => host.asset(name),
  };
}

interface Place {
  /** As its owner names it. */
  readonly given: string;
  /** With links resolved. Found out when first needed: whoever never asks for a file touches none. */
  real(): Promise<string>;
}

function placeOf(host: Host, given: string): Place {
  let known: Promise<string | undefined> | undefined;
  return {
    given,
    async real() {
      known ??= host.realPath(given).catch(() => undefined);
      const real = await known;
      // A folder that is not there yet may come.
      if (real === undefined) known = undefined;
      return real ?? given;
    },
  };
}

/** The path with every link resolved, all of it inside; what it names need not exist. */
async function resolved(host: Host, places: readonly Place[], path: string): Promise<string> {
  let wanted = path;
  for (let links = 0; links <= mostLinks; links++) {
    const [root, names] = await startOf(host, places, wanted, path);
    const next = await followed(host, root, names);
    if (next.link === undefined) return confirmed(host, places, next.path, path);
    wanted = next.link;
  }
  return fail('file/link-loop', `The symbolic links go in a circle: ${shown(path)}.`, { file: path });
}

/** Like `resolved`, but what stands at the path itself is not followed. */
async function resolvedEntry(host: Host, places: readonly Place[], path: string): Promise<string> {
  // A folder that is a root of what is allowed has no parent inside, and is no file to replace or remove.
  await startOf(host, places, path, path);
  const whole = host.path.resolve(path);
  return host.path.join(await resolved(host, places, host.path.dirname(whole)), host.path.basename(whole));
}

/** The allowed folder that a path starts from, links resolved, and the names below it. Asks nothing of the path itself. */
async function startOf(
  host: Host,
  places: readonly Place[],
  wanted: string,
  path: string,
): Promise<readonly [root: string, names: readonly string[]]> {
  if (isSpecial(host, wanted)) refuse(path);
  const whole = host.path.resolve(wanted);
  for (const { given, real } of places) {
    if (!isInside(host, given, whole)) continue;
    return [await real(), namesBetween(host, given, whole)];
  }
  if (isServer(wanted)) refuse(path);
  for (const { real } of places) {
    const folder = await real();
    if (isInside(host, folder, whole)) return [folder, namesBetween(host, folder, whole)];
  }
  return refuse(path);
}

function namesBetween(host: Host, folder: string, path: string): readonly string[] {
  return host.path
    .relative(folder, path)
    .split(isWindows(host) ? /[\\/]/ : '/')
    .filter((name) => name !== '');
}

/** Walks down until a link; that comes back as the path it means, with what is left to walk. */
async function followed(
  host: Host,
  root: string,
  names: readonly string[],
): Promise<{ readonly path: string; readonly link?: string }> {
  let path = root;
  for (const [i, name] of names.entries()) {
    const next = host.path.join(path, name);
    const target = await host.readLink?.(next);
    if (target !== undefined) {
      return { path, link: isSpecial(host, target) ? target : host.path.resolve(path, target, ...names.slice(i + 1)) };
    }
    path = next;
  }
  return { path };
}

/** A host that cannot read links may still know where a path really lies. */
async function confirmed(host: Host, places: readonly Place[], walked: string, path: string): Promise<string> {
  if (host.readLink) return walked;
  const real = await host.realPath(walked);
  if (real === undefined) return walked;
  for (const place of places) if (isInside(host, await place.real(), real)) return real;
  return refuse(path);
}

/** Paths that no folder contains: a NUL, and on Windows devices and the names that are devices in every folder. */
function isSpecial(host: Host, path: string): boolean {
  if (path.includes('\0')) return true;
  if (/^[\\/]{2}[.?][\\/]/.test(path) || path.startsWith('\\??\\')) return true;
  if (!isWindows(host)) return false;
  const [, ...parts] = path.split(/[\\/]/);
  // A second colon names a stream inside a file.
  return parts.some(
    (part) => part.includes(':') || /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\..*)?$/i.test(part),
  );
}

/** A path on a server, which is inside only where its owner allowed a folder there. */
function isServer(path: string): boolean {
  return /^[\\/]{2}[^\\/]/.test(path);
}

function isWindows(host: Host): boolean {
  return host.path.isAbsolute('C:\\');
}

function refuse(path: string): never {
  return fail('file/outside', `The path is outside the folders that may be used: ${shown(path)}.`, {
    file: path,
    why: 'A spec or model from elsewhere could name any file of this machine.',
    fix: 'Move the file into the workspace, or allow its folder in the settings.',
  });
}

function shown(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is control characters that must not be shown.
  return path.slice(0, 300).replace(/[\u0000-\u001f\u007f]/g, '\ufffd');
}
