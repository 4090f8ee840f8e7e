import { fail } from '../findings.ts';
import type { Operator } from '../operators/operator.ts';
import { findOperator } from '../operators/registry.ts';
import { describe } from '../operators/shared/attributes.ts';
import { integersOf, isInteger } from '../operators/shared/numbers.ts';
import { isStatic } from '../operators/shared/types.ts';
import { interruptible, type Progress, throwIfCancelled } from '../progress.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { valuesRead } from './captures.ts';
import type { Graph, GraphNode } from './graph.ts';
import { depthLimit } from './infer.ts';
import { attributing } from './operator-failure.ts';

export interface EvaluateOptions {
  /** Called with every value as soon as it is computed, graph inputs included; subgraphs' values are not shown. */
  observe?(value: string, tensor: Tensor): void;
  /** Values wanted besides the graph's outputs. */
  readonly keep?: readonly string[];
  /** Seed of random operators. */
  readonly seed?: number;
  /** Largest number of elements of a value; 2^28 (1 GiB of float32) unless given. */
  readonly elementLimit?: number;
  readonly progress?: Progress;
}

/**
 * Runs a graph by the reference evaluation of each operator: slow, scalar, the oracle of the kernels and of the
 * quantised readings. Values are released after their last use. Inputs may have any shape that the operators accept.
 */
export function evaluateGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, Tensor>,
  options: EvaluateOptions = {},
): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  for (const name of graph.inputs) {
    const tensor = inputs.get(name);
    if (tensor === undefined)
      fail('run/input-missing', `Input “${name}” of the model was not given.`, {
        fix: `Give all inputs: ${graph.inputs.join(', ')}.`,
      });
    checkInput(graph, name, tensor);
    values.set(name, tensor);
    options.observe?.(name, tensor);
  }
  const wanted = [...graph.outputs, ...(options.keep ?? [])];
  interruptible(options.progress, () => runGraph(graph, values, undefined, wanted, options, 0));
  const results = new Map<string, Tensor>();
  for (const name of wanted) {
    const tensor = values.get(name) ?? graph.initializers.get(name);
    if (tensor === undefined) fail('model/undefined-value', `Value “${name}” is not computed by the model.`);
    results.set(name, tensor);
  }
  return results;
}

function checkInput(graph: Graph, name: string, tensor: Tensor): void {
  const type = graph.types.get(name);
  if (type === undefined) return;
  if (type.dtype !== tensor.dtype)
    fail('run/input-type', `Input “${name}” is ${tensor.dtype}; the model wants ${type.dtype}.`);
  if (type.dims === undefined) return;
  const fits =
    type.dims.length === tensor.dims.length &&
    type.dims.every((dim, i) => typeof dim !== 'number' || dim === tensor.dims[i]);
  if (!fits)
    fail(
      'run/input-shape',
      `Input “${name}” has shape [${tensor.dims.join(', ')}]; the model wants [${type.dims.map((dim) => dim ?? '?').join(', ')}].`,
    );
}

type Outer = (name: string) => Tensor | undefined;

function runGraph(
  graph: Graph,
  values: Map<string, Tensor>,
  outer: Outer | undefined,
  wanted: readonly string[],
  options: EvaluateOptions,
  depth: number,
): void {
  if (depth > depthLimit) fail('model/too-deep', `Subgraphs are nested more than ${depthLimit} deep.`);
  const find: Outer = (name) => values.get(name) ?? graph.initializers.get(name) ?? outer?.(name);
  const lastUse = lastUses(graph);
  const keep = new Set(wanted);
  for (const [index, node] of graph.nodes.entries()) {
    throwIfCancelled(options.progress);
    const outputs = runNode(graph, node, find, options, depth);
    node.outputs.forEach((name, i) => {
      const tensor = outputs[i];
      if (name === '' || tensor === undefined) return;
      values.set(name, tensor);
      if (depth === 0) options.observe?.(name, tensor);
    });
    for (const name of lastUse[index]!) if (!keep.has(name)) values.delete(name);
    if (depth === 0) options.progress?.report('evaluate', index + 1, graph.nodes.length);
  }
}

function runNode(
  graph: Graph,
  node: GraphNode,
  find: Outer,
  options: EvaluateOptions,
  depth: number,
): readonly Tensor[] {
  const opset = graph.opsets.get(node.domain) ?? 1;
  const operator = findOperator(node.domain, node.op, opset);
  if (operator?.evaluate === undefined)
    fail(
      'model/operator-unsupported',
      `${describe(node)} cannot be run: the operator ${qualified(node)} is not implemented.`,
    );
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const tensor = find(name);
    if (tensor === undefined)
      fail('model/undefined-value', `${describe(node)} reads “${name}”, which nothing computes.`);
    return tensor;
  });
  return attributing(node, find, () => {
    checkNode(node, operator, inputs, opset, options.elementLimit ?? defaultElementLimit);
    return operator.evaluate!(node, inputs, {
      opset,
      seed: options.seed ?? 0,
      elementLimit: options.elementLimit ?? defaultElementLimit,
      evaluateSubgraph(subgraph, given) {
        const own: Graph = subgraph.opsets.size > 0 ? subgraph : { ...subgraph, opsets: graph.opsets };
        const values = new Map<string, Tensor>();
        subgraph.inputs.forEach((name, i) => {
          if (given[i] !== undefined) values.set(name, given[i]);
        });
        runGraph(own, values, find, subgraph.outputs, options, depth + 1);
        return subgraph.outputs.map((name) => {
          const tensor = values.get(name) ?? subgraph.initializers.get(name) ?? find(name);
          if (tensor === undefined)
            fail('model/undefined-value', `A subgraph of ${describe(node)} does not compute its output “${name}”.`);
          return tensor;
        });
      },
    });
  });
}

const defaultElementLimit = 2 ** 28;

/**
 * The operator's own shape rule, now that all types and values are there: it refuses a malformed node before anything is
 * computed, and tells what would be too large.
 */
function checkNode(
  node: GraphNode,
  operator: Operator,
  inputs: readonly (Tensor | undefined)[],
  opset: number,
  limit: number,
): void {
  const tensor = (name: string) => inputs[node.inputs.indexOf(name)];
  const types = operator.infer(node, {
    opset,
    type: tensor,
    constant: tensor,
    dimensions(name) {
      const own = tensor(name);
      return own !== undefined && own.dims.length <= 1 && isInteger(own.dtype) ? integersOf(own) : undefined;
    },
    inferSubgraph: () => [],
  });
  for (const type of types)
    if (isStatic(type?.dims) && elementCount(type.dims) > limit)
      fail('run/too-large', `${describe(node)} would compute a value of shape [${type.dims.join(', ')}].`, {
        why: `More than ${limit} elements are not computed.`,
      });
}

function qualified(node: GraphNode): string {
  return node.domain === '' ? node.op : `${node.domain}.${node.op}`;
}

/** For each node the values that nothing reads after it; what subgraphs capture counts as read. */
function lastUses(graph: Graph): string[][] {
  const last = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) if (name !== '') last.set(name, index);
    for (const name of valuesRead(node)) last.set(name, index);
  });
  const release: string[][] = graph.nodes.map(() => []);
  for (const [name, index] of last) release[index]!.push(name);
  return release;
}

export { valuesRead };
