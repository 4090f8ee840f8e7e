import { attribute } from '../graph/build.ts';
import type { GraphNode } from '../graph/graph.ts';
import { intAttribute, intsAttribute } from '../operators/shared/attributes.ts';
import { integersOf } from '../operators/shared/numbers.ts';
import type { Tensor } from '../tensor.ts';
import type { StaticType } from './lowering.ts';

/** The graph as patterns see it. */
export interface GraphView {
  producer(value: string): GraphNode | undefined;
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
}

/** A composite operator found written out in smaller ones. */
export interface Found {
  /** What computes the same; outputs are those of the last node of `nodes`. */
  readonly node: GraphNode;
  /** Operator-set version in which that operator exists. */
  readonly opset: number;
  /** The nodes it stands for. */
  readonly nodes: readonly GraphNode[];
}

/** Tries to find a composite operator that ends in the node. */
export type Pattern = (last: GraphNode, view: GraphView) => Found | undefined;

/** What patterns ask of a graph. */
class Matcher {
  readonly view: GraphView;

  constructor(view: GraphView) {
    this.view = view;
  }

  /** The node that makes a value, if it is one of these operators. */
  node(value: string | undefined, ...ops: readonly string[]): GraphNode | undefined {
    const node = value === undefined ? undefined : this.view.producer(value);
    return node?.domain === '' && ops.includes(node.op) ? node : undefined;
  }

  /** The number that a constant holds, if it is one. */
  scalar(value: string | undefined): number | undefined {
    const tensor = value === undefined ? undefined : this.view.constant(value);
    return tensor?.dtype === 'float32' && tensor.data.length === 1 ? (tensor.data as Float32Array)[0] : undefined;
  }

  /** A constant vector along the last axis of size `width`. */
  isVector(value: string, width: number): boolean {
    const tensor = this.view.constant(value);
    return tensor?.dtype === 'float32' && tensor.data.length === width && tensor.dims.at(-1) === width;
  }

  /**
   * A product as the number and the other factors that it is made of; `stop` is not taken apart. Divisions by numbers
   * are products with their reciprocals.
   */
  factors(value: string, stop: string): { readonly scale: number; readonly rest: readonly string[] } {
    if (value === stop) return { scale: 1, rest: [value] };
    const number = this.scalar(value);
    if (number !== undefined) return { scale: number, rest: [] };
    const producer = this.view.producer(value);
    const isQuotient = producer?.op === 'Div' && this.scalar(producer.inputs[1]) !== undefined;
    const node = isQuotient ? this.node(value, 'Div') : this.node(value, 'Mul');
    if (!node) return { scale: 1, rest: [value] };
    const [a, b] = node.inputs.map((input) => this.factors(input, stop));
    return isQuotient
      ? { scale: a!.scale / this.scalar(node.inputs[1])!, rest: a!.rest }
      : { scale: a!.scale * b!.scale, rest: [...a!.rest, ...b!.rest] };
  }

  /** The operator that computes the last node's output from the given inputs; it stands for all nodes between. */
  found(
    last: GraphNode,
    op: string,
    inputs: readonly string[],
    attributes: GraphNode['attributes'],
    opset: number,
  ): Found {
    const nodes = new Set<GraphNode>();
    const visit = (node: GraphNode | undefined) => {
      if (!node || nodes.has(node)) return;
      nodes.add(node);
      for (const value of node.inputs) {
        if (!inputs.includes(value) && !this.view.constant(value)) visit(this.view.producer(value));
      }
    };
    visit(last);
    const node = { name: last.name, op, domain: '', inputs, outputs: last.outputs, attributes };
    return { node, opset, nodes: [...nodes] };
  }
}

const isNear = (a: number | undefined, b: number) => a !== undefined && Math.abs(a - b) <= 1e-4 * Math.abs(b);

/** The inputs of a commutative node, in both orders. */
function* bothOrders(node: GraphNode): Generator<readonly [string, string]> {
  const [a, b] = node.inputs as [string, string];
  yield [a, b];
  yield [b, a];
}

