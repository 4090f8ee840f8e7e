import type { Command } from './command.ts';
import { bench } from './commands/bench.ts';
import { check } from './commands/check.ts';
import { evalCommand } from './commands/eval.ts';
import { explainCommand } from './commands/explain.ts';
import { formats } from './commands/formats.ts';
import { init } from './commands/init.ts';
import { inspect } from './commands/inspect.ts';
import { methods } from './commands/methods.ts';
import { operators } from './commands/operators.ts';
import { profile } from './commands/profile.ts';
import { quantize } from './commands/quantize.ts';
import { run } from './commands/run.ts';
import { sensitivity } from './commands/sensitivity.ts';
import { targets } from './commands/targets.ts';
import { verify } from './commands/verify.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [
  init,
  inspect,
  check,
  explainCommand,
  run,
  quantize,
  evalCommand,
  verify,
  profile,
  sensitivity,
  bench,
  targets,
  formats,
  methods,
  operators,
];
