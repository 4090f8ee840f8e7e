import type { Command } from './command.ts';
import { targets } from './commands/targets.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [targets];
