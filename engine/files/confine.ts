import type { Host } from '../host.ts';

/** Whether `path` is `folder` or lies in it; both are taken as they are written (resolve links first). */
export function isInside(host: Host, folder: string, path: string): boolean {
  const way = host.path.relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith('../') || way.startsWith('..\\') || host.path.isAbsolute(way));
}

/**
 * The real path of a file that is to exist inside one of the real `folders`; undefined if it does not exist.
 * 'outside' if it leaves them after links are resolved.
 */
export async function realPathInside(
  host: Host,
  folders: readonly string[],
  path: string,
): Promise<string | 'outside' | undefined> {
  const real = await host.realPath(path);
  if (real === undefined) return undefined;
  return folders.some((folder) => isInside(host, folder, real)) ? real : 'outside';
}

/**
 * Where something that need not exist lies: the nearest folder on the way to it that exists, links resolved, and from there
 * as written. (A link at `path` itself is not followed.) Undefined if there is no such folder.
 */
export async function realPlaceOf(host: Host, path: string): Promise<string | undefined> {
  const parts: string[] = [];
  for (let ancestor = host.path.resolve(path); ; ancestor = host.path.dirname(ancestor)) {
    parts.unshift(host.path.basename(ancestor));
    const parent = host.path.dirname(ancestor);
    const real = await host.realPath(parent);
    if (real !== undefined) return host.path.join(real, ...parts);
    if (parent === ancestor) return undefined;
  }
}

/**
 * Whether a file may be written at `path` without leaving `folder`: the nearest folder on the way that exists, links
 * resolved, lies inside. (A link at `path` itself is replaced, not followed.)
 */
export async function staysInside(host: Host, folder: string, path: string): Promise<boolean> {
  const root = (await host.realPath(folder)) ?? host.path.resolve(folder);
  const place = await realPlaceOf(host, path);
  return place !== undefined && isInside(host, root, place);
}
