import type { GraphNode } from '../graph/graph.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import type { IntegerForm } from './integer-form.ts';

/** Visits every element of a compute node's weight with the output and the input channel that it connects. */
export function forEachWeight(
  node: GraphNode,
  form: IntegerForm,
  dims: readonly number[],
  visit: (at: number, output: number, input: number) => void,
): void {
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (node.op === 'Conv') {
    const outputs = dims[0]!;
    const perGroup = dims[1]!;
    const taps = count / (outputs * perGroup);
    const outputsPerGroup = outputs / intAttribute(node, 'group', 1);
    for (let at = 0; at < count; at++) {
      const output = Math.floor(at / (perGroup * taps));
      const channel = Math.floor(at / taps) % perGroup;
      visit(at, output, Math.floor(output / outputsPerGroup) * perGroup + channel);
    }
    return;
  }
  const columns = dims[1]!;
  for (let at = 0; at < count; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    if (form.weightAxis === 0) visit(at, row, column);
    else visit(at, column, row);
  }
}
