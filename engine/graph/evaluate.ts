import { fail } from '../findings.ts';
import type { EvaluateContext, Operator } from '../operators/operator.ts';
import { findOperator } from '../operators/registry.ts';
import { describe, shown } from '../operators/shared/attributes.ts';
import { integersOf, isInteger } from '../operators/shared/numbers.ts';
import { formatDims, isStatic } from '../operators/shared/types.ts';
import { interruptible, type Progress, throwIfCancelled } from '../progress.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import {
  type ContainerType,
  fits,
  formatType,
  isTensor,
  isTensorType,
  requireTensor,
  typeOf,
  type Value,
} from '../value.ts';
import { valuesRead } from './captures.ts';
import type { Graph, GraphNode } from './graph.ts';
import { depthLimit } from './infer.ts';
import { requireOperators } from './missing-operators.ts';
import { attributing } from './operator-failure.ts';

export interface EvaluateOptions {
  /** Called with every tensor as soon as it is computed, graph inputs included; subgraphs' values are not shown. */
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
 * Throws `run/not-a-tensor` where an output is a sequence or optional: `evaluateValues` gives those.
 */
export function evaluateGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, Tensor>,
  options: EvaluateOptions = {},
): Map<string, Tensor> {
  return onlyTensors(evaluateValues(graph, inputs, options));
}

export function onlyTensors(values: ReadonlyMap<string, Value>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of values) tensors.set(name, requireTensor(value, `The output “${shown(name)}”`));
  return tensors;
}

/** `evaluateGraph` for values of every kind. */
export function evaluateValues(
  graph: Graph,
  inputs: ReadonlyMap<string, Value>,
  options: EvaluateOptions = {},
): Map<string, Value> {
  requireOperators(graph);
  const values = new Map<string, Value>();
  for (const name of graph.inputs) {
    const value = inputs.get(name);
    if (value === undefined)
      fail('run/input-missing', `Input “${name}” of the model was not given.`, {
        fix: `Give all inputs: ${graph.inputs.join(', ')}.`,
      });
    checkInput(graph, name, value);
    values.set(name, value);
    if (isTensor(value)) options.observe?.(name, value);
  }
  const wanted = [...graph.outputs, ...(options.keep ?? [])];
  interruptible(options.progress, () => runGraph(graph, values, undefined, wanted, options, 0));
  const results = new Map<string, Value>();
  for (const name of wanted) {
    const value = values.get(name) ?? graph.initializers.get(name);
    if (value === undefined) fail('model/undefined-value', `Value “${name}” is not computed by the model.`);
    results.set(name, value);
  }
  return results;
}

export function checkInput(graph: Graph, name: string, value: Value): void {
  const type = graph.types.get(name) ?? graph.containers?.get(name);
  if (type === undefined || fits(value, type)) return;
  if (!isTensor(value) || !isTensorType(type) || value.dtype !== type.dtype) {
    const [given, wanted] = [typeOf(value), type].map((own) => (isTensorType(own) ? own.dtype : formatType(own)));
    fail('run/input-type', `Input “${name}” is ${given}; the model wants ${wanted}.`);
  }
  fail(
    'run/input-shape',
    `Input “${name}” has shape ${formatDims(value.dims)}; the model wants ${formatDims(type.dims)}.`,
  );
}

type Outer = (name: string) => Value | undefined;

function runGraph(
  graph: Graph,
  values: Map<string, Value>,
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
      const value = outputs[i];
      if (name === '' || value === undefined) return;
      values.set(name, value);
      if (depth === 0 && isTensor(value)) options.observe?.(name, value);
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
): readonly Value[] {
  const opset = graph.opsets.get(node.domain) ?? 1;
  const operator = findOperator(node.domain, node.op, opset)!;
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const value = find(name);
    if (value === undefined)
      fail('model/undefined-value', `${describe(node)} reads “${name}”, which nothing computes.`);
    return value;
  });
  const tensors = inputs.map((value) => (value !== undefined && isTensor(value) ? value : undefined));
  const typeOfTensor = (name: string) => {
    const value = find(name);
    return value !== undefined && isTensor(value) ? value : undefined;
  };
  return attributing(node, typeOfTensor, () => {
    checkNode(node, operator, inputs, tensors, opset, options.elementLimit ?? defaultElementLimit);
    return evaluateNode(operator, node, inputs, tensors, {
      opset,
      seed: options.seed ?? 0,
      elementLimit: options.elementLimit ?? defaultElementLimit,
      evaluateSubgraph(subgraph, given) {
        const own: Graph = subgraph.opsets.size > 0 ? subgraph : { ...subgraph, opsets: graph.opsets };
        const values = new Map<string, Value>();
        subgraph.inputs.forEach((name, i) => {
          if (given[i] !== undefined) values.set(name, given[i]);
        });
        runGraph(own, values, find, subgraph.outputs, options, depth + 1);
        return subgraph.outputs.map((name) => {
          const value = values.get(name) ?? subgraph.initializers.get(name) ?? find(name);
          if (value === undefined)
            fail('model/undefined-value', `A subgraph of ${describe(node)} does not compute its output “${name}”.`);
          return value;
        });
      },
    });
  });
}

const defaultElementLimit = 2 ** 28;

function evaluateNode(
  operator: Operator,
  node: GraphNode,
  inputs: readonly (Value | undefined)[],
  tensors: readonly (Tensor | undefined)[],
  context: EvaluateContext,
): readonly Value[] {
  const other = inputs.findIndex((value, i) => value !== tensors[i]);
  if (operator.evaluate !== undefined && other < 0) return operator.evaluate(node, tensors, context);
  if (operator.evaluateValues !== undefined) return operator.evaluateValues(node, inputs, context);
  fail('model/type', `Input ${other} of ${describe(node)} is a ${formatType(typeOf(inputs[other]!))}, not a tensor.`);
}

/**
 * The operator's own shape rule, now that all types and values are there: it refuses a malformed node before anything is
 * computed, and tells what would be too large.
 */
function checkNode(
  node: GraphNode,
  operator: Operator,
  inputs: readonly (Value | undefined)[],
  tensors: readonly (Tensor | undefined)[],
  opset: number,
  limit: number,
): void {
  const tensor = (name: string) => tensors[node.inputs.indexOf(name)];
  const types = operator.infer(node, {
    opset,
    type: tensor,
    container(name) {
      const own = inputs[node.inputs.indexOf(name)];
      return own !== undefined && !isTensor(own) ? (typeOf(own) as ContainerType) : undefined;
    },
    constant: tensor,
    dimensions(name) {
      const own = tensor(name);
      return own !== undefined && own.dims.length <= 1 && isInteger(own.dtype) ? integersOf(own) : undefined;
    },
    inferSubgraph: () => [],
  });
  for (const type of types)
    if (type && isTensorType(type) && isStatic(type.dims) && elementCount(type.dims) > limit)
      fail('run/too-large', `${describe(node)} would compute a value of shape [${type.dims.join(', ')}].`, {
        why: `More than ${limit} elements are not computed.`,
      });
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
