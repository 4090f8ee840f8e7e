import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../engine/backends/backend.ts';
import { backendNamed, backends } from '../../../engine/backends/registry.ts';
import { decodeTensor } from '../../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { edgeKey, type QuantizedTensor } from '../../../engine/quantize/assignment.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { hasShared } from '../../shared.ts';
import { makeGraph, quantize, random, samplesFor } from '../quantize/small.ts';
import { loadRealModel } from '../readings/real-models.ts';
import { planFor } from './plan.ts';

/** Reference values of METHODS B7: what each backend makes of one weight tensor. */

/** A convolution with these weights, alone. */
async function weightsOf(backend: Backend, weights: Tensor): Promise<QuantizedTensor> {
  const [outputs, inputs, height, width] = weights.dims as [number, number, number, number];
  const graph = makeGraph({
    inputs: { x: [1, inputs, height, width] },
    outputs: ['y'],
    constants: { w: weights },
    nodes: [{ op: 'Conv', domain: '', name: 'conv', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
  });
  expect(graph.types.get('y')?.dims).toEqual([1, outputs, 1, 1]);
  const { assignment } = await quantize(graph, planFor(graph, backend), samplesFor(graph, 2));
  return assignment.entries.get(edgeKey('conv', 'weight'))!;
}

function noiseOf(held: QuantizedTensor, { data, dims }: Tensor): number {
  const values = data as Float32Array;
  const decoded = decodeTensor(held.codes!, dims, held);
  return values.reduce((sum, value, i) => sum + (value - decoded[i]!) ** 2, 0);
}

/** Weights whose channels differ in reach, none of it even around zero. */
const tensor = (() => {
  const made = random(5, [8, 4, 3, 3]);
  const values = made.data as Float32Array;
  return { ...made, data: values.map((value, i) => (value + 0.2) * (1 + Math.floor(i / 36))) } as Tensor;
})();

const named = Object.fromEntries(backends.map((backend) => [backend.name, backend]));

describe('the grid of one weight tensor', () => {
  const held: Record<string, QuantizedTensor> = {};
  beforeAll(async () => {
    for (const backend of backends) held[backend.name] = await weightsOf(backend, tensor);
  });

  it.each(backends.filter(({ weights }) => weights.scheme === 'symmetric').map(({ name }) => name))(
    'of %s is symmetric: every zero point is 0',
    (name) => {
      expect(new Set(held[name]!.zeroPoint)).toEqual(new Set([0]));
    },
  );

  it.each(['snpe', 'fbgemm'])('of %s is affine and has zero for a level', (name) => {
    const { scale, zeroPoint, format } = held[name]!;
    const { low, high, coder } = formatNamed(format);
    expect(zeroPoint.some((zero) => zero !== 0)).toBe(true);
    for (const [i, step] of scale.entries()) {
      const own = coder({ scale: step, zeroPoint: zeroPoint[i]! }, [low, high]);
      expect(own.decode(own.encode(0))).toBe(0);
    }
  });

  it.each(backends.map(({ name, weights }) => [name, weights.granularity] as const))('of %s is %s', (name, by) => {
    expect(held[name]!.scale.length).toBe(by === 'per-channel' ? 8 : 1);
  });

  it('of tvm has a power of two for its scale, at least the scale that covers, and less than two of it', () => {
    const [scale] = held['tvm']!.scale as unknown as [number];
    const [covering] = held['academic']!.scale as unknown as [number];
    expect(Number.isInteger(Math.log2(scale))).toBe(true);
    expect(scale).toBeGreaterThanOrEqual(covering);
    expect(scale).toBeLessThan(2 * covering);
    // Twice the step is at most four times the noise.
    expect(noiseOf(held['tvm']!, tensor)).toBeLessThan(4.4 * noiseOf(held['academic']!, tensor));
  });

  it('has no scale of a channel above that of the tensor', () => {
    const [symmetric] = held['academic']!.scale as unknown as [number];
    const [affine] = held['snpe']!.scale as unknown as [number];
    expect(Math.max(...held['tensorrt']!.scale)).toBeLessThanOrEqual(symmetric);
    expect(Math.max(...held['fbgemm']!.scale)).toBeLessThanOrEqual(affine);
  });

  it('of onnxruntime-avx2 leaves two products room in 16 bits', () => {
    const { codes, range, format } = held['onnxruntime-avx2']!;
    expect(formatNamed(format).dtype).toBe('int8');
    const largest = Math.max(...Array.from(codes as Int8Array, Math.abs));
    expect(largest).toBe(range[1]);
    expect(2 * 255 * largest).toBeLessThanOrEqual(32_767);
  });
});

describe.skipIf(!hasShared)('on the trained weights of ResNet8 (needs shared models)', () => {
  it('scales for channels lose less than scales for tensors, and powers of two most', async () => {
    const { graph } = loadRealModel('resnet8');
    const convolutions = graph.nodes.filter(({ op }) => op === 'Conv');
    expect(convolutions.length).toBe(9);
    for (const { inputs } of convolutions) {
      const weights = graph.initializers.get(inputs[1]!)!;
      const noise = async (name: string) => noiseOf(await weightsOf(named[name]!, weights), weights);
      expect(await noise('tensorrt')).toBeLessThan(await noise('academic'));
      expect(await noise('fbgemm')).toBeLessThan(await noise('snpe'));
      expect(await noise('tensorrt')).toBeLessThan(await noise('tvm'));
    }
  });
});

it('an unnamed backend is the first: ONNX Runtime', () => {
  expect(backendNamed(undefined)).toBe(named['onnxruntime']);
});
