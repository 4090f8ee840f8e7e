import type { Finding } from '../findings.ts';
import { attribute, withAttributes } from '../graph/build.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { withInference } from '../graph/infer.ts';
import { dot, symmetricEigen } from '../methods/linear-algebra.ts';
import { describe, intAttribute } from '../operators/shared/attributes.ts';
import { GraphEditor } from '../passes/editor.ts';
import { verifyGraph } from '../passes/verify.ts';
import type { PruneAmount, PruneChoice } from '../plan.ts';
import { Breather, interruptible, type Progress, poll } from '../progress.ts';
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
  const editor = new GraphEditor(graph);
  const breather = new Breather(progress);
  const added = new Map<string, string>();
  const findings: Finding[] = [];
  const layers = graph.nodes.filter(({ name }) => choices[name]?.amount.kind === 'rank');
  for (const [at, node] of layers.entries()) {
    progress?.report('Factorising', at, layers.length);
    await breather.pause();
    const choice = choices[node.name]!;
    const weight = editor.constant(node.inputs[1])!;
    if (node.op === 'Conv' && intAttribute(node, 'group', 1) !== 1) {
      findings.push(keepsRank(node, choice, 'its groups are products of their own'));
      continue;
    }
    const matrix = matrixOf(node, weight);
    const factors = interruptible(progress, () => truncated(matrix, choice.amount as Rank));
    const { outputs, inputs } = matrix;
    if (factors.rank * (outputs + inputs) >= outputs * inputs) {
      const [two, one] = [factors.rank * (outputs + inputs), outputs * inputs].map((count) =>
        count.toLocaleString('en'),
      );
      findings.push(keepsRank(node, choice, `two of rank ${factors.rank} have ${two} weights, and it has ${one}`));
      continue;
    }
    added.set(split(editor, node, weight, factors), node.name);
  }
  if (added.size === 0) return { graph, added, findings };
  const result = withInference(editor.result().graph);
  verifyGraph(result, 'factorising');
  return { graph: result, added, findings };
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
  const [first, ...rest] = weight.dims as [number, ...number[]];
  const second = rest.reduce((product, dim) => product * dim, 1);
  return outputsFirst(node)
    ? { values, outputs: first, inputs: second }
    : { values: transposed(values, first, second), outputs: second, inputs: first };
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

/** @param squares of the singular values, from the largest */
function rankOf(squares: Float64Array, { by, value }: Rank): number {
  const full = squares.length;
  const within = (rank: number) => Math.min(full, Math.max(1, rank));
  if (by === 'count') return within(value);
  if (by === 'share') return within(Math.round(value * full));
  const all = squares.reduce((sum, square) => sum + Math.max(0, square), 0);
  let kept = 0;
  for (const [k, square] of squares.entries()) {
    kept += Math.max(0, square);
    if (kept >= value * all) return within(k + 1);
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
function split(editor: GraphEditor, node: GraphNode, weight: Tensor, { rank, down, up }: Factors): string {
  const [input = '', old = '', ...bias] = node.inputs;
  const outputs = up.length / rank;
  const isConv = node.op === 'Conv';
  const taps = isConv ? weight.dims.slice(2) : [];
  const single = taps.map(() => 1);
  const name = editor.unusedName(firstFactorOf(node.name));
  const middle = editor.unusedName(`${name}_output`);
  const downName = editor.addInitializer(`${name}.weight`, weightOf(node, down, rank, taps));
  // Until operator set 11 a Gemm had to have one.
  const shift = node.op === 'Gemm' && editor.opset() < 11 ? float32Tensor([rank], new Float32Array(rank)) : undefined;
  const none = shift ? [editor.addInitializer(`${name}.bias`, shift)] : [];
  const upName = editor.replaceInitializer(old, node, weightOf(node, up, outputs, single));
  const first = {
    ...withAttributes(node, {}, ['alpha', 'beta']),
    name,
    inputs: [input, downName, ...none],
    outputs: [middle],
  };
  const second = isConv ? withAttributes(node, { kernel_shape: attribute.ints(single) }, ofWindows) : node;
  editor.replace(node, [first, { ...second, inputs: [middle, upName, ...bias] }]);
  return name;
}

const ofWindows = ['strides', 'pads', 'dilations', 'auto_pad'];

/** @param values one row an output, in which the taps of each input lie side by side */
export function weightOf(node: GraphNode, values: Float64Array, outputs: number, taps: readonly number[]): Tensor {
  const length = values.length / outputs;
  if (!outputsFirst(node))
    return float32Tensor([length, outputs], Float32Array.from(transposed(values, outputs, length)));
  const inputs = taps.reduce((rest, tap) => rest / tap, length);
  return float32Tensor([outputs, inputs, ...taps], Float32Array.from(values));
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
