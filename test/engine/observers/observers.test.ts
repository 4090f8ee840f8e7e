import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AffineParameters, dequantizeValue, quantizeValue } from '../../../engine/formats/affine.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { bestClip } from '../../../engine/observers/aciq.ts';
import { leastDivergence } from '../../../engine/observers/entropy.ts';
import { Histogram } from '../../../engine/observers/histogram.ts';
import { HistogramError, leastSquares } from '../../../engine/observers/mse.ts';
import type { Limits, Observer } from '../../../engine/observers/observer.ts';
import { createObserver, observers } from '../../../engine/observers/registry.ts';
import { leastCumulativeDivergence } from '../../../engine/observers/settle.ts';
import { normalSample } from './gaussian.ts';

const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e9), max: Math.fround(1e9) });
const values = fc.array(float, { minLength: 1, maxLength: 60 }).map((list) => Float32Array.from(list));
const [uint8, int8] = [formatNamed('uint8'), formatNamed('int8')];

function sqnr(sample: Float32Array, own: AffineParameters, range: readonly [number, number]): number {
  let [signal, noise] = [0, 0];
  for (const x of sample) {
    signal += x * x;
    noise += (x - dequantizeValue(quantizeValue(x, own, range), own)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

describe.each(observers.filter(({ ordered }) => !ordered).map(({ name }) => [name] as const))('observer %s', (name) => {
  it('chooses the same whatever the order, the portions and the threads', () => {
    fc.assert(
      fc.property(values, fc.nat(), fc.array(float, { maxLength: 20 }), (first, cut, more) => {
        const second = Float32Array.from(more);
        const one = createObserver(name);
        one.update(first);
        one.update(second);
        const [left, right] = [createObserver(name), createObserver(name)];
        right.update(second.toReversed());
        const at = cut % first.length;
        right.update(first.subarray(at));
        left.update(first.slice(0, at));
        left.merge(right);
        for (const format of [uint8, int8])
          for (const scheme of ['affine', 'symmetric'] as const)
            expect(left.finish(format, scheme)).toEqual(one.finish(format, scheme));
        expect(left.seen).toEqual(one.seen);
      }),
      { numRuns: ['mse', 'entropy', 'settle'].includes(name) ? 12 : 40 },
    );
  });
});

describe.each(observers.map((kind) => [kind.name] as const))('observer %s', (name) => {
  it('goes on from what was saved as if it had seen it', () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const [one, first, second] = [0, 1, 2].map(() => createObserver(name)) as [Observer, Observer, Observer];
        for (const sample of [before, after]) one.update(sample);
        first.update(before);
        second.restore(first.save());
        second.update(after);
        expect(second.save()).toEqual(one.save());
        expect(second.finish(uint8, 'affine')).toEqual(one.finish(uint8, 'affine'));
        expect(second.seen).toEqual(one.seen);
      }),
      { numRuns: 10 },
    );
  });

  it('copes with nothing, zeros, tiny, huge and non-finite values', () => {
    const awkward: readonly (readonly number[])[] = [
      [],
      [0, 0, 0],
      [1e-45],
      [-1e-40, 1e-42],
      [3.4e38, -3.4e38],
      [Number.NaN, Number.POSITIVE_INFINITY, 2],
      [5],
      [-5],
    ];
    for (const list of awkward) {
      const observer = createObserver(name);
      observer.update(Float32Array.from(list));
      for (const scheme of ['affine', 'symmetric'] as const) {
        const own = observer.finish(uint8, scheme);
        expect(own.scale).toBeGreaterThan(0);
        expect(own.scale).toBe(Math.fround(own.scale));
        expect(Number.isFinite(own.scale)).toBe(true);
        expect(own.zeroPoint).toBeGreaterThanOrEqual(0);
        expect(own.zeroPoint).toBeLessThanOrEqual(255);
      }
      expect(observer.seen.nonFinite).toBe(list.filter((x) => !Number.isFinite(x)).length);
    }
  });

  it('never clips a rectifier’s output at zero', () => {
    const observer = createObserver(name);
    observer.update(normalSample(5000).map((x) => Math.max(0, x)));
    expect(observer.finish(uint8, 'affine').zeroPoint).toBe(0);
    expect(observer.finish(int8, 'affine').zeroPoint).toBe(-128);
  });
});

