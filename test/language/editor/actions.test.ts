import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckedSpec, examine } from '../../../language/context.ts';
import { actionKinds, actionsAt } from '../../../language/editor/actions/registry.ts';
import { fixesOfAll } from '../../../language/editor/fixes.ts';
import { applyEdits } from '../../../language/editor/format.ts';
import { plannedOf } from '../../../language/editor/planned.ts';
import { checkSpec, loadSpec } from '../../../language/index.ts';
import { engineVocabulary } from '../../../language/vocabulary-engine.ts';
import { small } from '../support/model.ts';
import { specPath } from '../support/resources.ts';

const context = { vocabulary: engineVocabulary(), path: posix, model: small };
const read = (text: string): CheckedSpec => examine(loadSpec(text, specPath), context);

/** The text after the action of that title is taken at `¦`; undefined if it is not offered. */
function taken(source: string, wanted: RegExp | string): string | undefined {
  const offset = source.indexOf('¦');
  const text = source.replace('¦', '');
  const found = actionsAt(read(text), offset).find(({ title }) =>
    typeof wanted === 'string' ? title === wanted : wanted.test(title),
  );
  return found && applyEdits(text, found.edits);
}

/** What every layer gets, whatever words decided it. */
function planIn(text: string): unknown {
  const spec = read(text);
  const fields = [spec.prune, spec.train].map((block) => block?.fields);
  const places = new Set(['origin', 'range']);
  return JSON.parse(
    JSON.stringify([plannedOf(spec)?.plan, fields], (key, value) => (places.has(key) ? undefined : value)),
  );
}

