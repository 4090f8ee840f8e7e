import type { Dataset } from '../data/dataset.ts';
import { Random } from '../data/random.ts';
import type { Compile, Program } from '../executor/program.ts';
import { batchSize, channelsFirst } from '../gradients/batches.ts';
import { MatrixProducts, transposed } from '../gradients/matrix-products.ts';
import { Network, type NoGradient } from '../gradients/network.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { nodesBetween, slice } from '../graph/slice.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import { Breather, type Progress } from '../progress.ts';
import { type Scores, scoresOf } from '../run/logits.ts';
import type { Tensor } from '../tensor.ts';

/** Multiplications of a forward run of all samples that curvature is taken from; where they are more, fewer samples are. */
const passProducts = 1e10;
/** Times that signs are sent back from the outputs of each batch. */
const probes = 2;

export interface CurvatureOptions {
  readonly compile: Compile;
  readonly mode: 'strict' | 'relaxed';
  readonly seed: number;
  readonly progress?: Progress | undefined;
  /** Called before each batch of samples. */
  onBatch?(done: number, of: number): void;
}

/**
 * What the outputs of a float model feel of each layer's: E[g·gᵀ] over samples and places, g the slopes along the output channels of the
 * layer of signs that are sent back from the logits (Hutchinson 1989), weighted so that their products are the Fisher information of the
 * probabilities, diag(p) − p·pᵀ: what KL divergence loses by small differences. Of an output without a last Softmax: of squared
 * differences. Of several outputs it is the sum, squared differences beside the output's own squares.
 * @param layers in the graph's order, of which it is wanted
 * @returns outputs × outputs by layer, row-major; or what no gradient goes through
 */
export async function outputCurvatures(
  graph: Graph,
  layers: readonly GraphNode[],
  dataset: Dataset,
  { compile, mode, seed, progress, onBatch }: CurvatureOptions,
): Promise<ReadonlyMap<string, Float64Array> | NoGradient> {
  const signs = new Random(seed);
  const found = new Map<string, Float64Array>();
  // Indices and counts have no slopes.
  const outputs = graph.outputs.filter((name, i) => {
    return i === 0 || graph.types.get(name)?.dtype === 'float32' || scoresOf(graph, name).kind === 'logits';
  });
  for (const [at, output] of outputs.entries()) {
    const own = await curvaturesOfOutput(graph, output, layers, dataset, {
      ...{ compile, mode, signs, progress, affordable: passProducts / outputs.length },
      onBatch: (done, of) => onBatch?.(at * of + done, outputs.length * of),
    });
    if ('reason' in own) return own;
    for (const [name, { sums, signal }] of own) {
      const known = found.get(name);
      const weight = outputs.length === 1 ? 1 : 1 / signal;
      found.set(
        name,
        sums.map((value, i) => (known?.[i] ?? 0) + weight * value),
      );
    }
  }
  return found;
}

/** Sums over samples and signs, and what they are to be divided by to be compared with those of other outputs. */
interface OwnCurvature {
  readonly sums: Float64Array;
  readonly signal: number;
}

interface OwnOptions extends Omit<CurvatureOptions, 'seed'> {
  readonly signs: Random;
  /** Multiplications of a forward run of all samples. */
  readonly affordable: number;
}

async function curvaturesOfOutput(
  graph: Graph,
  output: string,
  layers: readonly GraphNode[],
  dataset: Dataset,
  { compile, mode, signs, progress, onBatch, affordable }: OwnOptions,
): Promise<ReadonlyMap<string, OwnCurvature> | NoGradient> {
  const scores = scoresOf(graph, output);
  const from = beginOf(graph, layers[0]!, scores.value);
  if (from === undefined) return { node: layers[0]!, reason: 'the model has several inputs' };
  const part = slice(graph, new Set([from]), [scores.value]);
  const begin = await Begin.of(graph, from, await dataset.sample(0), compile, mode);
  const products = new MatrixProducts(compile, mode);
  try {
    const { dims } = await begin.at(await dataset.sample(0));
    const single = Network.of(part, dims, products);
    if (!(single instanceof Network)) return single;
    const count = Math.max(1, Math.min(dataset.length, Math.floor(affordable / single.products)));
    const batch = batchSize(single.products, count);
    const network = Network.of(part, [batch, ...dims.slice(1)], products) as Network;
    const found = new Map<string, Float64Array>();
    // The last layer's outputs are what is compared: one by one, as their number exceeds that of the signs.
    const last = [...network.layers.keys()].at(-1);
    for (const { name } of layers) {
      const layer = network.layers.get(name);
      if (layer === undefined || name === last) continue;
      layer.learns = true;
      found.set(name, new Float64Array(layer.outputs ** 2));
    }
    const classes = classesOf(graph, scores);
    let signal = 0;
    const breather = new Breather(progress);
    const batches = Math.floor(count / batch);
    for (let i = 0; i < batches; i++) {
      onBatch?.(i, batches);
      const inputs: Tensor[] = [];
      for (let k = i * batch; k < (i + 1) * batch; k++) inputs.push(await begin.at(await dataset.sample(k)));
      const answers = (await network.forward(channelsFirst(inputs))).get(scores.value)!;
      const decisions = classes === undefined ? batch : answers.length / classes;
      for (let probe = 0; probe < probes; probe++) {
        await breather.pause();
        const isDecided = scores.kind === 'logits';
        const slope = isDecided ? fisherSigns(answers, decisions, signs) : plainSigns(answers.length, signs);
        signal += isDecided ? decisions : answers.reduce((sum, value) => sum + value * value, 0);
        await network.backward(slope, async ({ name }, slopes) => {
          const sums = found.get(name);
          if (sums === undefined) return;
          const outputs = network.layers.get(name)!.outputs;
          const places = slopes.length / outputs;
          const own = await products.multiply(slopes, transposed(slopes, outputs, places), outputs, places, outputs);
          for (let k = 0; k < sums.length; k++) sums[k]! += own[k]!;
        });
      }
    }
    return new Map(Array.from(found, ([name, sums]) => [name, { sums, signal: signal || 1 }]));
  } finally {
    begin.dispose();
    products.dispose();
  }
}

