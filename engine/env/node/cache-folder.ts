import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where this machine keeps what can be made again: `QSPEC_CACHE`, else where its system says. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const { QSPEC_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (QSPEC_CACHE) return resolve(QSPEC_CACHE);
  if (platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'qspec', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'qspec');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'qspec');
}
