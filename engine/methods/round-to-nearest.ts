import { type AffineParameters, quantizeTensor } from '../formats/affine.ts';
import { checkedObserver } from '../observers/registry.ts';
import { channelsOf } from './channels.ts';
import type { WeightMethod, WeightProblem } from './method.ts';

/** Every weight to the nearest code, ties to even; the range is the observer's choice per channel. */
export const roundToNearest: WeightMethod = {
  name: 'round-to-nearest',
  title: 'Round to nearest',
  description: 'Each weight goes to the nearest code. The observer chooses the range of every channel.',
  cost: 'One pass over the weights.',
  source: 'Jacob et al. 2018 (arXiv 1712.05877)',
  arguments: [],
  quantize(problem) {
    const parameters = weightParameters(problem);
    const scale = Float32Array.from(parameters, (own) => own.scale);
    const zeroPoint = Int32Array.from(parameters, (own) => own.zeroPoint);
    const codes = quantizeTensor(problem.values, problem.dims, {
      format: problem.format,
      scale,
      zeroPoint,
      range: problem.range,
      ...(problem.axis !== undefined && { axis: problem.axis }),
    });
    return { scale, zeroPoint, codes };
  },
};

/** The observer's parameters for every channel, scales raised to the least that the bias needs. */
export function weightParameters(problem: WeightProblem): AffineParameters[] {
  const { format, scheme, range } = problem;
  const observer = checkedObserver(problem.observer.name, problem.observer.arguments);
  return channelsOf(problem).map((values, channel): AffineParameters => {
    let own: AffineParameters;
    if (observer.direct) own = observer.direct(values, format, scheme, range, problem.observer.arguments);
    else {
      const state = observer.create(problem.observer.arguments);
      state.update(values);
      own = state.finish(format, scheme, range);
    }
    const least = problem.leastScale(channel);
    // A channel without weights is all bias: the finest scale represents it best.
    if (least > 0 && values.every((value) => value === 0)) return { ...own, scale: atLeast(least) };
    return own.scale >= least ? own : { ...own, scale: atLeast(least) };
  });
}

/** The smallest float32 that is no less than x. */
export function atLeast(x: number): number {
  const rounded = Math.fround(x);
  return rounded >= x ? rounded : Math.fround(x * (1 + 2 ** -23));
}