/** x · Φ(x) = x/2 · (1 + erf(x/√2)), and its approximation x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))). */
const gelu: Pattern = (last, view) => {
  if (last.op !== 'Mul' && last.op !== 'Div') return undefined;
  for (const [approximate, curve] of [
    ['none', 'Erf'],
    ['tanh', 'Tanh'],
  ] as const) {
    for (const x of candidates(last, curve, view)) {
      const matcher = new Matcher(view);
      const { scale, rest } = matcher.factors(last.outputs[0]!, x);
      if (!isNear(scale, 0.5) || rest.length !== 2 || !rest.includes(x)) continue;
      const sum = matcher.node(rest[0] === x ? rest[1] : rest[0], 'Add');
      if (!sum) continue;
      for (const [one, other] of bothOrders(sum)) {
        const bend = matcher.node(other, curve);
        if (!isNear(matcher.scalar(one), 1) || !bend) continue;
        const inside =
          curve === 'Erf' ? isOverRootTwo(matcher, bend.inputs[0]!, x) : isCubic(matcher, bend.inputs[0]!, x);
        if (inside) return matcher.found(last, 'Gelu', [x], { approximate: attribute.string(approximate) }, 20);
      }
    }
  }
  return undefined;
};

/** What x may be: the values that the argument of a curve near the end of the product is made of. */
function candidates(last: GraphNode, curve: 'Erf' | 'Tanh', view: GraphView): Set<string> {
  const result = new Set<string>();
  const visit = (value: string | undefined, depth: number, below: boolean) => {
    if (value === undefined || view.constant(value)) return;
    if (below) result.add(value);
    const node = depth > 0 ? view.producer(value) : undefined;
    if (node && [curve, 'Mul', 'Div', 'Add'].includes(node.op)) {
      for (const input of node.inputs) visit(input, depth - 1, below || node.op === curve);
    }
  };
  visit(last.outputs[0], curve === 'Erf' ? 5 : 6, false);
  return result;
}

function isOverRootTwo(matcher: Matcher, value: string, x: string): boolean {
  const { scale, rest } = matcher.factors(value, x);
  return isNear(scale, Math.SQRT1_2) && rest.length === 1 && rest[0] === x;
}

/** √(2/π) · (x + 0.044715 x³) */
function isCubic(matcher: Matcher, value: string, x: string): boolean {
  const { scale, rest } = matcher.factors(value, x);
  const sum = rest.length === 1 ? matcher.node(rest[0], 'Add') : undefined;
  if (!isNear(scale, Math.sqrt(2 / Math.PI)) || !sum) return false;
  for (const [linear, cubic] of bothOrders(sum)) {
    if (linear !== x) continue;
    const term = matcher.factors(cubic, x);
    if (!isNear(term.scale, 0.044715)) continue;
    if (term.rest.length === 3 && term.rest.every((factor) => factor === x)) return true;
    const power = term.rest.length === 1 ? matcher.node(term.rest[0], 'Pow') : undefined;
    if (power?.inputs[0] === x && matcher.scalar(power.inputs[1]) === 3) return true;
  }
  return false;
}

/** (x − mean) / √(variance + ε) · scale + bias over the last axis, as PyTorch and as TensorFlow write it. */
const layerNorm: Pattern = (last, view) => {
  if (last.op !== 'Add') return undefined;
  const dims = view.type(last.outputs[0]!)?.dims;
  const width = dims?.at(-1);
  if (width === undefined) return undefined;
  for (const match of [standardized, distributed]) {
    for (const [a, b] of bothOrders(last)) {
      const matcher = new Matcher(view);
      const parts = match(matcher, a, b);
      if (!parts || view.type(parts.x)?.dims.join() !== dims!.join()) continue;
      if (!matcher.isVector(parts.scale, width) || !matcher.isVector(parts.bias, width)) continue;
      const attributes = { axis: attribute.int(-1), epsilon: attribute.float(parts.epsilon) };
      return matcher.found(last, 'LayerNormalization', [parts.x, parts.scale, parts.bias], attributes, 17);
    }
  }
  return undefined;
};