describe('every action', () => {
  it.each(actionKinds.map((kind) => [`${kind.family}.${kind.name}`, kind] as const))(
    '%s does what its example shows',
    (_, kind) => {
      const { before, after } = kind.example;
      const text = before.replace('¦', '');
      const found = actionsAt(read(text), before.indexOf('¦')).find((action) => action.kind === kind);
      expect(found && applyEdits(text, found.edits)).toBe(after);
    },
  );

  it('has a name of its own', () => {
    const names = actionKinds.map(({ family, name }) => `${family}.${name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('an action', () => {
  const block = (rules: string) => `quantize {\n  weights int8\n${rules}\n}`;
  const prune = (rules: string) => `prune {\n  sparsity 50 %\n${rules}\n}`;
  const train = (rules: string) => `train {\n  rate 0.01\n${rules}\n}`;

  it.each<[what: string, title: string | RegExp, before: string, after: string | undefined]>([
    [
      'unlocks what is locked',
      'Unlock weights',
      block('  layers first { lock wei¦ghts int4 }'),
      block('  layers first { weights int4 }'),
    ],
    ['does not unlock what says nothing else', /nlock/, block('  layers first { lock wei¦ghts }'), undefined],
    [
      'names a format behind those that are there',
      'Name this format w4',
      `format a8 = uint8 affine\n${block('  layers first { weights int¦4 per-tensor }')}`,
      `format a8 = uint8 affine\nformat w4 = int4 per-tensor\n${block('  layers first { weights w4 }')}`,
    ],
    [
      'takes a name that is free',
      'Name this format w4-2',
      `format w4 = int4\n${block('  layers first { weights int¦4 per-tensor }')}`,
      `format w4 = int4\nformat w4-2 = int4 per-tensor\n${block('  layers first { weights w4-2 }')}`,
    ],
    ['does not name what is one word', /Name this/, block('  layers first { weights in¦t4 }'), undefined],
    ['loses no comment', /Name this/, block('  layers first { weights in¦t4 /* narrow */ per-tensor }'), undefined],
    [
      'inlines a format from its definition, with what stands above it',
      'Inline w4',
      `/// Narrow.\nformat w¦4 = int4 per-tensor observe mse\n${block('  layers first { weights w4 observe min-max }')}`,
      block('  layers first { weights int4 per-tensor observe min-max }'),
    ],
    [
      'inlines one word into a search',
      'Inline w',
      'format w¦ = int4\nsearch { weights one of w, int8 }',
      'search { weights one of int4, int8 }',
    ],
    ['does not inline several', /Inline/, 'format w¦ = int4 per-tensor\nsearch { weights one of w, int8 }', undefined],
    [
      'splits a list of names',
      'Split into 2 rules',
      block('  layer "a¦", "b" optional keep float'),
      block('  layer "a" optional keep float\n  layer "b" optional keep float'),
    ],
    [
      'splits with what `where` says of all',
      'Split into 2 rules',
      block('  layers first or la¦st where macs > 1 { weights int4 }'),
      block('  layers first where macs > 1 { weights int4 }\n  layers last where macs > 1 { weights int4 }'),
    ],
    [
      'does not split a rule that counts its layers',
      /Split/,
      block('  layers first or la¦st matches 2 { weights int4 }'),
      undefined,
    ],
    [
      'merges lists of names',
      'Merge with the next rule',
      block('  layer "a¦" keep float\n  layer "b" keep float'),
      block('  layer "a", "b" keep float'),
    ],
    [
      'does not merge what is said of some only',
      /Merge/,
      block('  layers fir¦st where macs > 1 keep float\n  layers last keep float'),
      undefined,
    ],
    ['nor over a comment', /Merge/, block('  layers fir¦st keep float\n  // why\n  layers last keep float'), undefined],
    [
      'corrects a count',
      'Change to `matches 3`',
      block('  layers op Con¦v matches 2 { weights int4 }'),
      block('  layers op Conv matches 3 { weights int4 }'),
    ],
    ['pins nothing that matches nothing', /matches/, block('  layers op MatM¦ul optional { weights int4 }'), undefined],
    [
      'gives every name a line where there are many',
      /^Name the/,
      block('  layers al¦l keep float'),
      block(`  layer\n      ${small.layers.map(({ name }) => `"${name}"`).join(',\n      ')} keep float`),
    ],
    [
      'moves a rule with what is said above it, below the last that overrides it',
      'Move below the rule that overrides it',
      block(
        '  // The stem.\n  layers fir¦st { weights int16 }\n  layers op Conv { weights int4 }\n  layers all { weights int2 }',
      ),
      block(
        '  layers op Conv { weights int4 }\n  layers all { weights int2 }\n  // The stem.\n  layers first { weights int16 }',
      ),
    ],
    [
      'moves one on a line with others',
      'Move below the rule that overrides it',
      'quantize { weights int8 layers fir¦st { weights int16 } layers op Conv { weights int4 } }',
      'quantize { weights int8 layers op Conv { weights int4 } layers first { weights int16 } }',
    ],
    [
      'does not move what wins',
      /Move/,
      block('  layers op Conv { weights int4 }\n  layers fir¦st { weights int16 }'),
      undefined,
    ],
    [
      'writes what is exact',
      'Write as 1.5 MiB',
      'target cortex-m7 { flash <= 15728¦64 B }',
      'target cortex-m7 { flash <= 1.5 MiB }',
    ],
    ['and nothing that is not', /Write as/, 'target cortex-m7 { flash <= 10¦25 B }', undefined],
    [
      'locks what a rule prunes',
      'Lock amount',
      prune('  layers first { spar¦sity 20 % }'),
      prune('  layers first { lock sparsity 20 % }'),
    ],
    [
      'unlocks what a rule trains with',
      'Unlock rate',
      train('  layers first { lock ra¦te 0.1 }'),
      train('  layers first { rate 0.1 }'),
    ],
    ['locks nothing of a recipe', /Lock/, 'train { epo¦chs 3 }', undefined],
    [
      'splits a rule of pruning',
      'Split into 2 rules',
      prune('  layers first or la¦st keep dense'),
      prune('  layers first keep dense\n  layers last keep dense'),
    ],
    [
      'splits names of training',
      'Split into 2 rules',
      train('  layer "/stem/Conv", "/fc/¦Gemm" { rate 0.1 }'),
      train('  layer "/stem/Conv" { rate 0.1 }\n  layer "/fc/Gemm" { rate 0.1 }'),
    ],
    [
      'merges rules of pruning',
      'Merge with the next rule',
      prune('  layers fir¦st { pattern 2:4 }\n  layers last { pattern 2:4 }'),
      prune('  layers first or last { pattern 2:4 }'),
    ],
    [
      'pins what is pruned',
      'Add `matches 3`',
      prune('  layers op Co¦nv { sparsity 20 % }'),
      prune('  layers op Conv matches 3 { sparsity 20 % }'),
    ],
    [
      'names what is frozen',
      'Name the 2 layers',
      train('  layers "/stem/*¦" keep frozen'),
      train('  layer "/stem/Conv", "/stem/Relu" keep frozen'),
    ],
    [
      'selects what is frozen',
      /^Write as `layers/,
      train('  layer "/stem/Conv", "/stem/Re¦lu" keep frozen'),
      train('  layers "/stem/*" keep frozen'),
    ],
    [
      'moves a rule of pruning below the one that overrides it',
      'Move below the rule that overrides it',
      prune('  layers fir¦st keep dense\n  layers op Conv { sparsity 70 % }'),
      prune('  layers op Conv { sparsity 70 % }\n  layers first keep dense'),
    ],
    [
      'does not move one that a later rule resets to the same',
      /Move/,
      prune('  layers fir¦st { sparsity 50 % }\n  layers op Conv { reset all }'),
      undefined,
    ],
    [
      'moves a rule of training',
      'Move below the rule that overrides it',
      train('  layers fir¦st keep frozen\n  layers op Conv { rate 0.1 }'),
      train('  layers op Conv { rate 0.1 }\n  layers first keep frozen'),
    ],
    ['has nothing to say of a text with a fault', /./, 'quantize { weights in¦t8 per-tensor', undefined],
  ])('%s', (_, title, before, after) => {
    expect(taken(before, title)).toBe(after);
  });
});

describe('actions anywhere', () => {
  const selectors = [
    'first',
    'first or last',
    'op Conv',
    '"/block/*"',
    'op Conv or op Gemm',
    'op Conv and not first',
    'all',
  ];
  const words = [
    'int8',
    'int4 per-tensor',
    'w4',
    'w4 per-tensor',
    'int4 symmetric observe mse',
    'int8 observe percentile(99)',
  ];
  const statement = fc.tuple(
    fc.constantFrom('', 'lock '),
    fc.constantFrom('weights', 'activations'),
    fc.constantFrom(...words),
  );
  const item = fc.oneof(
    fc.tuple(fc.constantFrom('weights', 'activations'), fc.constantFrom(...words)).map((parts) => parts.join(' ')),
    fc
      .tuple(
        fc.constantFrom(...selectors),
        fc.constantFrom('', ' where macs > 1k'),
        statement.map(([lock, ...rest]) => lock + rest.join(' ')),
      )
      .map(([selector, where, said]) => `layers ${selector}${where} { ${said} }`),
    fc.constantFrom(
      'layer "/stem/Conv", "/fc/Gemm" keep float',
      'layer "/block/0/dw/Conv", "/block/0/pw/Conv" { weights int4 }',
      'layers first keep float',
    ),
  );
  const specs = fc
    .array(item, { minLength: 1, maxLength: 6 })
    .map(
      (items) =>
        `target cortex-m7 { flash <= 1024 KiB }\nformat w4 = int4 per-channel\nquantize {\n  ${items.join('\n  ')}\n}\n`,
    );
  const rulesOf = (words: readonly string[]) =>
    fc.array(
      fc
        .tuple(fc.constantFrom(...selectors, '"/stem/*" and first'), fc.constantFrom(...words))
        .map(([selector, said]) => `layers ${selector} ${said}`),
      { minLength: 1, maxLength: 4 },
    );
  const prunes = rulesOf(['keep dense', '{ sparsity 20 % }', '{ lock pattern 2:4 }', '{ reset all by magnitude }']);
  const trains = rulesOf(['keep frozen', '{ rate 0.1 }', '{ lock decay 0.1 }', '{ reset all }']);
  const others = fc
    .tuple(prunes, trains)
    .map(
      ([some, more]) =>
        `prune {\n  sparsity 50 %\n  ${some.join('\n  ')}\n}\ntrain {\n  rate 0.01\n  ${more.join('\n  ')}\n}\n`,
    );

  it('give a spec that reads, and keep what every layer gets where they say so', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof({ arbitrary: specs, weight: 2 }, { arbitrary: others, weight: 1 }),
        fc.nat(400),
        (text, at) => {
          const before = planIn(text);
          for (const { kind, edits, title } of actionsAt(read(text), Math.min(at, text.length))) {
            seen.add(`${kind.family}.${kind.name}`);
            const after = applyEdits(text, edits);
            expect(loadSpec(after, specPath).findings, title).toEqual([]);
            if (kind.keepsPlan) expect(planIn(after), `${title}\n${text}\n${after}`).toEqual(before);
          }
        },
      ),
      { seed: 1, numRuns: 900 },
    );
    expect(seen.size).toBeGreaterThanOrEqual(actionKinds.length - 1);
  });
});

describe('all fixes at once', () => {
  it('mend what can be mended', () => {
    const text = 'model "m.onnx" quantize { weights int8 layer "/stem/Cnv" keep float layers op Cnv keep float }';
    const findings = checkSpec(loadSpec(text, specPath), context);
    const edits = fixesOfAll(findings).map(({ range, text: written }) => ({
      start: range.start.column,
      end: range.end.column,
      text: written,
    }));
    expect(applyEdits(text, edits)).toBe(
      'qspec 1\nmodel "m.onnx" quantize { weights int8 layer "/stem/Conv" keep float layers op Conv keep float }',
    );
  });
});
