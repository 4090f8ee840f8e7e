import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../bench/models/models.ts';
import { readNpy } from '../../../engine/data/numpy.ts';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { numbersOf } from '../../../engine/operators/shared/numbers.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import type { Kernels } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { hasShared, shared } from '../../shared.ts';
import { node } from '../graph/protos.ts';
import { floats, type NodeCase, ownResults } from './against-runtime.ts';

const requant = (attributes: Parameters<typeof node>[3]) => node('RequantShift', 'x mul add', 'y', attributes, 'n');
const one = (value: number) => floats([1], value);

describe('RequantShift', () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
  });
  afterAll(() => kernels.dispose());

  const cases: Record<string, NodeCase & { readonly expected: readonly number[] }> = {
    'rounds halves up and clamps to 0 … 255': {
      node: requant({ div: one(4), n_levels_out: one(256), signed: one(0) }),
      inputs: { x: floats([1, 1, 6], -9, 1, 2, 3, 6, 9999), mul: floats([], 1), add: floats([], 0) },
      expected: [0, 0, 1, 1, 2, 255],
    },
    'signed codes go from −n/2 to n/2 − 1; halves of negative numbers go up too': {
      node: requant({ div: one(4), n_levels: one(16), signed: one(1) }),
      inputs: { x: floats([1, 1, 5], -99, -6, -7, -2, 99), mul: floats([], 1), add: floats([], 0) },
      expected: [-8, -1, -2, 0, 7],
    },
    'each channel has its factor and addend, products that float32 cannot hold being exact': {
      node: requant({ div: one(65536), n_levels_out: one(256), signed: one(0) }),
      inputs: {
        x: floats([1, 3, 1, 2], 100_001, 3, 100_001, 3, 1_000_003, -1),
        mul: floats([3, 1, 1], 167, 21_845, 1),
        add: floats([3, 1, 1], -16_733_399, 32_767, 0),
      },
      // 100,001 · 167 − 16,733,399 = −33,232 (float32 would round the product to 16,700,168, the sum to −33,231).
      expected: [0, 0, 255, 1, 15, 0],
    },
    'attributes may be whole numbers': {
      node: requant({ div: 2, n_levels_out: 256, signed: 0 }),
      inputs: { x: floats([1, 2], 3, 5), mul: floats([], 1), add: floats([2], 0, 1) },
      expected: [2, 3],
    },
  };

  it.each(Object.entries(cases))('%s', async (_name, { expected, ...item }) => {
    const { results, reason } = await ownResults(item, kernels);
    for (const [what, outputs] of results)
      expect([what, ...Array.from(numbersOf(outputs.get('y')!), (code) => (code === 0 ? 0 : code))]).toEqual([
        what,
        ...expected,
      ]);
    expect(reason).toBe('');
  });

  it.skipIf(!hasShared).each(['deeploy_mlperf_kws_int8_network', 'deeploy_mlperf_ic_int8_network'])(
    '%s gives the outputs published beside it, on kernels and by reference evaluation (needs shared models)',
    async (name) => {
      const files = unzipSync(readFileSync(shared('data', `${name}_io.npz`)!));
      const [x, y] = await Promise.all(
        ['inputs_input_0.npy', 'outputs_output_0.npy'].map((file) => readNpy(files[file]!, file)),
      );
      const { graph } = loadModel(shared('models', `${name}.onnx`)!);
      const given = new Map([[graph.inputs[0]!, float32Tensor(x!.dims, Float32Array.from(numbersOf(x!)))]]);
      const program = await compile(graph, { mode: 'strict', kernels });
      const [output] = graph.outputs as [string];
      const codes = [await program.run(given), evaluateGraph(graph, given)].map((outputs) =>
        Array.from(numbersOf(outputs.get(output)!)),
      );
      const slow = program.report().filter(({ how }) => how === 'reference');
      program.dispose();
      expect(slow).toEqual([]);
      for (const own of codes) expect(own).toEqual(Array.from(numbersOf(y!)));
    },
  );
});