describe('arguments', () => {
  it('are checked by name and bounds', () => {
    expect(() => createObserver('percentil')).toThrow(
      /no observer `percentil`.*min-max, moving-average, percentile, mse/,
    );
    expect(() => createObserver('percentile', { q: 1 })).toThrow(/no argument `q`.*It takes p/);
    expect(() => createObserver('percentile', { p: 101 })).toThrow(/outside 50 to 100/);
  });
});

describe('min-max with a margin', () => {
  const rangeOf = (values: number[], margin: number, limits?: Limits) => {
    const observer = createObserver('min-max', { margin });
    observer.update(Float32Array.from(values));
    const { scale, zeroPoint } = observer.finish(uint8, 'affine', undefined, limits);
    return [(0 - zeroPoint) * scale, (255 - zeroPoint) * scale];
  };

  it('covers so much more than what was seen, on the sides that the data has', () => {
    expect(rangeOf([0, 1, 4], 0.25)).toEqual([0, expect.closeTo(5, 5)]);
    const [low, high] = rangeOf([-4, 4], 0.25);
    expect(low).toBeCloseTo(-5, 1);
    expect(high).toBeCloseTo(5, 1);
    expect(rangeOf([2, 4], 0.25)).toEqual(rangeOf([0, 4], 0.25));
  });

  it('goes no further than what the tensor can hold, and covers what was seen all the same', () => {
    expect(rangeOf([0, 1, 4], 0.25, { min: 0, max: 4.5 })).toEqual([0, expect.closeTo(4.5, 5)]);
    expect(rangeOf([0, 1, 4], 0.25, { min: 0, max: 3 })).toEqual([0, expect.closeTo(4, 5)]);
    expect(rangeOf([-4, 4], 0.25, { min: -4, max: Number.POSITIVE_INFINITY })[0]).toBeCloseTo(-4, 1);
  });

  it('is `min-max` without one', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1 }), (values) => {
        const plain = createObserver('min-max');
        plain.update(Float32Array.from(values));
        const { scale, zeroPoint } = plain.finish(uint8, 'affine');
        expect(rangeOf(values, 0)).toEqual([(0 - zeroPoint) * scale, (255 - zeroPoint) * scale]);
      }),
    );
  });
});

describe('fixed', () => {
  it('gives back the scale and the zero point that a range was written for', () => {
    const scale = fc.float({ noNaN: true, min: Math.fround(1e-6), max: Math.fround(1e3) });
    fc.assert(
      fc.property(scale, fc.integer({ min: 0, max: 255 }), (s, zeroPoint) => {
        const observer = createObserver('fixed', { low: -zeroPoint * s, high: (255 - zeroPoint) * s });
        observer.update(Float32Array.of(-7e5, 9e5));
        expect(observer.finish(uint8, 'affine')).toEqual({ scale: s, zeroPoint });
      }),
    );
    const symmetric = createObserver('fixed', { low: -1.27, high: 1.27 });
    expect(symmetric.finish(int8, 'symmetric')).toEqual({ scale: Math.fround(0.01), zeroPoint: 0 });
  });

  it('takes no range that leaves zero out', () => {
    expect(() => createObserver('fixed', { low: 1 })).toThrow(/outside/);
    expect(() => createObserver('fixed', { high: -1 })).toThrow(/outside/);
  });
});

