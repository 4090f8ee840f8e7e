import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelSummary } from '../../../engine/graph/summary.ts';
import { examine } from '../../../language/context.ts';
import { type PlanTable, planTableOf, type Span } from '../../../language/editor/plan-table.ts';
import { loadSpec } from '../../../language/index.ts';
import { modelOf, quantized, small } from '../support/model.ts';
import { specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const tableOf = (text: string, model: ModelSummary | undefined = small) =>
  planTableOf(examine(loadSpec(text, specPath), { vocabulary, path: posix, model }));

/** One layer a line: weights, activations, why it stays float, and the rule that decided it. */
function shown({ rows, verdicts, rules }: PlanTable): string[] {
  return rows.map(({ name, verdict }) => {
    const { weights, inputs, outputs, float, decider } = verdicts[verdict]!;
    const what = [weights, inputs, outputs].map((formats) => formats?.format ?? '–').join(' ');
    const rule = decider === null ? undefined : rules[decider]!;
    return `${name}: ${float ?? what}${rule ? ` by [${rule.text}] ${rule.head.start.line + 1}` : ''}`;
  });
}

const namesIn = (spans: readonly Span[], { rows }: PlanTable) =>
  spans.flatMap(([from, to]) => rows.slice(from, to).map(({ name }) => name));

/** Which layers a rule decides, is overridden in, and has nothing to say of. */
function outcomesOf(table: PlanTable, index: number) {
  const { decides, overridden, idle } = table.rules[index]!;
  return {
    decides: namesIn(decides, table),
    overridden: namesIn(overridden, table),
    idle: namesIn(idle, table),
  };
}

const spec = `target cortex-m7
quantize {
  weights int8 symmetric per-channel
  activations uint8 affine per-tensor
  layers op Conv where depthwise { weights int8 per-tensor }
  layers first
    keep float
  layers "/stem/*" { weights int4 }
}`;

describe('the table of a plan', () => {
  it('says of layers that the model holds in codes already that they stay so, where the spec keeps them', () => {
    const text = 'model "m.onnx" quantized keep quantize { weights int8 activations uint8 }';
    expect(new Set(shown(tableOf(text, quantized)!).map((line) => line.split(': ')[1]))).toEqual(new Set(['in-codes']));
  });

  it('tells of the float network where codes are made float', () => {
    const text = 'model "m.onnx" quantized requantize quantize { weights int8 activations uint8 }';
    expect(shown(tableOf(text, quantized)!)).toEqual(shown(tableOf('quantize { weights int8 activations uint8 }')!));
  });

  it('tells of each layer the block that it is part of, and what is taken out of its weights', () => {
    const { rows, verdicts } = tableOf(
      'prune { sparsity 50 % layers op Conv { pattern 2:4 by random } layers first keep dense } quantize { weights int8 }',
    )!;
    expect(rows.map(({ block }) => block)).toEqual([null, null, 1, 1, 1, 1, null, null, null, null]);
    const pruned = rows.map(({ name, verdict }) => [name, verdicts[verdict]!.prune]);
    expect(pruned.filter(([, what]) => what !== null)).toEqual([
      ['/block/0/dw/Conv', 'pattern 2:4 by random'],
      ['/block/0/pw/Conv', 'pattern 2:4 by random'],
      ['/fc/Gemm', 'sparsity 50 % by magnitude'],
    ]);
  });

  it('says of each layer what it gets and the rule that decided it, or why it stays float', () => {
    expect(shown(tableOf(spec)!)).toEqual([
      '/stem/Conv: int4 float float by [layers "/stem/*"] 8',
      '/stem/Relu: – uint8 uint8 by [activations uint8 affine per-tensor] 4',
      '/block/0/dw/Conv: int8 uint8 uint8 by [layers op Conv where depthwise] 5',
      '/block/0/pw/Conv: int8 uint8 uint8 by [weights int8 symmetric per-channel] 3',
      '/block/0/Add: – uint8 uint8 by [activations uint8 affine per-tensor] 4',
      '/block/0/Relu: – uint8 uint8 by [activations uint8 affine per-tensor] 4',
      '/pool/GlobalAveragePool: – uint8 uint8 by [activations uint8 affine per-tensor] 4',
      '/flatten/Flatten: – uint8 uint8 by [activations uint8 affine per-tensor] 4',
      '/fc/Gemm: int8 uint8 uint8 by [weights int8 symmetric per-channel] 3',
      'softmax: no-integer-form',
    ]);
  });

  it('tells every reason to stay float from the others', () => {
    const odd = modelOf([
      { name: 'conv', op: 'Conv', reads: ['input'], shape: [1, 4], weight: [4, 3, 1, 1] },
      { name: 'add', op: 'Add', reads: ['conv', 'conv'], shape: [1, 4] },
      { name: 'count', op: 'Add', reads: ['ids', 'ids'], shape: [1, 4] },
      { name: 'strange', op: 'Strange', domain: 'com.example', reads: ['add'], shape: [1, 4] },
      { name: 'exp', op: 'Exp', reads: ['add'], shape: [1, 4] },
    ]);
    const integers = <T extends { readonly dtype: string | null }>(values: readonly T[]) =>
      values.map((value) => ({ ...value, dtype: 'int64' }));
    const model: ModelSummary = {
      ...odd,
      layers: odd.layers.map((layer) => ({
        ...layer,
        supported: layer.name !== 'strange',
        ...(layer.name === 'count' && { inputs: integers(layer.inputs), outputs: integers(layer.outputs) }),
      })),
    };
    expect(shown(tableOf('quantize { weights int8 layers first keep float }', model)!)).toEqual([
      'conv: kept by [layers first] 1',
      'add: no-format',
      'count: nothing-to-quantize',
      'strange: unsupported',
      'exp: no-integer-form',
    ]);
  });

  it('tells the layers that a rule decides from those where a later statement or a lock does, and where it has nothing to say', () => {
    const table = tableOf(`quantize {
  activations uint8
  layers op Conv { weights int8 }
  layers all { weights int4 }
  layers first { lock weights int2 }
  layers first { weights int8 }
}`)!;
    const convolutions = ['/stem/Conv', '/block/0/dw/Conv', '/block/0/pw/Conv'];
    expect(outcomesOf(table, 1)).toEqual({ decides: [], overridden: convolutions, idle: [] });
    const { decides, overridden, idle } = outcomesOf(table, 2);
    expect(decides).toEqual(['/block/0/dw/Conv', '/block/0/pw/Conv', '/fc/Gemm']);
    expect(overridden).toEqual(['/stem/Conv']);
    expect(idle).toHaveLength(6);
    expect(outcomesOf(table, 3).decides).toEqual(['/stem/Conv']);
    expect(outcomesOf(table, 4)).toEqual({ decides: [], overridden: ['/stem/Conv'], idle: [] });
  });

  it('does not count what float makes meaningless as a decision', () => {
    const table = tableOf('quantize {\n weights int8 per-tensor\n layers first keep float\n}')!;
    const { verdicts, rows } = table;
    expect(verdicts[rows[0]!.verdict]!.by).toEqual([
      { rule: 1, what: 'weights: format; bias: format; activations: format' },
    ]);
    expect(outcomesOf(table, 0).overridden).toEqual(['/stem/Conv']);
  });

  it('lists every statement that decides something, with what it decides', () => {
    const { verdicts, rows } = tableOf(spec)!;
    expect(verdicts[rows[2]!.verdict]).toMatchObject({
      weights: { format: 'int8', how: 'symmetric per-tensor', method: '' },
      by: [
        { rule: 0, what: 'weights: scheme' },
        { rule: 1, what: 'activations: format, scheme, granularity' },
        { rule: 2, what: 'weights: format, granularity' },
      ],
      decider: 2,
    });
  });

  it('holds a verdict once for all layers that share it', () => {
    const { verdicts } = tableOf('quantize { weights int8 activations uint8 }')!;
    expect(verdicts).toHaveLength(3);
  });

  it('sums bytes as its rows have them and takes the latency of the whole, where a target is named', () => {
    const { rows, totals, target } = tableOf(spec)!;
    expect(target).toMatch(/Cortex-M7/);
    for (const side of [0, 1] as const) {
      expect(totals.bytes[side]).toBe(rows.reduce((sum, { bytes }) => sum + bytes[side], 0));
      expect(totals.time![side]).toBeCloseTo(
        rows.reduce((sum, { time }) => sum + time![side], 0),
        12,
      );
    }
    expect(totals.bytes[1]).toBeLessThan(totals.bytes[0] / 3);
    expect(rows[1]).toMatchObject({ folded: true, time: [0, 0] });
    expect(tableOf('quantize { weights int8 }')).toMatchObject({ target: null, totals: { time: null } });
  });

  it('shows shapes with what is not known of them', () => {
    const model = modelOf([{ name: 'conv', op: 'Conv', reads: ['input'], shape: ['batch', 4, 8], weight: [4, 3, 1] }]);
    expect(tableOf('quantize { weights int8 }', model)!.rows[0]!.shape).toBe('batch×4×8');
  });

  it('has heads on one line, whatever braces and words stand in names, and cuts those that go on and on', () => {
    const names = Array.from({ length: 500 }, (_, i) => `"layer ${i}"`).join(' ');
    const { rules } = tableOf(
      `quantize { weights int8\n layer "a { keep float"\n optional\n keep float\n layer ${names} optional keep float\n}`,
    )!;
    expect(rules[1]!.text).toBe('layer "a { keep float" optional');
    expect(rules[1]!.head).toEqual({ start: { line: 1, column: 1 }, end: { line: 2, column: 9 } });
    expect(rules[2]!.text.length).toBeLessThan(200);
  });

  it('is not there without a model or without a quantize block', () => {
    expect(planTableOf(examine(loadSpec(spec, specPath), { vocabulary, path: posix }))).toBeUndefined();
    expect(tableOf('model "m.onnx"')).toBeUndefined();
  });
});