interface NormParts {
  readonly x: string;
  readonly scale: string;
  readonly bias: string;
  readonly epsilon: number;
}

/** Add(Mul(d / deviation, scale), bias) */
function standardized(matcher: Matcher, scaled: string, bias: string): NormParts | undefined {
  const product = matcher.node(scaled, 'Mul');
  if (!product) return undefined;
  for (const [normal, scale] of bothOrders(product)) {
    if (!matcher.view.constant(scale)) continue;
    const quotient = matcher.node(normal, 'Div', 'Mul');
    if (!quotient) continue;
    for (const [difference, divisor] of quotient.op === 'Div' ? [quotient.inputs] : bothOrders(quotient)) {
      const root = quotient.op === 'Div' ? divisor : reciprocalOf(matcher, divisor!);
      const moments = root === undefined ? undefined : deviation(matcher, root);
      if (moments && moments.difference === difference) return { ...moments, scale, bias };
    }
  }
  return undefined;
}

/** Add(Mul(x, r), Sub(bias, Mul(mean, r))) with r = scale / deviation */
function distributed(matcher: Matcher, first: string, second: string): NormParts | undefined {
  const [product, rest] = [matcher.node(first, 'Mul'), matcher.node(second, 'Sub')];
  const shift = matcher.node(rest?.inputs[1], 'Mul');
  if (!product || !rest || !shift) return undefined;
  for (const [x, factor] of bothOrders(product)) {
    const gain = matcher.node(factor, 'Mul');
    if (!gain || !shift.inputs.includes(factor)) continue;
    for (const [inverse, scale] of bothOrders(gain)) {
      const root = reciprocalOf(matcher, inverse);
      const moments = root === undefined ? undefined : deviation(matcher, root);
      const mean = shift.inputs[0] === factor ? shift.inputs[1] : shift.inputs[0];
      if (moments?.x === x && moments.mean === mean) return { ...moments, scale, bias: rest.inputs[0]! };
    }
  }
  return undefined;
}

function reciprocalOf(matcher: Matcher, value: string): string | undefined {
  const reciprocal = matcher.node(value, 'Reciprocal');
  if (reciprocal) return reciprocal.inputs[0];
  const quotient = matcher.node(value, 'Div');
  return matcher.scalar(quotient?.inputs[0]) === 1 ? quotient!.inputs[1] : undefined;
}

/** √(mean((x − mean(x))²) + ε) */
function deviation(matcher: Matcher, value: string) {
  const root = matcher.node(value, 'Sqrt');
  const sum = matcher.node(root?.inputs[0], 'Add');
  if (!sum) return undefined;
  for (const [variance, constant] of bothOrders(sum)) {
    const epsilon = matcher.scalar(constant);
    const square = epsilon === undefined ? undefined : matcher.node(meanOf(matcher, variance), 'Mul', 'Pow');
    if (!square) continue;
    const [difference, factor] = square.inputs as [string, string];
    const isSquare = square.op === 'Mul' ? factor === difference : matcher.scalar(factor) === 2;
    const minus = isSquare ? matcher.node(difference, 'Sub') : undefined;
    const [x, mean] = minus?.inputs ?? [];
    if (x !== undefined && meanOf(matcher, mean!) === x) return { x, mean: mean!, difference, epsilon: epsilon! };
  }
  return undefined;
}

/** The value of which another is the mean over the last axis, which stays as 1. */
function meanOf(matcher: Matcher, value: string): string | undefined {
  const node = matcher.node(value, 'ReduceMean');
  const x = node?.inputs[0];
  const rank = x && matcher.view.type(x)?.dims.length;
  if (!node || !rank || intAttribute(node, 'keepdims', 1) === 0) return undefined;
  const given = node.inputs[1] ? matcher.view.constant(node.inputs[1]) : undefined;
  const axes = given ? integersOf(given) : intsAttribute(node, 'axes');
  return axes?.length === 1 && (axes[0] === -1 || axes[0] === rank - 1) ? x : undefined;
}

/** Composite operators that the executor knows to find. */
export const patterns: readonly Pattern[] = [layerNorm, gelu];