describe('histogram', () => {
  it('counts every value once and keeps its size while the range grows by 10⁴⁰', () => {
    const histogram = new Histogram();
    const size = histogram.counts.length;
    let seen = 0;
    for (const scale of [1e-30, 1, 1e10, 1e-3]) {
      histogram.update(normalSample(1000).map((x) => x * scale));
      seen += 1000;
    }
    expect(histogram.counts.length).toBe(size);
    expect(histogram.counts.reduce((sum, count) => sum + count, 0) + histogram.zeros).toBe(seen);
  });
  it('puts a value where its bin’s edges are around it', () => {
    fc.assert(
      fc.property(values, (list) => {
        const histogram = new Histogram();
        histogram.update(list);
        const before = Array.from(list)
          .filter((x) => x !== 0)
          .sort((a, b) => a - b);
        const counted: number[] = [];
        histogram.counts.forEach((count, bin) => {
          for (let i = 0; i < count; i++) counted.push(bin);
        });
        expect(counted.length).toBe(before.length);
        before.forEach((x, i) => {
          expect(histogram.edge(counted[i]!)).toBeLessThanOrEqual(x);
          expect(histogram.edge(counted[i]! + 1)).toBeGreaterThan(x);
        });
      }),
    );
  });
  it('finds quantiles to a bin’s width', () => {
    const histogram = new Histogram();
    histogram.update(normalSample(100_000));
    expect(histogram.quantile(0.5)).toBeCloseTo(0, 2);
    expect(histogram.quantile(0.9)).toBeCloseTo(1.2816, 2);
    expect(histogram.quantile(0.001)).toBeCloseTo(-3.0902, 2);
    expect(histogram.quantile(1)).toBe(histogram.seen.max);
  });
});

describe('percentile', () => {
  it('leaves one value in ten thousand out on either side', () => {
    const observer = createObserver('percentile', { p: 99.99 });
    observer.update(normalSample(100_000));
    const own = observer.finish(int8, 'symmetric');
    expect(own.scale * 127).toBeCloseTo(3.719, 1);
  });
});

describe('moving average', () => {
  it('is the average of what came before and after', () => {
    const sample = fc.array(float, { minLength: 1, maxLength: 5 }).map((list) => Float32Array.from(list));
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 6 }), fc.array(sample, { maxLength: 6 }), (before, after) => {
        const [one, first, second] = [0, 1, 2].map(() => createObserver('moving-average', { decay: 0.75 })) as [
          Observer,
          Observer,
          Observer,
        ];
        for (const values of [...before, ...after]) one.update(values);
        for (const values of before) first.update(values);
        for (const values of after) second.update(values);
        first.merge(second);
        const [whole, merged] = [one.finish(uint8, 'affine'), first.finish(uint8, 'affine')];
        expect(merged.scale / whole.scale).toBeCloseTo(1, 5);
        expect(first.seen).toEqual(one.seen);
      }),
    );
  });

  it('keeps as much of itself as its argument says', () => {
    const observer = createObserver('moving-average', { decay: 0.75 });
    for (const high of [8, 4, 12]) observer.update(Float32Array.of(0, high));
    // 8, then 0.75·8 + 0.25·4 = 7, then 0.75·7 + 0.25·12.
    expect(observer.finish(uint8, 'affine')).toEqual({ scale: Math.fround(8.25 / 255), zeroPoint: 0 });
  });
});

describe('aciq', () => {
  // Banner et al. 2019, section 3: α*/b of a Laplacian at 2, 3 and 4 bits; α*/σ of a Gaussian from the same section's equation.
  it.each([
    [2, 2.83, 1.71],
    [3, 3.89, 2.15],
    [4, 5.03, 2.55],
  ])('clips where the paper does at %d bits', (bits, laplacian, gaussian) => {
    expect(bestClip(Math.SQRT2, 1, 2 ** bits)).toBeCloseTo(laplacian, 1);
    expect(bestClip(1, Math.sqrt(2 / Math.PI), 2 ** bits)).toBeCloseTo(gaussian, 1);
  });

  it('tells a Gaussian from a Laplacian, and is within 0.4 dB of the best clip of each at 4 bits', () => {
    const laplacian = Float32Array.from({ length: 100_000 }, (_, i) => {
      const p = (i + 0.5) / 100_000;
      return p < 0.5 ? Math.log(2 * p) : -Math.log(2 - 2 * p);
    });
    const int4 = formatNamed('int4');
    for (const sample of [normalSample(100_000), laplacian]) {
      const [own, best] = ['aciq', 'mse'].map((name) => {
        const observer = createObserver(name);
        observer.update(sample);
        return sqnr(sample, observer.finish(int4, 'symmetric'), [-8, 7]);
      }) as [number, number];
      expect(own).toBeGreaterThan(best - 0.4);
    }
  });
});

