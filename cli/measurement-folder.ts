import { cacheFolder } from '../engine/env/node/cache-folder.ts';
import { nodeHost } from '../engine/env/node/host.ts';
import { hostFolder } from '../engine/measurements/host-folder.ts';
import type { CacheFolder } from '../engine/measurements/keyed-files.ts';

/** Where the command line keeps what it measured. */
export function measurementFolder(): CacheFolder {
  const host = nodeHost();
  return hostFolder(host, host.path.join(cacheFolder(), 'measurements'));
}
