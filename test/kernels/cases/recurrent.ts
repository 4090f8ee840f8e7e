import fc from 'fast-check';
import type { RecurrentActivation } from '../../../kernels/api.ts';
import { recurrentFunctions } from '../../../kernels/functions.ts';
import { gruCell, gruGates, lstmCell, rnnCell } from '../../../kernels/reference/recurrent.ts';
import { type AnyCase, floats, kernelCase, seeds, sizes, type Trial } from '../harness.ts';

const activations: fc.Arbitrary<RecurrentActivation> = fc.record({
  fn: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...recurrentFunctions) }, fc.constantFrom('sigmoid', 'tanh')),
  alpha: fc.constantFrom(0.3, 1),
  beta: fc.constantFrom(0.5, 1),
});

const cells = fc.record({
  seed: seeds,
  batch: sizes(3),
  hidden: sizes(19),
  clip: fc.constantFrom(undefined, 0.7),
  flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  functions: fc.tuple(activations, activations, activations),
});

/** Relaxed exponentials are fused. */
const relaxedTolerance = 2e-6;

export const lstmCellF32: AnyCase = kernelCase(
  cells,
  (bench, { seed, batch, hidden, clip, flags: [coupled, seesCell, started], functions }): Trial => {
    const count = batch * hidden;
    const gates = floats(seed, 4 * count, 3);
    const previous = started ? floats(seed + 1, count, 2) : new Float32Array(count);
    const peepholes = seesCell ? floats(seed + 2, 3 * hidden) : undefined;
    const [cell, output] = [bench.out(4 * count), bench.out(4 * count)];
    if (started) bench.ws.kernels.f32(cell, count).set(previous);
    const step = bench.ws.lstmCell({
      ...{ batch, hidden, clip, coupled, cell, output, activations: functions },
      gates: bench.put(gates),
      // In place, as a sequence does it.
      previous: started ? cell : undefined,
      peepholes: peepholes && bench.put(peepholes),
    });
    const expected = lstmCell({ hidden, gates, previous, peepholes, coupled, clip, activations: functions });
    return {
      step,
      results: [
        { address: cell, expected: expected.cell, relaxedTolerance },
        { address: output, expected: expected.output, relaxedTolerance },
      ],
    };
  },
);

export const gruCellF32: AnyCase = kernelCase(cells, (bench, { seed, batch, hidden, clip, functions }): Trial => {
  const count = batch * hidden;
  const [inputs, recurrent] = [floats(seed, 3 * count, 3), floats(seed + 1, 3 * count, 3)];
  const previous = floats(seed + 2, count);
  const [first, second] = functions;
  const output = bench.out(4 * count);
  const step = bench.ws.gruCell({
    ...{ batch, hidden, clip, output, activations: [first, second] },
    inputs: bench.put(inputs),
    recurrent: bench.put(recurrent),
    previous: bench.put(previous),
  });
  const expected = gruCell({ hidden, inputs, recurrent, previous, clip, activations: [first, second] });
  return { step, results: [{ address: output, expected, relaxedTolerance }] };
});

export const gruGatesF32: AnyCase = kernelCase(cells, (bench, { seed, batch, hidden, clip, functions }): Trial => {
  const count = batch * hidden;
  const gates = floats(seed, 2 * count, 3);
  const previous = floats(seed + 1, count);
  const [update, kept] = [bench.out(4 * count), bench.out(4 * count)];
  const [activation] = functions;
  const step = bench.ws.gruGates({
    ...{ batch, hidden, clip, update, kept, activation },
    gates: bench.put(gates),
    previous: bench.put(previous),
  });
  const expected = gruGates({ hidden, gates, previous, clip, activation });
  return {
    step,
    results: [
      { address: update, expected: expected.update, relaxedTolerance },
      { address: kept, expected: expected.kept, relaxedTolerance },
    ],
  };
});

export const rnnCellF32: AnyCase = kernelCase(
  cells,
  (bench, { seed, batch, hidden, clip, flags: [blended], functions: [activation] }): Trial => {
    const count = batch * hidden;
    const sums = floats(seed, count, 3);
    const gru = blended ? { update: floats(seed + 1, count), previous: floats(seed + 2, count) } : undefined;
    const output = bench.out(4 * count);
    const step = bench.ws.rnnCell({
      ...{ batch, hidden, clip, output, activation },
      sums: bench.put(sums),
      gru: gru && { update: bench.put(gru.update), previous: bench.put(gru.previous) },
    });
    return {
      step,
      results: [{ address: output, expected: rnnCell({ sums, gru, clip, activation }), relaxedTolerance }],
    };
  },
);
