import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeLayers } from '../../../language/editor/describe-layers.ts';
import { loadSpec } from '../../../language/index.ts';
import { layersOf } from '../../../language/resolve/rules.ts';
import { networkOf } from '../../../language/selectors/network.ts';
import { modelOf, type Sketch, small } from '../support/model.ts';

/** Short names for the layers of the model, in order. */
const short = ['stem', 'stemrelu', 'dw', 'pw', 'add', 'relu', 'pool', 'flatten', 'fc', 'softmax'];

/** The layers that a head selects, as the language reads it. */
function selectedBy(head: string, network = networkOf(small)): number[] {
  const { ast, findings } = loadSpec(`quantize { ${head} keep float }`, '/a.qspec');
  expect(findings).toEqual([]);
  const block = ast.statements[0];
  if (block?.$type !== 'QuantizeBlock') throw new Error('no block');
  const rule = block.items[0];
  if (rule?.$type !== 'LayersRule' && rule?.$type !== 'LayerRule') throw new Error('no rule');
  return [...layersOf(rule, network)].sort((a, b) => a - b);
}

describe('layers are described by what selects exactly them', () => {
  it.each([
    ['one layer by its name', 'stem', ['layer "/stem/Conv"']],
    ['all of an operator', 'stem dw pw', ['layers op Conv', 'layers role convolution', 'layers "/*/Conv"']],
    ['all of two operators', 'stem dw pw fc', ['layers op Conv, Gemm', 'layers role compute']],
    [
      'a part of the names',
      'dw pw add relu',
      ['layers "/block/0/*"', 'layers from "/block/0/dw/Conv" to "/block/0/Relu"'],
    ],
    ['an operator within a part of the names', 'dw pw', ['layers "/block/0/*/Conv"']],
    ['everything between two', 'relu pool flatten', ['layers from "/block/0/Relu" to "/flatten/Flatten"']],
    ['all', short.join(' '), ['layers all']],
    ['what has nothing in common', 'stem pool', []],
  ])('%s', (_, layers, heads) => {
    const set = new Set(layers.split(' ').map((name) => short.indexOf(name)));
    const found = describeLayers(set, networkOf(small));
    // The names themselves are always one way.
    expect(set.size === 1 ? found : found.slice(0, -1)).toEqual(heads);
    for (const head of found) expect(selectedBy(head)).toEqual([...set].sort((a, b) => a - b));
  });

  it('no layers by nothing', () => {
    expect(describeLayers(new Set(), networkOf(small))).toEqual([]);
  });

  it('an operator and a place together, where neither is enough', () => {
    const chain = (name: string, op: string, reads: string): Sketch => ({ name, op, reads: [reads], shape: [1, 8] });
    const network = networkOf(
      modelOf([
        chain('/a/w', 'Conv', 'input'),
        chain('/b/x', 'Conv', '/a/w'),
        chain('/b/y', 'Relu', '/b/x'),
        chain('/b/z', 'Conv', '/b/y'),
      ]),
    );
    expect(describeLayers(new Set([1, 3]), network)[0]).toBe('layers op Conv and "/b/*"');
  });

  /** Names and operators that spell words, signs and wildcards of the language, in graphs of any form. */
  const part = fc.constantFrom(
    'a',
    'b',
    '/',
    '*',
    '?',
    '\\',
    '"',
    'to',
    '.0',
    ' ',
    '\n',
    '\u{1f600}',
    '\ud83d',
    '//',
    '',
  );
  const name = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  const layer = fc.record({
    name,
    op: fc.constantFrom('Conv', 'Relu', 'layers', 'from', 'a b', '1'),
    domain: fc.constantFrom('', '', 'com.microsoft', 'where'),
    reads: fc.array(fc.nat(), { maxLength: 2 }),
  });
  const network = fc.uniqueArray(layer, { selector: (one) => one.name, minLength: 1, maxLength: 8 }).map((layers) =>
    networkOf(
      modelOf(
        layers.map(({ reads, ...about }, i) => ({
          ...about,
          writes: `value${i}`,
          reads: i === 0 ? ['input'] : reads.map((read) => `value${read % i}`),
          shape: [1],
        })),
      ),
    ),
  );
  it('whatever they are called and however they hang together: every way selects them and no other', () => {
    fc.assert(
      fc.property(network, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (some, picks) => {
        const set = new Set(picks.map((pick) => pick % some.layers.length));
        const heads = describeLayers(set, some);
        expect(heads.length).toBeGreaterThan(0);
        for (const head of heads) expect(selectedBy(head, some)).toEqual([...set].sort((a, b) => a - b));
      }),
      { numRuns: 2000 },
    );
  });
});
