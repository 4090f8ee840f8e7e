import { suggestion } from '../../engine/nearest.ts';
import type { Call } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { numberOf } from '../quantities/quantity.ts';
import { type CallableWord, find } from '../vocabulary.ts';
import { callsOf } from './calls.ts';
import type { Check, Remark } from './check.ts';

/** Arguments of observers, methods and their like: known, in range, each once. */
export const argumentMustFit: Check = {
  code: 'call/argument',
  severity: 'error',
  section: 'formats',
  what: 'No such argument of an observer, method, criterion, optimiser or schedule, one out of its range, or given twice.',
  why: 'It would change nothing.',
  fix: 'Correct it, or leave it out: every argument has a default.',
  example: 'data calibration npz "c.npz"\nquantize { activations uint8 observe percentile(101) }',
  *remarks({ ast, vocabulary }) {
    for (const { call, words } of callsOf(ast, vocabulary)) yield* judge(call, words);
  },
};

function* judge(call: Call, words: readonly CallableWord[]): Iterable<Remark> {
  const callee = find(words, call.name?.text);
  if (!callee) return;
  const given = new Set<string>();
  for (const [i, argument] of call.arguments.entries()) {
    const declared = argument.name ? find(callee.arguments, argument.name.text) : callee.arguments[i];
    if (!declared) {
      const names = callee.arguments.map(({ name }) => name);
      yield {
        what: argument.name
          ? `\`${callee.name}\` has no argument \`${argument.name.text}\`.`
          : `\`${callee.name}\` takes ${names.length === 0 ? 'no arguments' : `at most ${names.length}`}.`,
        ...(argument.name ? suggestion(argument.name.text, names) : { fix: 'Remove it.' }),
        range: rangeOf(argument.name ?? argument),
      };
      continue;
    }
    if (given.has(declared.name)) {
      yield { what: `\`${declared.name}\` is given twice.`, fix: 'Keep the one you mean.', range: rangeOf(argument) };
    }
    given.add(declared.name);
    const value = numberOf(argument.value);
    if (argument.value?.unit) {
      yield { what: `\`${declared.name}\` takes a number without a unit.`, range: rangeOf(argument.value.unit) };
    } else if (argument.value && !Number.isNaN(value) && !(value >= declared.min && value <= declared.max)) {
      yield {
        what: `\`${declared.name}\` of \`${callee.name}\` lies between ${declared.min} and ${declared.max}.`,
        why: declared.description,
        fix: `Without it, it is ${declared.initial}.`,
        range: rangeOf(argument.value),
      };
    }
  }
}
