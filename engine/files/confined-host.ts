import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import { isInside, realPlaceOf } from './confine.ts';

/** Milliseconds for which a folder without links on the way to it is taken to stay so. */
const plainFor = 500;
/** As many as operating systems follow. */
const mostLinks = 40;

/**
 * The host, except that nothing outside `folders` is read, written or even looked at: such a path is a finding
 * `file/outside`. The way of a path is judged as it is written before the machine hears of it (on Windows, asking whether
 * `\\server\share\x` exists already tells that server who asks). Links are followed here, one name at a time, and judged
 * before they are followed; where a host cannot read links, after. What is then opened is the resolved path, so that no
 * link is followed twice.
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

  /** A folder on the way to which no link was found a moment ago. */
  let plain = { folder: '', until: 0 };

  /** The same place without links on the way or at its end. It need not be there. */
  const walked = async (path: string): Promise<string> => {
    let place = await written(path);
    if (!host.readLink) return place;
    for (let links = 0; links <= mostLinks; links++) {
      const [root, names] = split(place, await real());
      const folder = paths.join(root, ...names.slice(0, -1));
      // Thousands of images lie in one folder. What is found there is judged once more by its real path, so that a folder
      // that is swapped for a link meanwhile gives nothing away.
      const isPlain = folder === plain.folder && performance.now() < plain.until;
      const link = isPlain ? await firstLink(host, folder, names.slice(-1)) : await firstLink(host, root, names);
      if (link.target === undefined) {
        if (!isPlain) plain = { folder, until: performance.now() + plainFor };
        return link.path;
      }
      if (isDevice(link.target) || isNetwork(link.target)) await written(link.target);
      place = await written(paths.resolve(link.path, link.target, ...link.rest)).catch(() => refuse(path));
    }
    return fail('file/link-loop', `The symbolic links go in a circle: ${path}.`, { file: path });
  };

  /** The real root that a place inside lies in, and the names on the way to it. */
  const split = (place: string, roots: readonly Root[]): readonly [root: string, names: readonly string[]] => {
    for (const [i, { path: root }] of roots.entries()) {
      const base = [given[i]!.path, root].find((folder) => isInside(host, folder, place));
      if (base === undefined) continue;
      const names = paths.relative(base, place).split(windows ? /[\\/]/ : '/');
      return [root, names.filter((name) => name !== '')];
    }
    return refuse(place);
  };

  /** The real path of what is there. */
  const existing = async (path: string): Promise<string | undefined> => {
    const found = await host.realPath(await walked(path));
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

  const folderFor = async (path: string) => (await existing(path)) ?? (await placeOf(await walked(path)));

  /** The entry of a root itself lies in a folder that is none of ours. */
  const entryOf = async (path: string): Promise<string> => {
    const place = await written(path);
    if ([...given, ...(await real())].some((root) => paths.relative(root.path, place) === '')) refuse(path);
    return placeOf(paths.join(await walked(paths.dirname(place)), paths.basename(place)));
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
    // What is open is told by its identity from then on, so no link can lead elsewhere later.
    ...(host.rangeReader && { rangeReader: async (path: string) => host.rangeReader!(await readable(path)) }),
    ...(host.scratch && { scratch: async (folder: string) => host.scratch!(await folderFor(folder)) }),
    list: async (folder) => host.list(await readable(folder)),
    realPath: existing,
    ...(host.readLink && { readLink: async (path: string) => host.readLink!(await entryOf(path)) }),
    async createFolder(path) {
      await host.createFolder(await folderFor(path));
    },
    replace: async (path) => host.replace(await entryOf(path)),
    remove: async (path) => host.remove(await entryOf(path)),
    ...(host.sha256 && { sha256: host.sha256.bind(host) }),
    ...(host.memoryLeft && { memoryLeft: () => host.memoryLeft!() }),
    ...(host.startThread && { startThread: (data: unknown) => host.startThread!(data) }),
    asset: (name) => host.asset(name),
  };
}

/** Walks down to the first link: where it stands, what it says, and the names that were to follow. */
async function firstLink(host: Host, root: string, names: readonly string[]) {
  let path = root;
  for (const [i, name] of names.entries()) {
    const next = host.path.join(path, name);
    const target = await host.readLink!(next);
    if (target !== undefined) return { path, target, rest: names.slice(i + 1) };
    path = next;
  }
  return { path, target: undefined, rest: [] };
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