describe('settle', () => {
  // METHODS A1: Gaussian quantiles, N = 10⁵, 8 bits, 317 bins.
  it('finds the threshold of a Gaussian: 4.006 of 4.417', () => {
    const sample = normalSample(100_000).map(Math.abs);
    const max = sample.reduce((most, x) => Math.max(most, x), 0);
    const counts = new Float64Array(317);
    for (const x of sample) counts[Math.min(316, Math.floor((x / max) * 317))]!++;
    expect((leastCumulativeDivergence(counts, 128)! + 0.5) * (max / 317)).toBeCloseTo(4.006, 3);
  });

  it('finds it in a stream, to what the bins of that are wide', () => {
    const sample = normalSample(100_000);
    const observer = createObserver('settle');
    observer.update(sample);
    const own = observer.finish(int8, 'symmetric');
    expect(Math.abs(own.scale * 127 - 4.006)).toBeLessThan(0.1);
    expect(sqnr(sample, own, [-127, 127])).toBeGreaterThan(40.5);
  });

  it('leaves five outliers of a rectified Gaussian out', () => {
    const sample = normalSample(100_000).map((x, i) => (i < 5 ? 40 : Math.max(0, x)));
    const observer = createObserver('settle');
    observer.update(sample);
    expect(observer.finish(int8, 'symmetric').scale * 127).toBeLessThan(20);
  });
});

describe('entropy', () => {
  /** The definition, bin by bin. */
  function divergence(counts: readonly number[], end: number, levels: number): number {
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    const [total, kept] = [sum(counts), sum(counts.slice(0, end))];
    const level = (bin: number) =>
      Array.from({ length: levels }, (_, i) => Math.floor((i * end) / levels)).findLastIndex((from) => from <= bin);
    return sum(
      counts.slice(0, end).map((count, bin, inside) => {
        const others = inside.filter((_, other) => level(other) === level(bin));
        const p = (bin === end - 1 ? count + total - kept : count) / total;
        const q = count === 0 ? 1e-4 : sum(others) / others.filter((other) => other > 0).length / kept;
        return p === 0 ? 0 : p * Math.log(p / q);
      }),
    );
  }

  it('finds a threshold of least divergence', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0, 0, 1, 2, 7, 400), { minLength: 12, maxLength: 30 }),
        fc.integer({ min: 2, max: 8 }),
        (bins, levels) => {
          const counts = [...bins, 3];
          const ends = counts.flatMap((_, i) => {
            const end = i + 1;
            return end >= levels && counts.slice(0, end).some((count) => count > 0) ? [end] : [];
          });
          const least = Math.min(...ends.map((end) => divergence(counts, end, levels)));
          const found = leastDivergence(Float64Array.from(counts), levels);
          expect(divergence(counts, found, levels)).toBeLessThan(least + 1e-9);
        },
      ),
    );
  });

  it('keeps a Gaussian’s bulk at 8 bits and clips at 4', () => {
    const observer = createObserver('entropy');
    observer.update(normalSample(100_000));
    expect(observer.finish(int8, 'symmetric').scale * 127).toBeGreaterThan(3.4);
    const clip = observer.finish(formatNamed('int4'), 'symmetric').scale * 7;
    expect(clip).toBeGreaterThan(1.8);
    expect(clip).toBeLessThan(3.9);
  });

  it('leaves a lone outlier out', () => {
    const observer = createObserver('entropy');
    observer.update(normalSample(100_000));
    observer.update(Float32Array.of(400));
    expect(observer.finish(int8, 'symmetric').scale * 127).toBeLessThan(100);
  });

  it('keeps everything where there are fewer values than codes', () => {
    const observer = createObserver('entropy');
    observer.update(Float32Array.of(-1, 0.5, 2));
    expect(observer.finish(int8, 'symmetric').scale).toBe(Math.fround(2 / 127));
  });
});

