import type { Finding } from '../findings.ts';
import { attribute, withAttributes } from '../graph/build.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { withInference } from '../graph/infer.ts';
import { untold } from '../graph/summary-graph.ts';
import { dot, symmetricEigen } from '../methods/linear-algebra.ts';
import { describe, intAttribute } from '../operators/shared/attributes.ts';
import { GraphEditor } from '../passes/editor.ts';
import { verifyGraph } from '../passes/verify.ts';
import type { PruneAmount, PruneChoice } from '../plan.ts';
import { Breather, interruptible, type Progress, poll } from '../progress.ts';
import { whole } from '../report/quantities.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';

export interface Factorized {
  readonly graph: Graph;
  /** New layers by name, and the layer whose inputs each of them reads now. */
  readonly added: ReadonlyMap<string, string>;
  /** Layers that keep their weights as they are. */
  readonly findings: readonly Finding[];
}

type Rank = Extract<PruneAmount, { readonly kind: 'rank' }>;

/** Name of the layer that stands before one that was split. */
export function firstFactorOf(layer: string): string {
  return `${layer}/down`;
}

/**
 * Splits layers in two by truncated singular value decomposition (METHODS B2): W ≈ (U·Σ)·Vᵀ, the best of its rank in the sum of
 * squares. `NAME/down` reads the inputs and computes Vᵀ, with the kernel, strides and padding of a convolution; `NAME` keeps its name, its
 * bias and its output. Only where the two have fewer weights than the one had, and so, with as many positions, fewer MACs.
 */
export async function factorize(
  graph: Graph,
  choices: Readonly<Record<string, PruneChoice>>,
  progress?: Progress,
): Promise<Factorized> {
  const breather = new Breather(progress);
  const splitting = new Splitting(graph);
  const layers = layersToSplit(graph, choices);
  for (const [at, node] of layers.entries()) {
    progress?.report('Factorising', at, layers.length);
    await breather.pause();
    const choice = choices[node.name]!;
    const weight = splitting.weightOf(node);
    if (splitting.hasGroups(node, choice)) continue;
    const factors = interruptible(progress, () => truncated(matrixOf(node, weight), choice.amount as Rank));
    const taps = tapsOf(node, weight);
    splitting.split(node, choice, factors.rank, () => ({
      down: weightOf(node, factors.down, factors.rank, taps),
      up: weightOf(node, factors.up, sizeOf(node, weight).outputs, single(taps)),
    }));
  }
  return splitting.result();
}

/**
 * The same of a graph whose weights are not known: two layers where a rank is a number or a share. Where it is one of the singular values’
 * energy, the weights decide: such layers are left as they are, and are `open`.
 */
export function factorizeUnread(
  graph: Graph,
  choices: Readonly<Record<string, PruneChoice>>,
): Factorized & { readonly open: readonly string[] } {
  const splitting = new Splitting(graph);
  const open: string[] = [];
  for (const node of layersToSplit(graph, choices)) {
    const choice = choices[node.name]!;
    const weight = splitting.weightOf(node);
    if (splitting.hasGroups(node, choice)) continue;
    const { outputs, inputs } = sizeOf(node, weight);
    const rank = statedRank(choice.amount as Rank, Math.min(outputs, inputs));
    if (rank === undefined) {
      // One of which even the least rank saves nothing stays as it is.
      if (outputs + inputs < outputs * inputs) open.push(node.name);
      continue;
    }
    const taps = tapsOf(node, weight);
    splitting.split(node, choice, rank, () => ({
      down: untold('float32', weightDims(node, rank, inputs, taps)),
      up: untold('float32', weightDims(node, outputs, rank, single(taps))),
    }));
  }
  return { ...splitting.result(), open };
}

function layersToSplit({ nodes }: Graph, choices: Readonly<Record<string, PruneChoice>>): readonly GraphNode[] {
  return nodes.filter(({ name }) => choices[name]?.amount.kind === 'rank');
}

