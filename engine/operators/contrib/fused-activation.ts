import { fail } from '../../findings.ts';
import { attribute } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Parts } from '../decomposition.ts';
import { sigmoidOf } from '../elementwise/unary.ts';
import { describe, floatAttribute, floatsAttribute, stringAttribute } from '../shared/attributes.ts';
import { addClip } from '../shared/parts.ts';

/** An activation that a fused node applies to its result. */
interface Activation {
  apply(x: number): number;
  /** As a standard operator. */
  add(parts: Parts, x: string, output: string): void;
}

/** Makes an activation of up to two parameters; alpha and beta are absent where the node does not give them. */
type Make = (alpha: number | undefined, beta: number | undefined) => Activation;

function standard(
  op: string,
  make: (alpha: number, beta: number) => (x: number) => number,
  defaults: readonly number[],
) {
  return (...given: readonly (number | undefined)[]): Activation => {
    const values = defaults.map((value, index) => given[index] ?? value);
    const attributes = Object.fromEntries(
      values.map((value, index) => [['alpha', 'beta'][index]!, attribute.float(value)]),
    );
    return {
      apply: make(values[0] ?? 0, values[1] ?? 0),
      add: (parts, x, output) => void parts.add(op, [x], attributes, { output }),
    };
  };
}

const activations: Readonly<Record<string, Make>> = {
  Relu: standard('Relu', () => (x) => Math.max(0, x), []),
  Sigmoid: standard('Sigmoid', () => sigmoidOf, []),
  Tanh: standard('Tanh', () => Math.tanh, []),
  LeakyRelu: standard('LeakyRelu', (alpha) => (x) => (x < 0 ? alpha * x : x), [0.01]),
  HardSigmoid: standard('HardSigmoid', (alpha, beta) => (x) => Math.max(0, Math.min(1, alpha * x + beta)), [0.2, 0.5]),
  Clip: (low = -Infinity, high = Infinity) => ({
    apply: (x) => Math.min(high, Math.max(low, x)),
    add: (parts, x, output) => void addClip(parts, x, low, high, output),
  }),
};

/**
 * Attribute `activation` with its parameters: `activation_params`, or `activation_alpha` and `activation_beta`. Undefined
 * where the node names none.
 */
export function fusedActivation(node: GraphNode): Activation | undefined {
  const name = stringAttribute(node, 'activation', '');
  if (name === '') return undefined;
  if (!Object.hasOwn(activations, name))
    fail('model/attribute', `${describe(node)} ends in the activation “${name}”.`, {
      fix: `Known are ${Object.keys(activations).join(', ')}.`,
    });
  const [alpha, beta] = floatsAttribute(node, 'activation_params') ?? [
    floatAttribute(node, 'activation_alpha'),
    floatAttribute(node, 'activation_beta'),
  ];
  return activations[name]!(alpha, beta);
}
