import { fail } from '../../findings.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';
import { type AnyType, isTensorType, requireTensor, type Value } from '../../value.ts';
import type { Operator } from '../operator.ts';
import { joined } from '../shape/concat.ts';
import { describe, graphAttribute, tensorAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { reshaped } from '../shared/movement.ts';
import { allocate, scalarOf, tensorOf } from '../shared/numbers.ts';
import { valueType } from '../shared/types.ts';
import { common } from './if.ts';

/** Iterations after which a loop without another end is stopped, so that a model cannot hang its host. */
export const iterationLimit = 1 << 20;

/**
 * Runs its body while the condition holds and fewer than M times. Body: (iteration, condition, carried…) -> (condition,
 * carried…, scanned…); scanned outputs are stacked along a new first axis.
 */
export const loop: Operator = {
  op: 'Loop',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const body = graphAttribute(node, 'body');
    const carried = node.inputs.length - 2;
    const settled = settledTypes(
      node,
      (name) => context.type(name) ?? context.container(name),
      (types) => context.inferSubgraph(body, types),
    );
    const outputs = context.inferSubgraph(body, settled);
    const turns = tripCount(node, (name) => context.constant(name));
    return node.outputs.map((_, i) => {
      const type = outputs[i + 1];
      if (i < carried) return common(settled[i + 2], type) ?? filled(settled[i + 2], type);
      if (type === undefined || !isTensorType(type)) return undefined;
      return valueType(type.dtype, type.dims && [turns, ...type.dims]);
    });
  },
  evaluateValues(node, inputs, context) {
    const body = graphAttribute(node, 'body');
    const [limit, start] = inputs;
    const tensor = (value: Value, what: string) => requireTensor(value, `${what} of ${describe(node)}`);
    const most = limit === undefined ? Infinity : scalarOf(tensor(limit, 'The number of turns'));
    let running = start === undefined || scalarOf(tensor(start, 'The condition')) !== 0;
    let carried = inputs.slice(2) as Value[];
    const scanned: Tensor[][] = Array.from({ length: body.outputs.length - 1 - carried.length }, () => []);
    const end = Math.min(iterationLimit, context.elementLimit ?? iterationLimit);
    for (let i = 0; running && i < most; i++) {
      if (i >= end) fail('run/endless', `${describe(node)} was stopped after ${end} iterations.`);
      const outputs = context.evaluateSubgraph(body, [
        tensorOf('int64', [], [i]),
        tensorOf('bool', [], [1]),
        ...carried,
      ]);
      running = scalarOf(tensor(outputs[0]!, 'The condition')) !== 0;
      const count = carried.length;
      carried = outputs.slice(1, 1 + count);
      scanned.forEach((list, k) => {
        list.push(tensor(outputs[1 + count + k]!, 'A scanned output'));
      });
    }
    return [
      ...carried,
      ...scanned.map((list, k) => stacked(list, body.types.get(body.outputs[1 + carried.length + k]!))),
    ];
  },
};

/** A carried optional may become what it holds, from the first turn on. */
function filled(before: AnyType | undefined, after: AnyType | undefined): AnyType | undefined {
  const isOptional = before !== undefined && !isTensorType(before) && before.kind === 'optional';
  return isOptional ? after : undefined;
}

function withoutShape(type: AnyType): AnyType {
  if (isTensorType(type)) return valueType(type.dtype, undefined);
  return { ...type, element: type.element && withoutShape(type.element) } as AnyType;
}

/**
 * Types of a body's inputs. A carried value may change its shape from turn to turn: only what the body leaves as it is stays
 * known.
 */
export function settledTypes(
  node: GraphNode,
  type: (value: string) => AnyType | undefined,
  inferBody: (inputs: readonly (AnyType | undefined)[]) => readonly (AnyType | undefined)[],
): (AnyType | undefined)[] {
  const scalars = [valueType('int64', []), valueType('bool', [])];
  const initial = node.inputs.slice(2).map(type);
  const first = inferBody([...scalars, ...initial]);
  return [...scalars, ...initial.map((own, i) => own && (common(own, first[i + 1]) ?? withoutShape(own)))];
}

/** How often the body runs, if that is known before: the limit is, and the condition never changes. */
export function tripCount(node: GraphNode, constant: (value: string) => Tensor | undefined): number | undefined {
  const [limitName, startName] = node.inputs;
  const limit = limitName ? constant(limitName) : undefined;
  const start = startName ? constant(startName) : undefined;
  if (limit === undefined || (startName && start === undefined)) return undefined;
  if (start !== undefined && scalarOf(start) === 0) return 0;
  const turns = Math.max(0, scalarOf(limit));
  return turns === 0 || keepsCondition(graphAttribute(node, 'body')) ? turns : undefined;
}

/** Whether a body gives its condition back as it got it, or a constant that holds. */
function keepsCondition(body: Graph): boolean {
  let value = body.outputs[0]!;
  for (;;) {
    if (value === body.inputs[1]) return true;
    const initializer = body.initializers.get(value);
    if (initializer) return scalarOf(initializer) !== 0;
    const producer = body.nodes.find((node) => node.outputs.includes(value));
    if (producer?.op === 'Constant') {
      const tensor = tensorAttribute(producer, 'value');
      return tensor !== undefined && scalarOf(tensor) !== 0;
    }
    if (producer?.op !== 'Identity' && producer?.op !== 'Cast') return false;
    value = producer.inputs[0]!;
  }
}

/** Tensors of one shape along a new first axis; without any, an empty tensor of the declared type. */
export function stacked(
  list: readonly Tensor[],
  declared?: { readonly dtype: Tensor['dtype']; readonly dims?: readonly unknown[] },
): Tensor {
  if (list.length > 0)
    return joined(
      list.map((tensor) => reshaped(tensor, [1, ...tensor.dims])),
      0,
    );
  const dtype = declared?.dtype ?? 'float32';
  const dims = [0, ...(declared?.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 0))];
  return { dtype, dims, data: allocate(dtype, 0) };
}
