// Time of what the language server does at a keystroke, on a spec of 1,000 lines over a model of 10,000 layers:
//   node bench/language/run.ts [--lines N] [--layers N] [--rounds N]
// Processor time of the work itself, without the pause in typing that the server waits for and without the editor.
import { posix } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from '../../language/checks/run.ts';
import { type CheckedSpec, examine } from '../../language/context.ts';
import { actionsAt } from '../../language/editor/actions/registry.ts';
import { completionsAt } from '../../language/editor/completion.ts';
import { formatTyped } from '../../language/editor/format-on-type.ts';
import { highlightsOf } from '../../language/editor/highlight.ts';
import { hintsOf } from '../../language/editor/hints.ts';
import { hoverAt } from '../../language/editor/hover.ts';
import { outlineOf } from '../../language/editor/outline.ts';
import { suggestionPage } from '../../language/editor/suggestion-page.ts';
import { loadSpec } from '../../language/grammar/load.ts';
import { engineVocabulary } from '../../language/vocabulary-engine.ts';
import { syntheticModel, syntheticSpec } from './inputs.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000' },
    layers: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '40' },
  },
});
const [lines, layers, rounds] = [Number(values.lines), Number(values.layers), Number(values.rounds)];
const model = syntheticModel(layers);
const context = { vocabulary: engineVocabulary(), path: posix, model };

const times = new Map<string, number[]>();

function timed<T>(name: string, work: () => T): T {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  times.set(name, [...(times.get(name) ?? []), (user + system) / 1000]);
  return result;
}

function percentile(list: readonly number[], share: number): string {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);
}

const read = (text: string, before?: CheckedSpec): CheckedSpec => {
  const spec = loadSpec(text, '/project/model.qspec', before?.spec);
  const checked = examine(spec, context);
  runChecks(checked);
  return checked;
};

let text = syntheticSpec(lines, layers);
let checked = timed('cold open: text to findings', () => read(text));
for (let round = 0; round < rounds; round++) {
  // A rule is typed into the middle of the others, with the faults that it has until its last brace.
  const at = 10 + ((round * 37) % (lines - 20));
  const before = text.split('\n');
  const rule = `  layers op Conv where macs > ${round + 5}k optional { weights int4 }`;
  for (const length of [0, 3, 8, 12, 16, 20, 30, rule.length - 7, rule.length - 1, rule.length]) {
    const now = [...before.slice(0, at), rule.slice(0, length), ...before.slice(at)].join('\n');
    checked = timed('keystroke to findings', () => read(now, checked));
  }
  const changed = [...before.slice(0, at), rule, ...before.slice(at + 1)];
  text = changed.join('\n');
  checked = timed('keystroke to findings', () => read(text, checked));
  timed('hints of what is in sight', () => hintsOf(checked, at - 30, at + 30));
  const hover = (what: string, word: string) =>
    timed(`hover on ${what}`, () => hoverAt(checked, { line: at, column: changed[at]!.indexOf(word) + 1 }));
  hover('a rule', 'layers');
  hover('a format', 'int4');
  hover('a property', 'macs');
  const start = changed.slice(0, at).join('\n').length + 1;
  const complete = (what: string, word: string) =>
    timed(`completion of ${what}`, () => completionsAt(checked, start + changed[at]!.indexOf(word) + word.length));
  complete('operators', 'op ');
  complete('selectors', 'layers ');
  complete('properties', 'where ');
  complete('values', '> ');
  complete('statements', ' }');
  timed('code actions', () => actionsAt(checked, start + changed[at]!.indexOf('weights')));
  timed('a page of a suggestion', () => suggestionPage({ kind: 'layer', label: model.layers[at]!.name }, checked));
  timed('layout of a line as it is typed', () => formatTyped(text, start + changed[at]!.length + 1, '\n'));
  timed('semantic tokens', () => highlightsOf(checked));
  timed('outline', () => outlineOf(checked.spec));
}

process.stdout.write(`${lines} lines, ${layers} layers; milliseconds of processor time\n\n`);
process.stdout.write(`${'what'.padEnd(32)}${'median'.padStart(10)}${'p95'.padStart(10)}\n`);
for (const [name, list] of times) {
  process.stdout.write(
    `${name.padEnd(32)}${percentile(list, 0.5).padStart(10)}${percentile(list, 0.95).padStart(10)}\n`,
  );
}