/** A graph of which layers are split one by one. */
class Splitting {
  readonly #graph: Graph;
  readonly #editor: GraphEditor;
  readonly #added = new Map<string, string>();
  readonly #findings: Finding[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#editor = new GraphEditor(graph);
  }

  weightOf(node: GraphNode): Tensor {
    return this.#editor.constant(node.inputs[1])!;
  }

  hasGroups(node: GraphNode, choice: PruneChoice): boolean {
    const hasGroups = node.op === 'Conv' && intAttribute(node, 'group', 1) !== 1;
    if (hasGroups) this.#findings.push(keepsRank(node, choice, 'its groups are products of their own'));
    return hasGroups;
  }

  /** @param factors weights of the two, where there are to be two */
  split(node: GraphNode, choice: PruneChoice, rank: number, factors: () => { down: Tensor; up: Tensor }): void {
    const { outputs, inputs } = sizeOf(node, this.weightOf(node));
    if (rank * (outputs + inputs) < outputs * inputs) {
      this.#added.set(split(this.#editor, node, rank, factors()), node.name);
      return;
    }
    const [two, one] = [rank * (outputs + inputs), outputs * inputs].map(whole);
    this.#findings.push(keepsRank(node, choice, `two of rank ${rank} have ${two} weights, and it has ${one}`));
  }

  result(): Factorized {
    const [added, findings] = [this.#added, this.#findings];
    if (added.size === 0) return { graph: this.#graph, added, findings };
    const graph = withInference(this.#editor.result().graph);
    verifyGraph(graph, 'factorising');
    return { graph, added, findings };
  }
}

/** A weight as a matrix, one row an output; of a convolution with all taps of all inputs in it. */
export interface Matrix {
  readonly values: Float64Array;
  readonly outputs: number;
  readonly inputs: number;
}

/** Whether outputs lie along the weight's first axis. */
function outputsFirst(node: GraphNode): boolean {
  return node.op === 'Conv' || (node.op === 'Gemm' && intAttribute(node, 'transB', 0) !== 0);
}

export function matrixOf(node: GraphNode, weight: Tensor): Matrix {
  const values = Float64Array.from(weight.data as Float32Array);
  const size = sizeOf(node, weight);
  return { values: outputsFirst(node) ? values : transposed(values, size.inputs, size.outputs), ...size };
}

function sizeOf(node: GraphNode, { dims }: Tensor): Pick<Matrix, 'outputs' | 'inputs'> {
  const [first, ...rest] = dims as [number, ...number[]];
  const second = rest.reduce((product, dim) => product * dim, 1);
  return outputsFirst(node) ? { outputs: first, inputs: second } : { outputs: second, inputs: first };
}

/** Lengths of a convolution's kernel. */
function tapsOf(node: GraphNode, { dims }: Tensor): readonly number[] {
  return node.op === 'Conv' ? dims.slice(2) : [];
}

function single(taps: readonly number[]): readonly number[] {
  return taps.map(() => 1);
}

export interface Factors {
  readonly rank: number;
  /** rank × inputs, rows of length 1. */
  readonly down: Float64Array;
  /** outputs × rank. */
  readonly up: Float64Array;
}

/**
 * The two of a rank whose answers are the nearest to those of the matrix on inputs of a given covariance (reduced-rank regression, as
 * Zhang et al. 2016 split convolutions): the outputs' principal axes, what lies between the two of variance 1 each.
 * @param covariance inputs × inputs
 */
export function principal({ values, outputs, inputs }: Matrix, covariance: Float64Array, rank: number): Factors {
  const spread = times(values, outputs, inputs, covariance, inputs);
  const { values: variances, vectors } = symmetricEigen(times(spread, outputs, inputs, values, outputs), outputs);
  const down = new Float64Array(rank * inputs);
  const up = new Float64Array(outputs * rank);
  for (let k = 0; k < rank; k++) {
    poll();
    const deviation = variances[k]! > 0 ? Math.sqrt(variances[k]!) : 1;
    for (let o = 0; o < outputs; o++) {
      const part = vectors[k * outputs + o]!;
      up[o * rank + k] = part * deviation;
      for (let i = 0; i < inputs; i++) down[k * inputs + i]! += (part / deviation) * values[o * inputs + i]!;
    }
  }
  return { rank, down, up };
}

/** The product of two. */
export function product({ rank, down, up }: Factors): Matrix {
  const [outputs, inputs] = [up.length / rank, down.length / rank];
  return { values: times(up, outputs, rank, transposed(down, rank, inputs), inputs), outputs, inputs };
}

/** Singular vectors of the larger values, by the eigenvectors of the smaller of W·Wᵀ and Wᵀ·W. */
export function truncated(matrix: Matrix, amount: Rank): Factors {
  const { values, outputs, inputs } = matrix;
  const wide = outputs <= inputs;
  const n = Math.min(outputs, inputs);
  const rows = wide ? values : transposed(values, outputs, inputs);
  const { values: squares, vectors } = symmetricEigen(gram(rows, n, values.length / n), n);
  const rank = rankOf(squares, amount);
  if (!wide) {
    const down = vectors.slice(0, rank * inputs);
    return { rank, down, up: times(values, outputs, inputs, down, rank) };
  }
  // Rows of Uᵀ·W are those of Vᵀ, as long as the singular values.
  const columns = transposed(values, outputs, inputs);
  const basis = vectors.subarray(0, rank * outputs);
  const down = transposed(times(columns, inputs, outputs, basis, rank), inputs, rank);
  const up = transposed(basis, rank, outputs);
  for (let k = 0; k < rank; k++) {
    const row = down.subarray(k * inputs, (k + 1) * inputs);
    const length = Math.sqrt(dot(row, row)) || 1;
    for (let i = 0; i < inputs; i++) row[i]! /= length;
    for (let o = 0; o < outputs; o++) up[o * rank + k]! *= length;
  }
  return { rank, down, up };
}

/** Where no values decide: a number of its own, or a share of the full one. */
function statedRank({ by, value }: Rank, full: number): number | undefined {
  if (by === 'energy') return undefined;
  return Math.min(full, Math.max(1, by === 'count' ? value : Math.round(value * full)));
}

/** @param squares of the singular values, from the largest */
function rankOf(squares: Float64Array, amount: Rank): number {
  const { value } = amount;
  const full = squares.length;
  const stated = statedRank(amount, full);
  if (stated !== undefined) return stated;
  const all = squares.reduce((sum, square) => sum + Math.max(0, square), 0);
  let kept = 0;
  for (const [k, square] of squares.entries()) {
    kept += Math.max(0, square);
    if (kept >= value * all) return k + 1;
  }
  return full;
}

function gram(rows: Float64Array, n: number, length: number): Float64Array {
  const products = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    poll();
    const row = rows.subarray(i * length, (i + 1) * length);
    for (let j = 0; j <= i; j++) {
      products[i * n + j] = dot(row, rows.subarray(j * length, (j + 1) * length));
      products[j * n + i] = products[i * n + j]!;
    }
  }
  return products;
}

/** rows × length times the transpose of count × length: rows × count. */
function times(a: Float64Array, rows: number, length: number, b: Float64Array, count: number): Float64Array {
  const out = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) {
    poll();
    const row = a.subarray(i * length, (i + 1) * length);
    for (let k = 0; k < count; k++) out[i * count + k] = dot(row, b.subarray(k * length, (k + 1) * length));
  }
  return out;
}

