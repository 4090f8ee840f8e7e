import type { Dataset } from '../../../engine/data/dataset.ts';
import { compile } from '../../../engine/executor/compile.ts';
import type { Compile } from '../../../engine/executor/program.ts';
import type { Granularity } from '../../../engine/formats/granularity.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Graph, GraphNode, Model } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { dataBudget, lazyTensor } from '../../../engine/lazy-tensor.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import type { Arithmetic, Choice, Plan } from '../../../engine/plan.ts';
import { assign } from '../../../engine/quantize/assign.ts';
import { calibrate } from '../../../engine/quantize/calibrate.ts';
import { integerForm } from '../../../engine/quantize/integer-form.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';

/** Small graphs, data and plans for the tests of quantisation. */

/** Deterministic numbers in [−1, 1). */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function random(seed: number, dims: readonly number[], scale = 1): Tensor {
  const next = noise(seed);
  const count = dims.reduce((product, dim) => product * dim, 1);
  return float32Tensor(
    dims,
    Float32Array.from({ length: count }, () => next() * scale),
  );
}

export interface GraphSketch {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: readonly string[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly nodes: readonly GraphNode[];
  readonly opset?: number;
}

export function makeGraph({ inputs, outputs, constants = {}, nodes, opset = 13 }: GraphSketch): Graph {
  const graph: Graph = {
    name: 'test',
    nodes,
    inputs: Object.keys(inputs),
    outputs,
    initializers: new Map(Object.entries(constants)),
    types: new Map(Object.entries(inputs).map(([name, dims]) => [name, { dtype: 'float32' as const, dims }])),
    opsets: new Map([['', opset]]),
  };
  return { ...graph, types: inferTypes(graph).types };
}

export function modelOf(graph: Graph): Model {
  return {
    graph,
    irVersion: 8,
    producerName: 'test',
    producerVersion: '',
    metadata: new Map(),
    findings: [],
  } as unknown as Model;
}

export function bytesOf(model: Model): Uint8Array {
  return encodeModel(modelToProto(model));
}

/** A data set of random samples for the graph's inputs. */
export function samplesFor(graph: Graph, count: number, seed = 1, scale = 1): Dataset {
  return datasetOf(
    Array.from({ length: count }, (_, i) => {
      const entries = graph.inputs.map((name, at): [string, Tensor] => {
        const dims = graph.types.get(name)!.dims!.map((dim) => (typeof dim === 'number' ? dim : 1));
        return [name, random(seed * 1000 + i * 10 + at, dims, scale)];
      });
      return new Map(entries);
    }),
  );
}

export function datasetOf(samples: readonly ReadonlyMap<string, Tensor>[]): Dataset {
  return {
    name: 'test',
    length: samples.length,
    sample: async (index) => samples[index]!,
    nameOf: (index) => `sample ${index}`,
    hash: 'test',
    findings: [],
  };
}

export interface PlanOptions {
  readonly activations?: string;
  readonly scheme?: 'affine' | 'symmetric';
  readonly weights?: string;
  readonly weightScheme?: 'affine' | 'symmetric';
  readonly granularity?: Granularity;
  readonly scale?: string;
  readonly observer?: string;
  readonly method?: string;
  /** Of the method. */
  readonly arguments?: Readonly<Record<string, number>>;
  readonly arithmetic?: Arithmetic;
  /** Nodes kept float. */
  readonly float?: readonly string[];
}

export function choice(format: string, options: Partial<Choice> = {}): Choice {
  return {
    format,
    scheme: 'affine',
    granularity: 'per-tensor',
    observer: { name: 'min-max', arguments: {} },
    origin: {},
    ...options,
  };
}

/** The plan of a spec that says `weights int8 symmetric per-channel, activations uint8`. */
export function uniformPlan(graph: Graph, options: PlanOptions = {}): Plan {
  const {
    activations = 'uint8',
    scheme = 'affine',
    weights = 'int8',
    weightScheme = 'symmetric',
    granularity = 'per-channel',
    observer = 'min-max',
    arithmetic = 'ort',
    float = [],
    method,
    arguments: args = {},
    scale,
  } = options;
  const activation = choice(activations, { scheme, observer: { name: observer, arguments: {} } });
  const nodes: Record<string, Record<string, Choice>> = {};
  for (const node of graph.nodes) {
    if (float.includes(node.name)) continue;
    const roles: Record<string, Choice> = {};
    const form = integerForm(node, graph);
    node.inputs.forEach((value, index) => {
      if (value !== '' && !graph.initializers.has(value)) roles[`input[${index}]`] = activation;
    });
    node.outputs.forEach((_, index) => {
      roles[`output[${index}]`] = activation;
    });
    if ('kind' in form ? form.kind === 'compute' : form.held !== undefined) {
      roles['weight'] = choice(weights, {
        scheme: weightScheme,
        granularity,
        ...(scale !== undefined && { scale }),
        ...(method !== undefined && { method: { name: method, arguments: args } }),
      });
      roles['bias'] = choice('int32', { scheme: 'symmetric' });
    }
    nodes[node.name] = roles;
  }
  return { arithmetic, nodes };
}

/** Runs everything by the operators' reference evaluation. */
export const byReference: Compile = (graph, options) => compile(graph, { ...options, reference: true });

/** Calibrates and assigns. */
export async function quantize(graph: Graph, plan: Plan, data: Dataset, run: Compile = byReference) {
  return await assign(graph, plan, await calibrate(graph, plan, data, { compile: run }));
}

/** Fills what lazy tensors may take of memory, so that all others are forgotten. */
export function forgetAll(): void {
  const [first, second] = [1, 2].map(() => lazyTensor('uint8', [dataBudget], () => new Uint8Array(dataBudget)));
  if (first!.data.length + second!.data.length !== 2 * dataBudget) throw new Error('The budget was not filled.');
}

/** Decibels between what a float graph answers to samples and what another one answers in its place. */
export async function answersNoise(
  float: Graph,
  other: Graph,
  data: Dataset,
  output = float.outputs[0]!,
): Promise<number> {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const inputs = await data.sample(i);
    const [own, held] = [float, other].map((graph) => evaluateGraph(graph, inputs).get(output)!.data as Float32Array);
    own!.forEach((value, k) => {
      signal += value ** 2;
      noise += (held![k]! - value) ** 2;
    });
  }
  return 10 * Math.log10(signal / noise);
}
