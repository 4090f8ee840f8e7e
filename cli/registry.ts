import type { Command } from './command.ts';
import { check } from './commands/check.ts';
import { formats } from './commands/formats.ts';
import { inspect } from './commands/inspect.ts';
import { methods } from './commands/methods.ts';
import { operators } from './commands/operators.ts';
import { quantize } from './commands/quantize.ts';
import { targets } from './commands/targets.ts';
import { verify } from './commands/verify.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [inspect, check, quantize, verify, targets, formats, methods, operators];
