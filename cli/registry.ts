import type { Command } from './command.ts';
import { formats } from './commands/formats.ts';
import { methods } from './commands/methods.ts';
import { operators } from './commands/operators.ts';
import { targets } from './commands/targets.ts';
import { verify } from './commands/verify.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [verify, targets, formats, methods, operators];
