import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisBlocks, type Blocks, blockCount, forEachBlockRun, gatherBlocks } from '../../../engine/formats/blocks.ts';
import { granularityKinds, parseGranularity, partitionOf } from '../../../engine/formats/granularity.ts';
import { decodeTensor, encodeTensor, packParameters } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { scaleKinds, withScales } from '../../../engine/formats/scales.ts';
import { dequantizeLinear } from '../../../engine/operators/quantization/dequantize-linear.ts';
import { blockScales } from '../../../engine/readings/block-scales.ts';
import { intAttributeOf } from '../../../engine/readings/rewriter.ts';
import { elementCount, float32Tensor } from '../../../engine/tensor.ts';
import { normalSample } from '../observers/gaussian.ts';

/** Block of each element, as written down by the definition. */
function placesOf({ dims, block }: Blocks): number[] {
  return Array.from({ length: elementCount(dims) }, (_, i) => {
    const index: number[] = [];
    let rest = i;
    for (const dim of dims.toReversed()) {
      index.unshift(rest % dim);
      rest = Math.floor(rest / dim);
    }
    return index.reduce(
      (at, own, axis) => at * Math.ceil(dims[axis]! / block[axis]!) + Math.floor(own / block[axis]!),
      0,
    );
  });
}

const blocks: fc.Arbitrary<Blocks> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })), { minLength: 2, maxLength: 4 })
  .map((axes) => ({ dims: axes.map(([dim]) => dim), block: axes.map(([dim, block]) => Math.min(dim, block)) }));

describe('blocks', () => {
  it('are visited in runs that cover every element once, each in its block', () => {
    fc.assert(
      fc.property(blocks, (own) => {
        const seen: number[] = [];
        forEachBlockRun(own, (block, from, to) => {
          expect(from).toBe(seen.length);
          for (let i = from; i < to; i++) seen.push(block);
        });
        expect(seen).toEqual(placesOf(own));
      }),
    );
  });

  it('gather their elements', () => {
    const own = { dims: [2, 5], block: [1, 2] };
    expect(
      gatherBlocks(
        Float32Array.from({ length: 10 }, (_, i) => i),
        own,
      ).map((block) => [...block]),
    ).toEqual([[0, 1], [2, 3], [4], [5, 6], [7, 8], [9]]);
  });

  it('stand for one axis and for no axis', () => {
    expect(placesOf(axisBlocks([2, 3, 2], 1))).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    expect(new Set(placesOf(axisBlocks([2, 3], undefined)))).toEqual(new Set([0]));
  });

  it('reach ONNX as scales along one axis: DequantizeLinear gives what the codes stand for', () => {
    const format = formatNamed('int4');
    fc.assert(
      fc.property(blocks, (own) => {
        const count = elementCount(own.dims);
        const values = normalSample(count);
        const sets = gatherBlocks(values, own).map((block, i) => ({
          scale: Math.fround(0.05 + Math.max(...block.map(Math.abs)) / 7),
          zeroPoint: (i % 3) - 1,
        }));
        const coding = { ...packParameters(format, sets), range: [-8, 7] as const, blocks: own };
        const codes = encodeTensor(format, values, own.dims, coding);
        const held = decodeTensor(codes, own.dims, { ...coding, format: 'int4' });
        const { axis, blockSize, dims, blocks: places } = blockScales(own);
        const attributes = {
          axis: intAttributeOf(axis),
          ...(blockSize !== undefined && { block_size: intAttributeOf(blockSize) }),
        };
        const node = {
          name: 'd',
          op: 'DequantizeLinear',
          domain: '',
          inputs: ['x', 's', 'z'],
          outputs: ['y'],
          attributes,
        };
        const [dequantized] = dequantizeLinear.evaluate!(
          node,
          [
            { dtype: 'int4', dims: own.dims, data: codes as Int8Array },
            float32Tensor(
              dims,
              Float32Array.from(places, (place) => coding.scale[place]!),
            ),
            { dtype: 'int4', dims, data: Int8Array.from(places, (place) => coding.zeroPoint[place]!) },
          ],
          { opset: 21, seed: 0, evaluateSubgraph: () => [] },
        );
        expect([...(dequantized!.data as Float32Array)]).toEqual([...held]);
      }),
    );
  });
});

