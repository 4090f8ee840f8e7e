import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { hasShared, shared } from '../../shared.ts';
import { random } from '../quantize/small.ts';
import { context } from './quiet-context.ts';

/** From a spec to a verified model: recurrent networks of the catalog, quantised weight-only. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-recurrent-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(model: string, statements: string) {
  const path = join(folder, 'm.qspec');
  writeFileSync(path, `qspec 1\nmodel "${shared('models', `${model}.onnx`)}"\n${statements}\nexport onnx qdq "m.onnx"`);
  const { job, findings } = jobOf(await openSpec(path));
  if (job === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  const few = { evaluationSamples: 300, layerSamples: 1, agreementSamples: 4, verifySamples: 4 };
  return (await quantizeJob(job, context, { write: false, ...few })).report;
}

const digits = (block: string) =>
  `npz "${shared('data', 'mnist_t10k.npz')}" { array x  labels y  scale 1/255  ${block} }`;

const samples = 12;

/** Made-up samples by the names of a model's inputs, as the data of a spec: what readings agree on needs no meaning. */
function noise(inputs: Readonly<Record<string, readonly number[]>>): string {
  const files = Object.entries(inputs).map(([name, dims], i) => {
    const { data } = random(i + 1, [samples, ...dims]);
    return [`${name}.npy`, writeNpy({ dtype: 'float32', dims: [samples, ...dims], data: data as Float32Array })];
  });
  writeFileSync(join(folder, 'noise.npz'), zipSync(Object.fromEntries(files), { level: 0 }));
  const names = Object.keys(inputs);
  const array = names.length === 1 ? `array ${names[0]}` : '';
  return ['calibration', 'validation']
    .map((name, i) => `data ${name} npz "noise.npz" { ${array} skip ${i * 6} take 6 }`)
    .join('\n');
}

describe.skipIf(!hasShared)('recurrent networks in codes (needs shared models)', () => {
  it.each([
    ['arm_kws_gru_s_fp32', 'int8', { input: [250] }],
    ['arm_kws_gru_s_fp32', 'int4', { input: [250] }],
    ['dtln_1_lstm', 'int8', { input_2: [1, 257], input_3: [2, 128, 2] }],
    ['keras_lstm_mnist_ptq_fp32', 'int4 per-group(8)', { input: [28, 28] }],
  ])(
    '%s, weights %s: our execution and ONNX Runtime agree, optimised and as written',
    async (model, weights, inputs) => {
      const { verification, layers } = await run(model, `${noise(inputs)}\nquantize { weights ${weights} }`);
      const recurrent = layers.filter(({ op }) => op === 'GRU' || op === 'LSTM');
      expect(new Set(recurrent.map(({ weight }) => weight))).toEqual(new Set([weights.split(' ')[0]]));
      const { levels, betweenLevels, integerExecution } = verification!;
      expect(levels.map(({ level }) => level)).toEqual(['all', 'disabled']);
      // What is left are sums in another order.
      for (const { sqnr } of [betweenLevels!, integerExecution!]) expect(sqnr).toBeGreaterThan(100);
    },
  );

  it('coordinate descent keeps what the digits of an LSTM are taken for, with 4 bits', async () => {
    const data = `data calibration ${digits('take 50')}\ndata validation ${digits('skip 5000 take 300')}`;
    const loss = async (method: string) => {
      const { accuracy, findings } = await run(
        'keras_lstm_mnist_ptq_fp32',
        `${data}\nquantize { weights int8 layers op LSTM { weights int4 ${method} } }`,
      );
      expect(findings.filter(({ code }) => code === 'quantize/method-fallback')).toEqual([]);
      return accuracy!.metrics;
    };
    const [rounded, chosen] = [await loss(''), await loss('using coordinate-descent')];
    expect(chosen.sqnr).toBeGreaterThan(rounded.sqnr + 2);
    const { candidate, reference } = chosen.labelled!;
    expect(reference.top1 - candidate.top1).toBeLessThan(0.02);
  });

  it('those inside the bodies of an If stay float, and a network that has no others is refused', async () => {
    await expect(run('silero_vad', 'quantize { weights int8 }')).rejects.toMatchObject({
      finding: { code: 'quantize/nothing', why: expect.stringContaining('bodies of If') },
    });
  });
});
