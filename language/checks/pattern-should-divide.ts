import type { AstNode } from 'langium';
import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { PruneAmount } from '../../engine/plan.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { hasWeights } from '../resolve/prune.ts';
import { fileNetwork } from '../selectors/network.ts';
import type { Check } from './check.ts';
import { plural } from './remarks.ts';

/** A pattern takes whole groups of inputs; what is left over of a layer's inputs keeps all its weights. */
export const patternShouldDivide: Check = {
  code: 'prune/divide',
  severity: 'warning',
  section: 'blocks',
  what: 'A pattern whose groups do not divide the inputs of a layer.',
  why: 'The weights of the inputs that are left over all stay.',
  fix: 'Leave these layers out, or prune them with `sparsity`.',
  example: 'prune { pattern 2:4 }',
  needs: 'model',
  *remarks({ prune, network }) {
    if (!prune || !network) return;
    const uneven = new Map<AstNode, { layers: LayerSummary[]; of: number }>();
    for (const [index, layer] of fileNetwork(network).layers.entries()) {
      const amount = prune.fields[index]!.amount?.value as PruneAmount | 'dense' | undefined;
      const by = prune.by[index]!.amount;
      if (!by || typeof amount !== 'object' || amount.kind !== 'pattern' || !hasWeights(layer)) continue;
      const inputs = inputsOf(layer);
      if (inputs === undefined || inputs % amount.of === 0) continue;
      const known = uneven.get(by);
      if (known) known.layers.push(layer);
      else uneven.set(by, { layers: [layer], of: amount.of });
    }
    for (const [statement, { layers, of }] of uneven) {
      const example = layers[0]!;
      yield {
        what: `Groups of ${of} do not divide the inputs of ${plural(layers.length, 'layer')}: \`${example.name}\` has ${inputsOf(example)}.`,
        why: 'The weights of the inputs that are left over all stay.',
        fix: 'Leave these layers out, or prune them with `sparsity`.',
        range: rangeOf(statement),
      };
    }
  },
};

/** Inputs of a convolution's group, or rows of a matrix: the axis that patterns lie along. */
function inputsOf({ op, attributes, inputs, weightInput }: LayerSummary): number | undefined {
  const shape = inputs[weightInput ?? -1]?.shape;
  const side = shape?.[op === 'MatMul' || (op === 'Gemm' && attributes['transB'] !== 1) ? 0 : 1];
  return typeof side === 'number' ? side : undefined;
}
