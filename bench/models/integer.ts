import type { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { startKernelThread } from '../../engine/env/node/threads.ts';
import { type Comparison, measure } from '../../engine/executor/benchmark.ts';
import { compile } from '../../engine/executor/compile.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { optimize } from '../../engine/passes/index.ts';
import { importQdq, withoutRounding } from '../../engine/readings/import-qdq.ts';
import type { KernelMode } from '../../kernels/api.ts';
import { shared } from '../../test/shared.ts';
import { loadModel, randomInputs } from './models.ts';

/** Quantised models of the shared material: MLPerf Tiny and others, as TFLite and PPQ wrote them. */
export const integerModelNames = [
  'mlperf_tiny_vww_mobilenetv1_025_int8_qdq',
  'mlperf_tiny_kws_dscnn_int8_qdq',
  'mlperf_tiny_ic_resnet8_int8_qdq',
  'mlperf_tiny_ad_autoencoder_int8_qdq',
  'mobilenet_v1_0.25_128_qat_int8_qdq',
  'mlperf_ad_autoencoder_spacemit_int8_qdq',
  'mlperf_ic_resnet8_spacemit_int8_qdq',
  'mlperf_vww_mobilenetv1_spacemit_int8_qdq',
  'tflm_micro_speech_int8_qdq',
] as const;

/** The same network in float: weights dequantised, no rounding between layers. */
export function floatTwin(graph: Graph): Graph {
  return optimize(withoutRounding(importQdq(graph)!).graph).graph;
}

/** Our integers beside onnxruntime-web's (first ratio) and beside our own float (second). */
export async function measureInteger(
  path: string,
  options: { readonly threads: number; readonly mode: KernelMode; readonly rounds: number },
  runtime: Awaited<ReturnType<typeof loadOnnxRuntime>>,
): Promise<Comparison> {
  const { mode, threads, rounds } = options;
  const { bytes, graph } = loadModel(path);
  const inputs = randomInputs(graph, 1);
  const integers = await compile(graph, { mode, threads, startThread: startKernelThread });
  const float = await compile(floatTwin(graph), { mode, threads, startThread: startKernelThread });
  const session = await runtime.createSession(bytes, { optimize: 'all' });
  const comparison = await measure(
    [
      { name: 'qspec int8', run: () => integers.run(inputs) },
      { name: 'onnxruntime-web', run: () => session.run(inputs) },
      { name: 'qspec float', run: () => float.run(inputs) },
    ],
    { rounds },
  );
  integers.dispose();
  float.dispose();
  await session.release();
  return comparison;
}

/** Measures every quantised model, one line each, and the geometric means of both ratios. */
export async function measureIntegers(
  options: {
    readonly threads: number;
    readonly mode: KernelMode;
    readonly rounds: number;
    readonly only: string;
    readonly format: 'text' | 'markdown' | 'json';
  },
  runtime: Awaited<ReturnType<typeof loadOnnxRuntime>>,
  print: (line: string) => void,
): Promise<void> {
  const { threads, mode, only, format } = options;
  const row = (cells: readonly string[]) => {
    if (format === 'markdown') print(`| ${cells.join(' | ')} |`);
    else print(cells.map((cell, i) => (i === 0 ? cell.padEnd(44) : cell.padStart(i < 4 ? 18 : 22))).join(''));
  };
  if (format !== 'json') {
    print(`\nquantised models, ${threads} thread${threads === 1 ? '' : 's'}, ${mode}; milliseconds, medians\n`);
    row(['model', 'int8', 'onnxruntime-web', 'own float', '× onnxruntime-web', '× own float']);
    if (format === 'markdown') print('|---|---|---|---|---|---|');
  }
  const ratios: (readonly number[])[] = [];
  for (const name of integerModelNames) {
    if (!name.includes(only)) continue;
    const path = shared('models', `${name}.onnx`);
    if (path === undefined) {
      print(`${name}: skipped, the shared models are absent`);
      continue;
    }
    const comparison = await measureInteger(path, options, runtime);
    ratios.push(comparison.ratios.map(({ ratio }) => ratio));
    if (format === 'json') print(JSON.stringify({ model: name, threads, mode, ...comparison }));
    else
      row([
        name,
        ...comparison.timings.map(({ medianMs }) => medianMs.toFixed(3)),
        ...comparison.ratios.map(
          ({ ratio, low, high }) => `${ratio.toFixed(2)} (${low.toFixed(2)} – ${high.toFixed(2)})`,
        ),
      ]);
  }
  if (format === 'json' || ratios.length < 2) return;
  const mean = (index: number) =>
    Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio[index]!), 0) / ratios.length).toFixed(2);
  row(['geometric mean', '', '', '', mean(0), mean(1)]);
}
