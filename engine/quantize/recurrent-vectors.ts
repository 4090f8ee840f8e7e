import type { GraphNode } from '../graph/graph.ts';
import { directionsOf } from '../operators/recurrent/cell.ts';
import { intAttribute } from '../operators/shared/attributes.ts';
import { rowsOf, type VectorSource, type VisitVectors } from './input-vectors.ts';
import type { WeightRole } from './integer-form.ts';

/** Input that holds the state before the first step. */
const initialState = 5;

/** Steps of a sequence are alike, and a hundred sequences of one step are few: the fewer vectors, the more weights are held to the given ones. */
const ridge = (length: number) => (rows: number) => length / rows;

/**
 * What a weight of a recurrent layer is multiplied with. Of W the layer's inputs, step by step. Of R the states before each step: the
 * one that it is given, and those that it leaves at all steps but the last; each direction has its own. Undefined where the model
 * asks for the last state alone.
 * @param length of the vectors
 */
export function recurrentVectors(node: GraphNode, role: WeightRole, length: number): VectorSource | undefined {
  const own = { length, takesBias: false, ridge: ridge(length) };
  const shape = { length, groups: 1 };
  if (role === 'weight') return { ...own, groups: 1, values: new Map([[node.inputs[0]!, rowsOf(node.name, shape)]]) };
  const [states] = node.outputs;
  if (!states) return undefined;
  const directions = directionsOf(node);
  const batchFirst = intAttribute(node, 'layout', 0) === 1;
  const given = node.inputs[initialState];
  const visitStates: VisitVectors = ({ data, dims }, { sample, most }, visit) => {
    // [steps, directions, batch, hidden] or [batch, steps, directions, hidden]; the given state has no steps.
    const isGiven = dims.length === 3;
    const batch = dims[batchFirst ? 0 : dims.length - 2]!;
    const steps = isGiven ? 1 : dims[batchFirst ? 1 : 0]!;
    const rows = isGiven ? batch : (steps - 1) * batch;
    const every = Math.max(1, Math.floor(rows / most));
    const vector = new Float64Array(length);
    let visited = 0;
    for (let row = sample % every; row < rows; row += every, visited++) {
      const [t, b] = [Math.floor(row / batch), row % batch];
      for (const [direction, way] of directions.entries()) {
        const step = way === 'forward' || isGiven ? t : t + 1;
        const outer = batchFirst ? b * steps + step : step;
        const from = batchFirst
          ? (outer * directions.length + direction) * length
          : ((outer * directions.length + direction) * batch + b) * length;
        for (let k = 0; k < length; k++) vector[k] = data[from + k]!;
        visit(row, direction, vector);
      }
    }
    return visited;
  };
  const values = new Map([[states, visitStates]]);
  if (given) values.set(given, visitStates);
  return { ...own, groups: directions.length, values };
}
