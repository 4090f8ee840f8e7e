import type { Parameters } from '../formats/format.ts';
import { encodeTensor, packParameters } from '../formats/held-tensor.ts';
import { withScales } from '../formats/scales.ts';
import { checkedObserver } from '../observers/registry.ts';
import { channelsOf } from './channels.ts';
import type { WeightCodes, WeightMethod, WeightProblem } from './method.ts';

/** Every weight to the nearest code, ties to even; the range is the observer's choice per channel. */
export const roundToNearest: WeightMethod = {
  name: 'round-to-nearest',
  title: 'Round to nearest',
  description:
    'Each weight goes to the nearest code. The observer, or the format itself, chooses the parameters of every channel.',
  cost: 'One pass over the weights.',
  source: 'Jacob et al. 2018 (arXiv 1712.05877)',
  arguments: [],
  anyFormat: true,
  quantize(problem) {
    return nearestCodes(problem, weightParameters(problem));
  },
};

/** Every weight to the nearest code of its channel's or block's parameters. */
export function nearestCodes(problem: WeightProblem, parameters: readonly Parameters[]): WeightCodes {
  const packed = packParameters(problem.format, parameters);
  const { values, dims, format, range, axis, blocks } = problem;
  const coding = { ...packed, range, ...(axis !== undefined && { axis }), ...(blocks !== undefined && { blocks }) };
  return { ...packed, codes: encodeTensor(format, values, dims, coding, parameters) };
}

/** The format's or the observer's parameters for every channel, scales raised to the least that the bias needs. */
export function weightParameters(problem: WeightProblem): Parameters[] {
  const { format } = problem;
  const parameters = channelsOf(problem).map((values, channel): Parameters => {
    const own = format.fit ? format.fit(values) : observed(values, problem);
    const least = problem.leastScale(channel);
    // A channel without weights is all bias: the finest scale represents it best.
    if (least > 0 && values.every((value) => value === 0)) return { ...own, scale: atLeast(least) };
    return own.scale >= least ? own : { ...own, scale: atLeast(least) };
  });
  // A format that says what its scales are has no others.
  return format.scaleBits === undefined ? withScales(parameters, problem.scale, problem.range) : parameters;
}

function observed(values: Float32Array, { format, scheme, range, observer: wanted }: WeightProblem): Parameters {
  const observer = checkedObserver(wanted.name, wanted.arguments);
  if (observer.direct) return observer.direct(values, format, scheme, range, wanted.arguments);
  const state = observer.create(wanted.arguments);
  state.update(values);
  return state.finish(format, scheme, range);
}

/** The smallest float32 that is no less than x. */
export function atLeast(x: number): number {
  const rounded = Math.fround(x);
  return rounded >= x ? rounded : Math.fround(x * (1 + 2 ** -23));
}
