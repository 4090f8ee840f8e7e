import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { relativeError } from '../../onnxruntime.ts';
import { GraphBuilder, int, ints, randomNumbers, randomTensor, string } from './random-graph.ts';

const upTo = (max: number, min = 1) => fc.integer({ min, max });

it('ConvTranspose equals its reference evaluation, whatever stride, dilation, pads and groups, a Relu behind it included', async () => {
  const kernels = await loadKernels({ mode: 'strict' });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.integer({ min: 0, max: 1 << 30 }),
        spatial: fc.constantFrom(1, 2),
        batch: upTo(2),
        groups: upTo(3),
        channels: upTo(3),
        outputs: upTo(9),
        sizes: fc.tuple(upTo(6), upTo(6)),
        kernel: fc.tuple(upTo(5), upTo(5)),
        strides: fc.tuple(upTo(4), upTo(4)),
        dilation: upTo(2),
        pads: fc.tuple(upTo(2, 0), upTo(2, 0), upTo(2, 0), upTo(2, 0)),
        extra: upTo(2, 0),
        autoPad: fc.constantFrom('NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
        bias: fc.boolean(),
      }),
      async ({ seed, spatial, batch, groups, channels, outputs, bias, autoPad, ...given }) => {
        const own = <T>(list: readonly T[]) => list.slice(0, spatial);
        const strides = own(given.strides);
        // Kernels do strides and dilations one at a time.
        const dilations = strides.map((stride) => (stride > 1 ? 1 : given.dilation));
        const full = strides.map((stride, i) => {
          const extent = (given.kernel[i]! - 1) * dilations[i]! + 1;
          return stride * (given.sizes[i]! - 1) + Math.min(given.extra, stride - 1) + extent;
        });
        fc.pre(autoPad !== 'NOTSET' || full.every((size, i) => size > given.pads[i]! + given.pads[i + 2]!));
        const random = randomNumbers(seed);
        const builder = new GraphBuilder(13);
        const x = builder.input('x', [batch, groups * channels, ...own(given.sizes)]);
        const w = builder.constant(randomTensor([groups * channels, outputs, ...own(given.kernel)], random));
        const b = bias ? [builder.constant(randomTensor([groups * outputs], random))] : [];
        const y = builder.node('ConvTranspose', [x, w, ...b], {
          group: int(groups),
          strides: ints(strides),
          dilations: ints(dilations),
          output_padding: ints(strides.map((stride) => Math.min(given.extra, stride - 1))),
          ...(autoPad === 'NOTSET'
            ? { pads: ints([...own(given.pads), ...own(given.pads.slice(2))]) }
            : { auto_pad: string(autoPad) }),
        });
        const end = builder.node('Relu', [y]);
        const graph = builder.finish([end]);
        const inputs = new Map([['x', randomTensor(builder.dims(x), random)]]);
        const program = await compile(graph, { mode: 'strict', kernels });
        expect(program.report().map(({ how }) => how)).toEqual(['kernel', 'fused']);
        const got = (await program.run(inputs)).get(end)!;
        program.dispose();
        expect(relativeError(got, evaluateGraph(graph, inputs).get(end)!, 0.1)).toBeLessThan(1e-5);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
  kernels.dispose();
});
