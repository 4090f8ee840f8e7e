import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planMessage } from '../../../extension/views/plan-message.ts';
import { examine } from '../../../language/context.ts';
import { completionsAt } from '../../../language/editor/completion.ts';
import { hintsOf } from '../../../language/editor/hints.ts';
import { hoverAt } from '../../../language/editor/hover.ts';
import { planTableOf } from '../../../language/editor/plan-table.ts';
import { loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const read = (text: string) => examine(loadSpec(text, specPath), { vocabulary, path: posix, model: small });

/** The hover on the word between » and «. */
function hover(source: string): string {
  const { text, ranges } = takeMarkers(source);
  return hoverAt(read(text), ranges[0]!.start)!.markdown;
}

const hints = (text: string) => hintsOf(read(text)).map((hint) => hint.text);
const planOf = (text: string) =>
  planMessage(planTableOf(read(text))!, { id: 'id', title: 'title', model: 'model.onnx' });

describe('a spec that takes channels', () => {
  const spec = 'prune { layers op Conv { channels 50 % } } quantize { weights int8 layers op Gemm { weights int4 } }';

  it('hints at what is left, behind rules of either block', () => {
    // 448 + 160 + 272 floats; of 224 + 80 + 72 parameters a byte a weight, four a bias and a scale. The Gemm has half its inputs.
    expect(hints(spec)).toEqual(['3 layers · 3.44 KiB → 544 B', '1 layer · 680 B → 120 B']);
  });

  it('tells of a rule how much work is left', () => {
    expect(hover(spec.replace('layers op Conv', '»layers« op Conv'))).toMatch(
      /^\*\*3 layers\*\* · 880 → 376 \(−57 %\) parameters · 213 k → [\d.]+ k \(−\d+ %\) MACs\n\n3\.44 KiB → 544 B \(−85 %\)/,
    );
  });

  it('tells of a layer what it becomes', () => {
    const text = hover(`${spec.slice(0, -1)} layer »"/block/0/dw/Conv"« { weights int4 } }`);
    expect(text).toContain('160 → 80 (−50 %) parameters');
    expect(text).toContain('\\[1, 8, 16, 16\\] → \\[1, 8, 16, 16\\]');
    // A layer that keeps its channels reads fewer.
    expect(hover(`${spec.slice(0, -1)} layer »"/fc/Gemm"« { weights int4 } }`)).toContain('\\[1, 8\\] → \\[1, 10\\]');
  });

  it('shows both shapes and both counts in the plan', () => {
    const { rows, totals, subtitle } = planOf(spec);
    const dw = rows.find(({ name }) => name === '/block/0/dw/Conv')!;
    expect(dw.shape).toBe('1×16×16×16 → 1×8×16×16');
    expect(dw.parameters.text).toBe('160 → 80');
    expect(totals.parameters.text).toBe('1.05 k → 466');
    expect(subtitle).toBe('10 layers of model.onnx');
  });

  it('without a block of formats is told of too', () => {
    expect(hints('prune { layers op Conv { channels 50 % } }')).toEqual(['3 layers · 3.44 KiB → 1.47 KiB']);
  });
});

describe('a spec that splits layers in two', () => {
  it('counts both for the one', () => {
    // 16 outputs of 27 inputs become 4·27 + 16·4 weights.
    const spec = 'prune { layer "/stem/Conv" { rank 4 } } quantize { weights int8 }';
    expect(hints(spec)).toEqual(['1 layer · 1.75 KiB → 316 B']);
    const text = hover(spec.replace('"/stem/Conv"', '»"/stem/Conv"«'));
    expect(text).toContain('448 → 188 (−58 %) parameters');
    expect(text).toContain('\\/stem\\/Conv\\/down \\[1, 3, 32, 32\\] → \\[1, 4, 16, 16\\]');
  });

  const split = `prune { layer "/stem/Conv" { rank 4 } } quantize { weights int8 layers op Conv { weights int4 }`;

  it('shows the new layer in front of the one that it was split off, held as that one is', () => {
    const { rows, verdicts } = planOf(`${split} }`);
    expect(rows.slice(0, 2).map(({ name, shape, bytesAfter }) => [name, shape, bytesAfter.text])).toEqual([
      ['/stem/Conv/down', '1×4×16×16', '70 B'],
      ['/stem/Conv', '1×16×16×16', '160 B'],
    ]);
    expect(rows[0]!.verdict).toBe(rows[1]!.verdict - 1);
    expect(verdicts[rows[0]!.verdict]!.weights).toBe('int4');
  });

  it('knows the new layer by name: hover, completion, and the rule that decides', () => {
    const text = hover(`${split} layer »"/stem/Conv/down"« { weights int2 } }`);
    expect(text).toContain('Conv \\[1, 3, 32, 32\\] → \\[1, 4, 16, 16\\]');
    expect(text).toContain('weight&nbsp;&nbsp; | int2 symmetric');
    const { rows, verdicts } = planOf(
      `${split} layer "/stem/Conv/down" { weights int2 } layers all { weights int8 } }`,
    );
    // What a rule says of its name holds, wherever it stands.
    expect(rows.slice(0, 2).map(({ verdict }) => verdicts[verdict]!.weights)).toEqual(['int2', 'int8']);
    const namesIn = (source: string) => {
      const spec = read(source.replace('¦', ''));
      return completionsAt(spec, source.indexOf('¦')).suggestions.map(({ label }) => label);
    };
    expect(namesIn(`${split} layer ¦ }`)).toContain('/stem/Conv/down');
    expect(namesIn('prune { layer "/stem/Conv" { rank 4 } layer ¦ }')).not.toContain('/stem/Conv/down');
  });

  it.each([
    ['»layers« op Conv { rank 90 % of energy }', /880 → ≤ 880|≤ 880 parameters/],
    ['layers op Conv { rank 90 % of energy }', /≤ 1\.\d+ KiB/],
  ])('says what rests on weights: %s', (rule, expected) => {
    const spec = `prune { ${rule} } quantize { weights int8 }`;
    expect(rule.includes('»') ? hover(spec) : hints(spec).join()).toMatch(expected);
  });

  it('says on what', () => {
    const spec = (word: string) =>
      `target cortex-m7 { ${word} <= 1 MiB } prune { layers op Conv { rank 90 % of energy } } quantize { weights int8 }`;
    expect(hover(spec('»flash«'))).toMatch(/→ ≤ .*rests on weights, which a run reads/s);
    expect(
      hover('target »cortex-m7« prune { layers op Conv { rank 90 % of energy } } quantize { weights int8 }'),
    ).toContain('rests on weights');
    expect(planOf(spec('flash')).subtitle).toContain('at most: weights decide how much of 2 layers is pruned');
  });
});

it('a network whose bodies a summary does not tell is counted whole, and that is said', () => {
  const [first, ...others] = small.layers;
  const branching = { ...small, layers: [first!, ...others.slice(0, -1), { ...others.at(-1)!, op: 'If' }] };
  const text = 'prune { layers op Conv { channels 50 % } } quantize { weights int8 }';
  const spec = examine(loadSpec(text, specPath), { vocabulary, path: posix, model: branching });
  expect(hintsOf(spec).map((hint) => hint.text)).toEqual(['3 layers · 3.44 KiB → ≤ 1.19 KiB']);
  expect(planTableOf(spec)!.atMost).toBe('what pruning leaves of this network is not known before a run');
});

it('weights that become zero change no figure', () => {
  expect(hints('prune { layers op Conv { sparsity 50 % } } quantize { weights int8 }')).toEqual(['3 layers']);
});
