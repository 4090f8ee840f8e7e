import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { MeasurementCache } from '../../../engine/measurements/cache.ts';
import { hostFolder } from '../../../engine/measurements/host-folder.ts';
import { StatisticsFiles } from '../../../engine/measurements/statistics-files.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-statistics-'));
  for (const name of ['digits.onnx', 'digits.npz', 'splits.json'])
    copyFileSync(join(root, 'examples', 'digits', name), join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cache = () => hostFolder(nodeHost(), join(folder, 'cache'));
const data = 'npz "digits.npz" { array x  labels y  scale 1/16  split "splits.json" part calibration  take 40 }';
const quantize = (observer: string, weights = 'weights int8 symmetric per-channel') =>
  `quantize { ${weights}  activations uint8 observe ${observer} }`;

/**
 * Carries out a spec; gives the model that it writes, how many samples were run through the float network for statistics, and how
 * often trials of a recipe told of themselves.
 */
async function run(lines: readonly string[], options: { readonly kept?: boolean; readonly version?: string } = {}) {
  const spec = join(folder, 'own.qspec');
  writeFileSync(spec, ['qspec 1', 'model "digits.onnx"', ...lines, 'export onnx qdq "out.onnx"', ''].join('\n'));
  const { job, findings } = jobOf(await openSpec(spec));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  let samples = 0;
  let tried = 0;
  const context = {
    host: nodeHost(),
    progress: {
      signal: new AbortController().signal,
      report: (stage: string) => {
        if (stage === 'Calibrating') samples++;
        if (stage === 'Trying settings') tried++;
      },
    },
    threads: 1,
    toolVersion: options.version ?? 'test',
    ...(options.kept !== false && { statistics: new StatisticsFiles(cache()) }),
  };
  await quantizeJob(job!, context, { write: true, evaluationSamples: 0, layerSamples: 0 });
  const { metadata_props, ...model } = decodeModel(new Uint8Array(readFileSync(join(folder, 'out.onnx'))));
  const provenance = metadata_props.filter(({ key }) => key !== 'qspec.spec.sha256');
  return { samples, tried, model: encodeModel({ ...model, metadata_props: provenance } as never) };
}

const fourBits = 'weights int4 symmetric per-channel using coordinate-descent';
const calibration = `data calibration ${data}`;

describe('statistics of calibration that were kept', () => {
  it('give the same bytes, and the float network is not run', async () => {
    const plain = await run([calibration, quantize('mse')], { kept: false });
    const cold = await run([calibration, quantize('mse')]);
    const warm = await run([calibration, quantize('mse')]);
    expect([plain.samples, cold.samples, warm.samples]).toEqual([40, 40, 0]);
    expect(cold.model).toEqual(plain.model);
    expect(warm.model).toEqual(plain.model);
  });

  it.each([
    ['another observer of the same histogram', quantize('percentile(p = 99)')],
    ['the extremes of a histogram', quantize('min-max')],
    ['other formats', 'quantize { weights int4  activations int8 symmetric observe entropy }'],
    ['another rule', `${quantize('mse')}\nexpect size <= 1 MiB`],
  ])('serve %s', async (_what, rules) => {
    await run([calibration, quantize('mse')]);
    const after = await run([calibration, rules]);
    expect(after.samples).toBe(0);
    expect(after.model).toEqual((await run([calibration, rules], { kept: false })).model);
  });

  it.each([
    ['averages of each sample’s extremes', 1, quantize('moving-average')],
    ['moments of inputs', 1, quantize('min-max', `${fourBits}(equalize = 0)`)],
    ['moments, and the ranges of channels before them', 2, quantize('mse', fourBits)],
  ])('hold %s', async (_what, passes, rules) => {
    const plain = await run([calibration, rules], { kept: false });
    await run([calibration, rules]);
    const warm = await run([calibration, rules]);
    expect([plain.samples, warm.samples]).toEqual([40 * passes, 0]);
    expect(warm.model).toEqual(plain.model);
  });

  it('are gathered for what a changed rule adds, and only for that', async () => {
    await run([calibration, quantize('mse')]);
    const rules = quantize('mse').replace(/\}$/, 'layers "conv2" { outputs uint8 observe moving-average } }');
    const after = await run([calibration, rules]);
    expect(after.samples).toBe(40);
    expect(after.model).toEqual((await run([calibration, rules], { kept: false })).model);
    // What was there stays.
    expect((await run([calibration, quantize('mse')])).samples).toBe(0);
  });

  it.each<[string, () => void, (readonly string[] | undefined)?, string?]>([
    ['other samples', () => {}, [calibration.replace('take 40', 'take 40 seed 2'), quantize('mse')]],
    ['another preprocessing', () => {}, [calibration.replace('1/16', '1/17'), quantize('mse')]],
    ['other passes', () => {}, [calibration, 'passes fold-constants', quantize('mse')]],
    ['pruning', () => {}, [calibration, 'prune { sparsity 30 % }', quantize('mse')]],
    ['another weight in the model', () => changeOneWeight(join(folder, 'digits.onnx'))],
    ['another version of the engine', () => {}, undefined, 'later'],
    ['a damaged file', () => damage(join(folder, 'cache'))],
  ])('do not serve %s', async (_what, change, lines = [calibration, quantize('mse')], version = 'test') => {
    await run([calibration, quantize('mse')]);
    change();
    const after = await run(lines, { version });
    expect(after.samples).toBe(40);
    expect(after.model).toEqual((await run(lines, { version, kept: false })).model);
  });

  it('are cleared with the measurements', async () => {
    await run([calibration, quantize('mse')]);
    expect(await new MeasurementCache(cache()).clear()).toBe(1);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
    expect((await run([calibration, quantize('mse')])).samples).toBe(40);
  });

  it('may be where nothing can be written', async () => {
    writeFileSync(join(folder, 'cache'), 'a file in the way');
    const first = await run([calibration, quantize('mse')]);
    expect(first.samples).toBe(40);
  });

  it('of one trial serve the next within `quantize auto`', async () => {
    // So many that one part of them judges.
    const auto = [calibration.replace('take 40', 'take 100'), 'quantize auto { weights int8  activations uint8 }'];
    const cold = await run(auto);
    // Once for the ranges of channels, once for all else.
    expect(cold.samples).toBe(200);
    const warm = await run(auto);
    expect(warm.samples).toBe(0);
    // What trials gather is kept too: most of what they tell of is calibration.
    expect(warm.tried).toBeLessThan(cold.tried - 75);
    expect(warm.model).toEqual(cold.model);
  });
});

function changeOneWeight(path: string): void {
  const model = decodeModel(new Uint8Array(readFileSync(path)));
  const weight = model.graph!.initializer.find(
    ({ raw_data, dims }) => dims.length === 4 && (raw_data?.length ?? 0) > 0,
  )!;
  weight.raw_data![2]! ^= 1;
  writeFileSync(path, encodeModel(model));
}

function damage(folder: string): void {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    bytes[bytes.length >> 1]! ^= 4;
    writeFileSync(join(folder, name), bytes);
  }
}
