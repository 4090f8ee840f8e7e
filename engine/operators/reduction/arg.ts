import { lowerArg } from '../../executor/lowerings/reductions.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Dimension } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { inputType, normalizeAxis, valueType } from '../shared/types.ts';
import { reductionOffsets } from './reduce.ts';

/** ArgMax and ArgMin: index of the first extreme along an axis, or of the last with `select_last_index`. */
function argOperator(op: string, better: (candidate: number, best: number) => boolean): Operator {
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    givesIndices: true,
    lower: lowerArg(op === 'ArgMin'),
    infer(node, context) {
      const x = inputType(node, 0, context);
      return [valueType('int64', x.dims && argDims(node, x.dims))];
    },
    evaluate(node, [x]) {
      const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), x!.dims.length);
      const last = intAttribute(node, 'select_last_index', 0) !== 0;
      const { starts, inner } = reductionOffsets(x!.dims, [axis]);
      const values = numbersOf(x!);
      const out = Float64Array.from(starts, (from) => {
        let best = 0;
        for (let i = 1; i < inner.length; i++) {
          const candidate = values[from + inner[i]!]!;
          const champion = values[from + inner[best]!]!;
          if (better(candidate, champion) || (last && candidate === champion)) best = i;
        }
        return best;
      });
      return [tensorOf('int64', argDims(node, x!.dims) as number[], out)];
    },
  };
}

function argDims(node: GraphNode, dims: readonly Dimension[]): Dimension[] {
  const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), dims.length);
  const keep = intAttribute(node, 'keepdims', 1) !== 0;
  return keep ? dims.map((dim, i) => (i === axis ? 1 : dim)) : dims.filter((_, i) => i !== axis);
}

export const argMax = argOperator('ArgMax', (candidate, best) => candidate > best);
export const argMin = argOperator('ArgMin', (candidate, best) => candidate < best);