describe('granularities', () => {
  const setsOf = (text: string, dims: readonly number[], axis: number) => {
    const { axis: own, blocks: cut } = partitionOf(text as 'per-tensor', dims, axis);
    return placesOf(cut ?? axisBlocks(dims, own));
  };
  it('are read as they are written', () => {
    for (const { name, argument } of granularityKinds) {
      const written = `${name}${argument === undefined ? '' : argument === 'count' ? '(32)' : '(16x8)'}`;
      expect(parseGranularity(written)?.kind.name).toBe(name);
    }
    for (const wrong of ['per-group', 'per-group(0)', 'per-group(4x4)', 'per-block(16)', 'per-tensor(2)', 'per-row'])
      expect(parseGranularity(wrong)).toBeUndefined();
  });
  it('cut the inputs of an output channel in groups, the last as long as what is left', () => {
    // A convolution with 2 output channels and 5 inputs each; a matrix with 5 inputs and 2 output channels.
    expect(setsOf('per-group(2)', [2, 5, 1, 1], 0)).toEqual([0, 0, 1, 1, 2, 3, 3, 4, 4, 5]);
    expect(setsOf('per-group(2)', [5, 2], 1)).toEqual([0, 1, 0, 1, 2, 3, 2, 3, 4, 5]);
  });
  it('cut blocks of output channels × inputs', () => {
    expect(setsOf('per-block(2x2)', [3, 3], 0)).toEqual([0, 0, 1, 0, 0, 1, 2, 2, 3]);
    expect(setsOf('per-block(1x3)', [3, 2], 1)).toEqual([0, 1, 0, 1, 0, 1]);
  });
  it('give each kernel, or each of its positions, a scale of its own', () => {
    expect(setsOf('per-kernel', [1, 2, 1, 2], 0)).toEqual([0, 0, 1, 1]);
    expect(setsOf('per-tap', [1, 2, 1, 2], 0)).toEqual([0, 1, 0, 1]);
  });
  it('never exceed what the finest needs', () => {
    const dims = [4, 6, 3, 3];
    const counts = ['per-tensor', 'per-channel', 'per-kernel', 'per-group(9)'].map(
      (text) => new Set(setsOf(text, dims, 0)).size,
    );
    expect(counts).toEqual([1, 4, 24, 24]);
    expect(blockCount(partitionOf('per-group(1000)', dims, 0).blocks!)).toBe(4);
  });
});

describe('kinds of scales', () => {
  it.each(scaleKinds.map((kind) => [kind.name, kind] as const))(
    '%s: no scale becomes smaller, so nothing is clipped',
    (_, kind) => {
      fc.assert(
        fc.property(
          fc.array(fc.float({ min: Math.fround(1e-3), max: 1e3, noNaN: true }), { minLength: 1 }),
          (scales) => {
            const rounded = kind.round(Float32Array.from(scales));
            for (const [i, scale] of scales.entries()) {
              expect(rounded[i]!).toBeGreaterThanOrEqual(scale * (1 - 1e-6));
              // Eight bits may flush the smallest to the step of the largest.
              if (kind.name !== 'float8-scale') expect(rounded[i]!).toBeLessThanOrEqual(scale * 2);
            }
          },
        ),
      );
    },
  );
  it('power-of-two-scale has no mantissa, and keeps powers of two', () => {
    const { round } = scaleKinds.find(({ name }) => name === 'power-of-two-scale')!;
    expect([...round(Float32Array.of(1, 1.01, 0.3))]).toEqual([1, 2, 0.5]);
  });
  it('a zero point moves with its scale, so that the range stays covered', () => {
    const [own] = withScales([{ scale: 0.01, zeroPoint: -100 }], 'power-of-two-scale', [-128, 127]);
    expect(own).toEqual({ scale: 2 ** -6, zeroPoint: -110 });
  });
});

it('smaller groups never lose against larger ones that they cut', () => {
  const values = normalSample(512).map((x, i) => x * (1 + (i % 64)));
  const error = (size: number) => {
    const format = formatNamed('bcq(2)');
    const { blocks: cut } = partitionOf(`per-group(${size})`, [1, 512], 0);
    const sets = gatherBlocks(values, cut!).map((block) => format.fit!(block));
    const coding = { ...packParameters(format, sets), range: [0, 3] as const, blocks: cut! };
    const held = decodeTensor(encodeTensor(format, values, [1, 512], coding, sets), [1, 512], {
      ...coding,
      format: 'bcq(2)',
    });
    return held.reduce((sum, x, i) => sum + (x - values[i]!) ** 2, 0);
  };
  expect(error(32)).toBeLessThan(error(128));
  expect(error(128)).toBeLessThan(error(512));
});
