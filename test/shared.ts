import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the project. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Where real models and data lie that are not part of the project (see `docs/results.md`); `QSPEC_SHARED` overrides it. */
export const sharedFolder = process.env['QSPEC_SHARED'] ?? resolve(root, '..', 'shared');

/** Path of a file of the shared material, or undefined where it is absent. */
export function shared(...parts: string[]): string | undefined {
  const path = join(sharedFolder, ...parts);
  return existsSync(path) ? path : undefined;
}

/** For `describe.skipIf(!hasShared)('… (needs shared models)')`: whole suites say plainly that they were skipped. */
export const hasShared = existsSync(join(sharedFolder, 'models'));
