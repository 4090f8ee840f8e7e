import { decodeTensor } from '../formats/held-tensor.ts';
import { channelsOf } from './channels.ts';
import type { InputMeans, WeightCodes, WeightProblem } from './method.ts';

/** −E[(ŵ − w)·x] of each output channel: what takes the mean error of its codes away when it is added to the bias. */
export function meanError(
  { values, dims, outputAxis, range, axis, blocks, format }: WeightProblem,
  chosen: WeightCodes,
  means: InputMeans,
): Float64Array {
  const coding = { ...chosen, range, ...(axis !== undefined && { axis }), ...(blocks !== undefined && { blocks }) };
  const held = decodeTensor(chosen.codes, dims, { ...coding, format: format.name });
  const changes = channelsOf({ values: held.map((value, at) => value - values[at]!), dims, axis: outputAxis });
  return Float64Array.from(changes, (change, output) => {
    const mean = means.mean(Math.floor((output * means.groups) / changes.length));
    return -change.reduce((sum, own, k) => sum + own * mean[k]!, 0);
  });
}
