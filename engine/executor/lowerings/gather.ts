import type { GraphNode } from '../../graph/graph.ts';
import { intAttribute } from '../../operators/shared/attributes.ts';
import { elementCount } from '../../tensor.ts';
import type { Declined, Lowering } from '../lowering.ts';
import { elementBytes } from '../operand.ts';
import { plainOrder } from '../order.ts';

/** Gather with constant indices: one index is a view, several are copied row by row. */
export function lowerGather(node: GraphNode, lowering: Lowering): Declined {
  const [x, indicesName] = node.inputs as [string, string];
  const { dims, dtype } = lowering.type(x);
  const indices = lowering.constant(indicesName);
  if (!indices) return 'the indices are only known while running';
  const given = intAttribute(node, 'axis', 0);
  const axis = given < 0 ? given + dims.length : given;
  const rows = dims[axis]!;
  const wanted = Array.from(indices.data as Int32Array, (index) =>
    Number(index) < 0 ? Number(index) + rows : Number(index),
  );
  if (wanted.some((index) => index < 0 || index >= rows)) return 'an index is outside of the input';
  const bytes = elementBytes(dtype)!;
  if (indices.dims.length === 0) {
    const source = lowering.input(x);
    const renamed = (old: number) => (old > axis ? old - 1 : old);
    lowering.alias(0, source, source.order.filter((old) => old !== axis).map(renamed), {
      offset: wanted[0]! * source.strides[axis]! * bytes,
      strides: source.strides.filter((_, old) => old !== axis),
    });
    return undefined;
  }
  const source = lowering.input(x, plainOrder(dims.length));
  const list = lowering.data(Int32Array.from(wanted));
  const target = lowering.output(0, plainOrder(lowering.type(node.outputs[0]!).dims.length));
  lowering.emit({
    kernel: 'gather',
    reads: [source, list],
    writes: [target],
    build: (workspace, at) =>
      workspace.gather({
        input: at(source),
        indices: at(list),
        output: at(target),
        count: wanted.length,
        rowBytes: elementCount(dims.slice(axis + 1)) * bytes,
        outer: elementCount(dims.slice(0, axis)),
        rows,
      }),
  });
  return undefined;
}
