// What data-free methods do to the errors of weights: of all layers of real networks the sum of |w − ŵ|^0.7, which `hqq` lessens,
// and of squares, which `omse` lessens, as parts of those of rounding to nearest over the whole range.
//   node bench/quantize/weight-norms.ts [MODEL …]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeHost } from '../../engine/env/node/host.ts';
import { type Granularity, partitionOf } from '../../engine/formats/granularity.ts';
import { decodeTensor } from '../../engine/formats/held-tensor.ts';
import { formatNamed } from '../../engine/formats/registry.ts';
import type { WeightProblem } from '../../engine/methods/method.ts';
import { methodNamed } from '../../engine/methods/registry.ts';
import { integerForm } from '../../engine/quantize/integer-form.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { hasShared, sharedFolder } from '../../test/shared.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const networks = [
  'mlperf_tiny_kws_dscnn_bn_fp32',
  'mlperf_tiny_vww_mobilenetv1_025_bn_fp32',
  'mlperf_tiny_ic_resnet8_bn_fp32',
  'squeezenet_fp32_from_fp16',
  'kwt1_keyword_transformer_fp32',
];
const ways: readonly (readonly [format: string, granularity: Granularity])[] = [
  ['uint4', 'per-group(64)'],
  ['uint4', 'per-channel'],
  ['int4', 'per-group(64)'],
  ['int4', 'per-channel'],
];
if (!hasShared) {
  console.error('bench/quantize: skipped, the shared models are absent (QSPEC_SHARED names their folder)');
  process.exit(1);
}
const host = nodeHost();
for (const name of positionals.length > 0 ? positionals : networks) {
  const { graph } = prepare(await loadModel(host, join(sharedFolder, 'models', `${name}.onnx`)));
  const weights = graph.nodes.flatMap((node) => {
    const form = integerForm(node, graph);
    const weight = 'weight' in form ? graph.initializers.get(node.inputs[form.weight!]!) : undefined;
    return weight ? [{ weight, outputAxis: 'weightAxis' in form ? form.weightAxis! : 0 }] : [];
  });
  for (const [format, granularity] of ways) {
    const errors = ['round-to-nearest', 'omse', 'hqq'].map((method) => {
      const sums = { norm: 0, squares: 0 };
      for (const { weight, outputAxis } of weights) {
        const own = formatNamed(format);
        const problem: WeightProblem = {
          values: weight.data as Float32Array,
          dims: weight.dims,
          outputAxis,
          ...partitionOf(granularity, weight.dims, outputAxis),
          format: own,
          scheme: own.signed ? 'symmetric' : 'affine',
          range: [own.signed ? -own.high : own.low, own.high],
          observer: { name: 'min-max', arguments: {} },
          leastScale: () => 0,
        };
        const solved = methodNamed(method).quantize(problem, {});
        const held = decodeTensor(solved.codes, problem.dims, { ...problem, ...solved, format });
        for (const [i, value] of held.entries()) {
          const error = Math.abs(value - problem.values[i]!);
          sums.norm += error ** 0.7;
          sums.squares += error * error;
        }
      }
      return sums;
    });
    const [nearest, ...others] = errors;
    const cells = others.map(
      ({ norm, squares }) => `${(norm / nearest!.norm).toFixed(3)} ${(squares / nearest!.squares).toFixed(3)}`,
    );
    console.log(`${name.padEnd(42)}${format.padEnd(7)}${granularity.padEnd(15)}omse ${cells[0]}   hqq ${cells[1]}`);
  }
}
