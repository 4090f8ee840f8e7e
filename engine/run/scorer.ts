import type { Kernels } from '../../kernels/api.ts';
import { compile } from '../executor/compile.ts';
import { fail } from '../findings.ts';
import type { Graph, Model } from '../graph/graph.ts';
import { modelToProto } from '../graph/to-proto.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { Tensor } from '../tensor.ts';
import type { OnnxRuntime } from '../verify/onnxruntime.ts';
import { type OptimizationLevel, open, runOne } from '../verify/verify.ts';
import { type NamedOutput, namedOutputs } from './agreement/agreement.ts';
import type { RunContext } from './context.ts';
import { scoresOf, withOutput } from './logits.ts';
import { numbersOf } from './metrics.ts';

/** Something that answers samples with scores: the engine with a graph, or ONNX Runtime with a model. */
export interface Scorer {
  readonly name: string;
  /** Of the scores: logits where the model ends in a Softmax. */
  readonly kind: 'logits' | 'outputs';
  score(inputs: ReadonlyMap<string, Tensor>): Promise<Scores>;
  dispose(): Promise<void>;
}

export interface Scores {
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
  /** The model's own outputs that hold numbers, in order. */
  readonly outputs: readonly NamedOutput[];
}

export interface EngineScorerOptions {
  readonly name: string;
  /** Dims of a sample; the graph is compiled for these. */
  readonly inputDims: ReadonlyMap<string, readonly number[]>;
  readonly mode: 'strict' | 'relaxed';
  readonly kernels?: Kernels;
}

/** Scores by the engine's own executor. */
export async function engineScorer(graph: Graph, context: RunContext, options: EngineScorerOptions): Promise<Scorer> {
  const { value, kind } = scoresOf(graph);
  const { startThread } = context.host;
  const program = await compile(withOutput(graph, value), {
    mode: options.mode,
    inputDims: options.inputDims,
    progress: context.progress,
    memoryLeft: context.host.memoryLeft,
    ...(options.kernels
      ? { kernels: options.kernels }
      : { threads: context.threads, ...(startThread && { startThread: startThread.bind(context.host) }) }),
  });
  return {
    name: options.name,
    kind,
    score: async (inputs) => scoresIn(await program.run(inputs), value, graph.outputs),
    dispose: async () => program.dispose(),
  };
}

/**
 * Scores by ONNX Runtime. The model gets the scores as a further output; what its graph optimisations make of it stays
 * the same, because the value is one that every reader gets in float.
 */
export async function runtimeScorer(
  model: Model,
  runtime: OnnxRuntime,
  level: OptimizationLevel = 'all',
): Promise<Scorer> {
  const { value, kind } = scoresOf(model.graph);
  const bytes = encodeModel(modelToProto({ ...model, graph: withOutput(model.graph, value) }));
  const session = await open(runtime, bytes, { optimize: level }, level);
  return {
    name: `onnxruntime-web ${runtime.version}`,
    kind,
    score: async (inputs) => scoresIn(await runOne(session, inputs), value, model.graph.outputs),
    dispose: () => session.release(),
  };
}

function scoresIn(outputs: ReadonlyMap<string, Tensor>, value: string, names: readonly string[]): Scores {
  const tensor = outputs.get(value);
  const values = tensor && numbersOf(tensor);
  if (tensor === undefined || values === undefined) {
    return fail('evaluate/output', `The model's output "${value}" holds no numbers to compare.`);
  }
  return { values, dims: tensor.dims, outputs: namedOutputs(names, outputs) };
}