describe('mse', () => {
  it('knows the error of any parameters to within what the bins blur', () => {
    const sample = normalSample(20_000);
    const histogram = new Histogram();
    histogram.update(sample);
    const error = new HistogramError(histogram);
    for (const scale of [0.005, 0.03, 0.1]) {
      for (const zeroPoint of [-30, 0, 17]) {
        const own = { scale: Math.fround(scale), zeroPoint };
        const exact = sample.reduce(
          (sum, x) => sum + (x - dequantizeValue(quantizeValue(x, own, [-128, 127]), own)) ** 2,
          0,
        );
        expect(error.of(own, [-128, 127])).toBeGreaterThan(exact * 0.97);
        expect(error.of(own, [-128, 127])).toBeLessThan(exact * 1.03);
      }
    }
  });

  // METHODS 0.1: least mean squared error of N(0, 1) on the symmetric grid of 2^b − 1 levels.
  it.each([
    [2, 1.224, 7.208],
    [3, 0.6508, 13.292],
    [4, 0.3534, 18.898],
    [5, 0.1932, 24.326],
    [6, 0.1055, 29.718],
    [8, 0.0309, 40.54],
  ])('finds the best %d-bit symmetric step of a Gaussian', (bits, step, decibels) => {
    const sample = normalSample(100_000);
    const observer = createObserver('mse');
    observer.update(sample);
    const format = formatNamed(`int${bits}`);
    const range = [-format.high, format.high] as const;
    const own = observer.finish(format, 'symmetric', range);
    expect(Math.abs(own.scale / step - 1)).toBeLessThan(0.02);
    const found = sqnr(sample, own, range);
    // A finite sample lacks the far tail, which tells at 8 bits.
    expect(Math.abs(found - decibels)).toBeLessThan(bits === 8 ? 0.12 : 0.05);
    for (let factor = 0.9; factor < 1.1; factor += 0.01) {
      const other = { scale: Math.fround(own.scale * factor), zeroPoint: 0 };
      expect(found).toBeGreaterThan(sqnr(sample, other, range) - 0.02);
    }
  });

  // The half-normal on b unsigned bits is the normal on b + 1 symmetric ones.
  it.each([
    [2, 13.292],
    [3, 18.898],
  ])('finds the best %d-bit unsigned step of a rectified Gaussian', (bits, decibels) => {
    const sample = normalSample(100_000).map(Math.abs);
    const observer = createObserver('mse');
    observer.update(sample);
    const format = formatNamed(`uint${bits}`);
    const own = observer.finish(format, 'affine');
    expect(own.zeroPoint).toBe(0);
    expect(Math.abs(sqnr(sample, own, [format.low, format.high]) - decibels)).toBeLessThan(0.05);
  });

  it('is as good as trying every pair of ends of a coarse grid', () => {
    // A skewed sample with outliers on both sides.
    const sample = normalSample(4000).map((x, i) => (i % 500 === 0 ? 9 * x : x > 0 ? x * x : x / 2));
    const histogram = new Histogram();
    histogram.update(sample);
    const error = new HistogramError(histogram);
    const format = formatNamed('uint4');
    const range = [0, 15] as const;
    const found = error.of(leastSquares(histogram, format, 'affine'), range);
    const { min, max } = histogram.seen;
    for (let i = 1; i <= 60; i++) {
      for (let j = 1; j <= 60; j++) {
        const [from, to] = [(min * i) / 60, (max * j) / 60];
        const scale = Math.fround((to - from) / 15);
        const own = { scale, zeroPoint: Math.round(-from / scale) };
        expect(found).toBeLessThanOrEqual(error.of(own, range) * 1.02);
      }
    }
  });
});
