import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { blocksOf } from '../../../engine/graph/blocks.ts';
import type { ModelSummary } from '../../../engine/graph/summary.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { modelOf } from '../../language/support/model.ts';
import { hasShared, shared } from '../../shared.ts';

/** `Conv a input` is a layer `a` that reads the model's input; a value is called as the layer that writes it. */
function network(...lines: readonly string[]): ModelSummary {
  return modelOf(
    lines.map((line) => {
      const [op, name, ...reads] = line.split(' ');
      const computes = op === 'Conv' || op === 'Gemm';
      return { name: name!, op: op!, reads, shape: [1, 8, 8, 8], ...(computes && { weight: [8, 8, 1, 1] }) };
    }),
    [1, 8, 8, 8],
  );
}

const blocks = (...lines: readonly string[]) => {
  const summary = network(...lines);
  return blocksOf(summary).map((layers) => layers.map((index) => summary.layers[index]!.name).join(' '));
};

describe('blocks of a network', () => {
  it('are where it branches and meets again, with the activation behind; a straight network has none', () => {
    expect(blocks('Conv stem input', 'Conv a stem', 'Conv b a', 'Add sum b stem', 'Relu r sum', 'Gemm fc r')).toEqual([
      'a b sum r',
    ]);
    expect(blocks('Conv a input', 'Relu b a', 'Conv c b')).toEqual([]);
  });

  it('have a layer that computes: an activation that is written out is none', () => {
    expect(blocks('Conv a input', 'Sigmoid s a', 'Mul m a s', 'Conv b m')).toEqual([]);
  });

  it('may begin at the input, and have a projection on the shortcut', () => {
    expect(blocks('Conv a input', 'Conv p input', 'Add sum a p', 'Conv b sum', 'Add out b sum')).toEqual([
      'a p sum',
      'b out',
    ]);
  });

  it('take in blocks inside them', () => {
    // Squeeze and excitation within a residual block.
    expect(
      blocks('Conv s input', 'Conv a s', 'Pool g a', 'Conv e g', 'Mul m a e', 'Conv b m', 'Add sum b s', 'Relu r sum'),
    ).toEqual(['a g e m b sum r']);
    // Attention: the product of query and key, and that of the weights and the value, within the shortcut around all.
    expect(
      blocks(
        ...['Conv s input', 'Gemm q s', 'Gemm k s', 'Gemm v s', 'MatMul qk q k', 'Softmax p qk', 'MatMul pv p v'],
        ...['Gemm o pv', 'Add sum o s', 'Gemm u sum', 'Relu r u', 'Gemm d r', 'Add end d sum'],
      ),
    ).toEqual(['q k v qk p pv o sum', 'u r d end']);
  });

  it('are the inner ones where two follow one another within an outer', () => {
    expect(
      blocks(
        ...[
          'Conv s input',
          'Conv a s',
          'Add x a s',
          'Conv b x',
          'Add y b x',
          'Conv c y',
          'Add long c s',
          'Conv t long',
        ],
      ),
    ).toEqual(['a x', 'b y']);
  });

  it('are counted by where they begin; of branches that each hold one the whole is the block', () => {
    expect(
      blocks(
        ...['Conv s input', 'Conv a s', 'Conv a2 a', 'Add ax a2 a', 'Conv b s', 'Conv b2 b', 'Add bx b2 b'],
        'Concat end ax bx',
      ),
    ).toEqual(['a a2 ax b b2 bx end']);
  });

  it('follow the main input: a mask that enters everywhere joins nothing', () => {
    const lines = [
      'Conv s input',
      'Conv a s',
      'Add am a mask',
      'Add x am s',
      'Conv b x',
      'Add bm b mask',
      'Add y bm x',
    ];
    const summary = network(...lines);
    const inputs = [{ name: 'mask', dtype: 'float32' as const, shape: [1] }, ...summary.inputs];
    expect(blocksOf({ ...summary, inputs }).length).toBe(2);
  });

  it('do not follow integers: the shape of a tensor that a reshape reads is no path', () => {
    const summary = network('Conv a input', 'Shape s a', 'Conv b a', 'Reshape r b s');
    const layers = summary.layers.map((layer) =>
      layer.op === 'Shape' ? { ...layer, outputs: [{ ...layer.outputs[0]!, dtype: 'int64' as const }] } : layer,
    );
    expect(blocksOf({ ...summary, layers })).toEqual([]);
    expect(blocksOf(summary).length).toBe(1);
  });

  it('share no layer, ascend and begin in order, whatever the network', () => {
    const dag = fc.array(fc.tuple(fc.constantFrom('Conv', 'Relu', 'Add'), fc.array(fc.nat(), { maxLength: 3 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(dag, (nodes) => {
        const summary = network(
          ...nodes.map(([op, reads], i) => {
            const names = reads.map((read) => (read % (i + 1) === i ? 'input' : `n${read % (i + 1)}`));
            return [op, `n${i}`, ...new Set(names.length > 0 ? names : ['input'])].join(' ');
          }),
        );
        const found = blocksOf(summary);
        const all = found.flat();
        expect(new Set(all).size).toBe(all.length);
        for (const layers of found) {
          expect(layers.length).toBeGreaterThan(0);
          expect([...layers].sort((a, b) => a - b)).toEqual(layers);
        }
        const firsts = found.map((layers) => layers[0]!);
        expect([...firsts].sort((a, b) => a - b)).toEqual(firsts);
      }),
    );
  });

  it('are found in networks of thousands of layers, and one of more than a thousand is none', () => {
    const residual = Array.from({ length: 1500 }, (_, i) => {
      const before = i === 0 ? 'input' : `x${i - 1}`;
      return [`Conv a${i} ${before}`, `Add x${i} a${i} ${before}`];
    }).flat();
    expect(blocks(...residual).length).toBe(1500);
    // One shortcut from the first layer to every sum: each part holds the one before, and the whole is too large to be a block.
    const dense = Array.from({ length: 1500 }, (_, i) => [
      `Conv a${i} ${i === 0 ? 'input' : `x${i - 1}`}`,
      `Add x${i} a${i} input`,
    ]);
    expect(blocks(...dense.flat()).length).toBe(1);
  });
});

describe.skipIf(!hasShared)('of real networks (needs shared models)', () => {
  it.each([
    ['mlperf_tiny_ic_resnet8_fp32', 3],
    ['st_mobilenet_v2_035_128_chfirst', 10],
    ['squeezenet_fp32_from_fp16', 8],
    ['mlperf_tiny_vww_mobilenetv1_025_fp32', 0],
  ])('%s has %i', async (name, count) => {
    const { summary } = await loadModel(nodeHost(), shared('models', `${name}.onnx`)!, { weights: 'shapes' });
    expect(blocksOf(summary).length).toBe(count);
  });
});
