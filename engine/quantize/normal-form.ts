import type { Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { floatAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';
import type { IntegerForm } from './integer-form.ts';

/** Weight and bias of a compute node as plain float32, the bias one element per output channel. */
export interface Parameters {
  readonly weight: Tensor;
  readonly bias: Float32Array | undefined;
}

/**
 * Weight and bias in the form that integer kernels know: Gemm's alpha and beta multiplied in, a scalar or one-row bias
 * spread to one element per channel.
 */
export function parametersOf(node: GraphNode, form: IntegerForm, graph: Graph): Parameters {
  const weight = graph.initializers.get(node.inputs[form.weight!]!)!;
  const bias = graph.initializers.get((form.bias !== undefined && node.inputs[form.bias]) || '');
  const alpha = node.op === 'Gemm' ? floatAttribute(node, 'alpha', 1) : 1;
  const beta = node.op === 'Gemm' ? floatAttribute(node, 'beta', 1) : 1;
  const channels = weight.dims[form.weightAxis!]!;
  const addend = bias && numbersOf(bias);
  return {
    weight:
      alpha === 1
        ? weight
        : derivedTensor([weight], 'float32', weight.dims, () =>
            (weight.data as Float32Array).map((value) => value * alpha),
          ),
    bias: addend && Float32Array.from({ length: channels }, (_, i) => addend[addend.length === 1 ? 0 : i]! * beta),
  };
}

/** Compute nodes rewritten so that each owns a plain weight and bias; the float graph's meaning stays the same. */
export function withParameters(
  graph: Graph,
  forms: ReadonlyMap<string, IntegerForm>,
  parameters: ReadonlyMap<string, Parameters>,
): Graph {
  const initializers = new Map(graph.initializers);
  const types = new Map(graph.types);
  const taken = new Set([...types.keys(), ...initializers.keys()]);
  const place = (wanted: string, old: string | undefined, tensor: Tensor): string => {
    if (old !== undefined && graph.initializers.get(old) === tensor) return old;
    let name = wanted;
    for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
    taken.add(name);
    initializers.set(name, tensor);
    types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
    return name;
  };
  const nodes = graph.nodes.map((node): GraphNode => {
    const form = forms.get(node.name);
    const own = parameters.get(node.name);
    if (form === undefined || own === undefined) return node;
    const inputs = [...node.inputs];
    inputs[form.weight!] = place(`${node.name}.weight`, inputs[form.weight!], own.weight);
    if (own.bias !== undefined && form.bias !== undefined) {
      while (inputs.length <= form.bias) inputs.push('');
      const old = graph.initializers.get(inputs[form.bias]!);
      const same = old !== undefined && old.dims.length === 1 && sameNumbers(old.data as Float32Array, own.bias);
      if (!same) inputs[form.bias] = place(`${node.name}.bias`, undefined, float32Tensor([own.bias.length], own.bias));
    }
    const { alpha: _alpha, beta: _beta, ...rest } = node.attributes;
    return { ...node, inputs, attributes: node.op === 'Gemm' ? rest : node.attributes };
  });
  return { ...graph, nodes, initializers: onlyRead(graph, nodes, initializers), types };
}

function sameNumbers(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** Drops constants that nothing reads any more; what was unread before stays out as well. */
function onlyRead(graph: Graph, nodes: readonly GraphNode[], initializers: Map<string, Tensor>): Map<string, Tensor> {
  const nested = nodes.some((node) =>
    Object.values(node.attributes).some(({ kind }) => kind === 'graph' || kind === 'graphs'),
  );
  // A subgraph may capture any of them by name.
  if (nested) return initializers;
  const read = new Set([...graph.outputs, ...nodes.flatMap((node) => node.inputs)]);
  return new Map([...initializers].filter(([name]) => read.has(name)));
}