/** Classes of a Softmax or ArgMax over channels, each place by itself; undefined where all values of a sample are classes of one. */
function classesOf(graph: Graph, { value, decider }: Scores): number | undefined {
  const dims = graph.types.get(value)?.dims ?? [];
  if (decider === undefined || dims.length < 3) return undefined;
  // Before operator set 13 a Softmax took all axes from its own on for one.
  if (decider.op !== 'ArgMax' && (graph.opsets.get('') ?? 1) < 13) return undefined;
  const axis = intAttribute(decider, 'axis', decider.op === 'ArgMax' ? 0 : -1);
  const channels = dims[1];
  return (axis === 1 || axis === 1 - dims.length) && typeof channels === 'number' ? channels : undefined;
}

/** The input of the first layer where everything behind it follows from that alone; else the model's input if it is one. */
function beginOf(graph: Graph, layer: GraphNode, end: string): string | undefined {
  const leads = (from: string) => {
    const nodes = nodesBetween(graph, new Set([from]), [end]);
    const made = new Set(nodes.flatMap(({ outputs }) => outputs));
    return nodes.every((node) =>
      valuesRead(node).every((value) => value === from || made.has(value) || graph.initializers.has(value)),
    );
  };
  return [layer.inputs[0]!, ...graph.inputs].find(leads);
}

/** The value where the run backwards ends, of one sample after the other. */
class Begin {
  readonly #value: string;
  readonly #inputs: readonly string[];
  readonly #program: Program | undefined;

  private constructor(value: string, inputs: readonly string[], program: Program | undefined) {
    this.#value = value;
    this.#inputs = inputs;
    this.#program = program;
  }

  static async of(
    graph: Graph,
    value: string,
    first: ReadonlyMap<string, Tensor>,
    compile: Compile,
    mode: 'strict' | 'relaxed',
  ): Promise<Begin> {
    if (first.has(value)) return new Begin(value, [], undefined);
    const part = slice(graph, new Set(graph.inputs), [value]);
    const inputDims = new Map(part.inputs.map((name) => [name, first.get(name)!.dims]));
    return new Begin(value, part.inputs, await compile(part, { mode, inputDims }));
  }

  async at(sample: ReadonlyMap<string, Tensor>): Promise<Tensor> {
    if (this.#program === undefined) return sample.get(this.#value)!;
    const inputs = new Map(this.#inputs.map((name) => [name, sample.get(name)!]));
    return (await this.#program.run(inputs)).get(this.#value)!;
  }

  dispose(): void {
    this.#program?.dispose();
  }
}

function sign(signs: Random): number {
  return signs.next() & 0x80000000 ? 1 : -1;
}

function plainSigns(length: number, signs: Random): Float32Array {
  return Float32Array.from({ length }, () => sign(signs));
}

/** Slopes along logits [classes, decisions] whose mean products are the Fisher information: √p·z − p·⟨√p, z⟩ for signs z. */
function fisherSigns(logits: Float32Array, decisions: number, signs: Random): Float32Array {
  const classes = logits.length / decisions;
  const slopes = new Float32Array(logits.length);
  for (let n = 0; n < decisions; n++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) most = Math.max(most, logits[c * decisions + n]!);
    const roots = new Float64Array(classes);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      roots[c] = Math.exp((logits[c * decisions + n]! - most) / 2);
      sum += roots[c]! * roots[c]!;
    }
    let shared = 0;
    const drawn = roots.map((root, c) => {
      const own = root / Math.sqrt(sum);
      roots[c] = own;
      const signed = own * sign(signs);
      shared += signed;
      return signed;
    });
    for (let c = 0; c < classes; c++) slopes[c * decisions + n] = drawn[c]! - roots[c]! ** 2 * shared;
  }
  return slopes;
}
