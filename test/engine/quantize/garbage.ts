import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Frees what nothing refers to; a reference that was looked at lasts to the end of its turn. */
export async function collectGarbage(): Promise<void> {
  await setImmediate();
  gc();
}