function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return out;
}

/** Puts the two layers in the place of one; returns the name of the new one. */
function split(editor: GraphEditor, node: GraphNode, rank: number, { down, up }: { down: Tensor; up: Tensor }): string {
  const [input = '', old = '', ...bias] = node.inputs;
  const name = editor.unusedName(firstFactorOf(node.name));
  const middle = editor.unusedName(`${name}_output`);
  const downName = editor.addInitializer(`${name}.weight`, down);
  // Until operator set 11 a Gemm had to have one.
  const shift = node.op === 'Gemm' && editor.opset() < 11 ? float32Tensor([rank], new Float32Array(rank)) : undefined;
  const none = shift ? [editor.addInitializer(`${name}.bias`, shift)] : [];
  const upName = editor.replaceInitializer(old, node, up);
  const first = {
    ...withAttributes(node, {}, ['alpha', 'beta']),
    name,
    inputs: [input, downName, ...none],
    outputs: [middle],
  };
  const second =
    node.op === 'Conv'
      ? withAttributes(node, { kernel_shape: attribute.ints(single(up.dims.slice(2))) }, ofWindows)
      : node;
  editor.replace(node, [first, { ...second, inputs: [middle, upName, ...bias] }]);
  return name;
}

const ofWindows = ['strides', 'pads', 'dilations', 'auto_pad'];

/** @param values one row an output, in which the taps of each input lie side by side */
export function weightOf(node: GraphNode, values: Float64Array, outputs: number, taps: readonly number[]): Tensor {
  const inputs = values.length / outputs;
  const rows = outputsFirst(node) ? values : transposed(values, outputs, inputs);
  return float32Tensor(weightDims(node, outputs, inputs, taps), Float32Array.from(rows));
}

/** @param inputs with all taps of each */
function weightDims(node: GraphNode, outputs: number, inputs: number, taps: readonly number[]): readonly number[] {
  if (!outputsFirst(node)) return [inputs, outputs];
  return [outputs, taps.reduce((rest, tap) => rest / tap, inputs), ...taps];
}

function keepsRank(node: GraphNode, { origin }: PruneChoice, reason: string): Finding {
  return {
    code: 'prune/rank',
    severity: 'information',
    what: `${describe(node)} is not split: ${reason}.`,
    fix: 'Ask for a lower rank, or leave it out.',
    ...(origin.amount && { range: origin.amount }),
  };
}
