import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import { isInside, realPlaceOf } from './confine.ts';

/**
 * The host, except that nothing outside `folders` is read, written or even looked at: such a path is a finding
 * `file/outside`. The way of a path is judged as it is written before the machine hears of it (on Windows, asking whether
 * `\\server\share\x` exists already tells that server who asks), and again once links are resolved. What is then opened is
 * the resolved path, so that no link is followed twice.
 */
export function confinedHost(host: Host, folders: readonly string[]): Host {
  const { path: paths } = host;
  const windows = paths.join('a', 'b').includes('\\');
  const given: readonly Root[] = folders
    // An empty one would be the folder that the process happens to be in.
    .filter((folder) => folder !== '')
    .map((folder) => ({ path: paths.resolve(folder), network: isNetwork(folder) }));
  // Looked up when first needed: a host that is made and not used touches nothing.
  let looked: Promise<readonly Root[]> | undefined;
  const real = () => (looked ??= Promise.all(given.map((folder) => realFolder(host, folder))));

  const holds = (roots: readonly Root[], path: string, network: boolean) =>
    roots.some((root) => (!network || root.network) && isInside(host, root.path, path));

  /** The absolute path, if its way as written stays inside. */
  const written = async (path: string): Promise<string> => {
    if (path.includes('\0') || isDevice(path) || (windows && namesDevice(path))) refuse(path);
    const place = paths.resolve(path);
    const network = isNetwork(path) || isNetwork(place);
    if (holds(given, place, network) || holds(await real(), place, network)) return place;
    return refuse(path);
  };

  /** The real path of what is there. */
  const existing = async (path: string): Promise<string | undefined> => {
    const found = await host.realPath(await written(path));
    if (found === undefined || holds(await real(), found, isNetwork(found))) return found;
    return refuse(path);
  };

  const readable = async (path: string): Promise<string> =>
    (await existing(path)) ??
    fail('file/missing', `There is no such file or folder: ${path}.`, {
      file: path,
      fix: 'Check the path; it is relative to the file that names it.',
    });

  /** Where something that need not be there lies: its folders with links resolved, its own name as it is. */
  const placeOf = async (place: string): Promise<string> => {
    const found = await realPlaceOf(host, place);
    return found !== undefined && holds(await real(), found, isNetwork(found)) ? found : refuse(place);
  };

  /** The entry of a root itself lies in a folder that is none of ours. */
  const entryOf = async (path: string): Promise<string> => {
    const place = await written(path);
    if ([...given, ...(await real())].some((root) => paths.relative(root.path, place) === '')) refuse(path);
    return placeOf(place);
  };

  return {
    capabilities: host.capabilities,
    path: paths,
    async stat(path) {
      const found = await existing(path);
      return found === undefined ? undefined : host.stat(found);
    },
    readFile: async (path) => host.readFile(await readable(path)),
    readRange: async (path, offset, length) => host.readRange(await readable(path), offset, length),
    list: async (folder) => host.list(await readable(folder)),
    realPath: existing,
    async createFolder(path) {
      await host.createFolder((await existing(path)) ?? (await placeOf(await written(path))));
    },
    replace: async (path) => host.replace(await entryOf(path)),
    remove: async (path) => host.remove(await entryOf(path)),
    ...(host.startThread && { startThread: (data: unknown) => host.startThread!(data) }),
    asset: (name) => host.asset(name),
  };
}

interface Root {
  readonly path: string;
  /** A share of a server. Only a folder that was itself given as one lets paths on servers pass. */
  readonly network: boolean;
}

async function realFolder(host: Host, { path, network }: Root): Promise<Root> {
  try {
    // An output folder may not be there yet.
    const real = (await host.realPath(path)) ?? (await realPlaceOf(host, path)) ?? path;
    return { path: real, network: network || isNetwork(real) };
  } catch {
    return { path, network };
  }
}

/** `\\server\share`, `//server/share`: on every machine, so that a spec means the same on each. */
function isNetwork(path: string): boolean {
  return /^[\\/]{2}/.test(path);
}

/** `\\.\pipe\x`, `\\?\C:\x`, `\??\x`: ways past everything that a path's form says. */
function isDevice(path: string): boolean {
  return /^[\\/]{2}[.?]([\\/]|$)|^[\\/]\?\?[\\/]/.test(path);
}

/** On Windows `NUL` or `com1.txt` is a device in every folder. */
function namesDevice(path: string): boolean {
  return path
    .split(/[\\/]/)
    .some((part) => /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *([.:].*)?$/i.test(part));
}

function refuse(path: string): never {
  fail('file/outside', `This path leads outside the folders that may be used: ${path.replaceAll('\0', '\\0')}.`, {
    file: path,
    why: 'A spec or a model from elsewhere could name any file of this machine.',
    fix: 'Move the file into the workspace, or add its folder to the workspace.',
  });
}
