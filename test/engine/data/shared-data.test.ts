import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calibrationSize, generateSplits, seeds, splitRequests } from '../../../bench/splits/generate.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { parseSplit } from '../../../engine/data/splits.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { sha256 } from '../../../engine/hash.ts';
import type { DataSource } from '../../../engine/plan.ts';
import { hasShared, root, sharedFolder } from '../../shared.ts';
import { dataSource } from './support/sources.ts';

const folder = join(root, 'bench', 'splits');
const committed = (name: string) => parseSplit(readFileSync(join(folder, name), 'utf8'), name);

describe('the committed splits', () => {
  it.each(splitRequests.flatMap(({ name, evaluates }) => seeds.map((seed) => [name, seed, evaluates] as const)))(
    '%s, draw %i: 100 calibrate, all the rest evaluates',
    (name, seed, evaluates) => {
      const split = committed(`${name}.draw${seed}.json`);
      const { calibration, validation = [] } = split.parts;
      expect(split.seed).toBe(seed);
      expect(calibration).toHaveLength(calibrationSize);
      if (!evaluates) return;
      const copies = name === 'kws01' ? 6 : 0;
      expect(validation).toHaveLength(split.source.samples - copies - calibrationSize);
    },
  );

  it.each(splitRequests.filter(({ evaluates }) => evaluates).map(({ name }) => name))(
    '%s: what is common to all draws calibrates in none',
    (name) => {
      const common = new Set(committed(`${name}.common.json`).parts['validation']);
      expect(common.size).toBeGreaterThan(150);
      for (const seed of seeds) {
        const { calibration, validation } = committed(`${name}.draw${seed}.json`).parts;
        expect(calibration!.some((index) => common.has(index))).toBe(false);
        expect([...common].every((index) => validation!.includes(index))).toBe(true);
      }
    },
  );

  it('draw otherwise for every seed', () => {
    const draws = seeds.map((seed) => committed(`vww01a.draw${seed}.json`).parts['calibration']!.join());
    expect(new Set(draws).size).toBe(seeds.length);
  });
});

describe.skipIf(!hasShared)('the splits (needs shared data)', () => {
  it.each(splitRequests)('$name comes out of the generator as committed', async (request) => {
    const files = await generateSplits(request, join(sharedFolder, 'data'));
    expect(files.size).toBe(seeds.length + (request.evaluates ? 1 : 0));
    for (const [name, text] of files) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text);
  });

  it.each([
    ['kws01', 'mlperf_tiny_kws01.npz', 'x_int8', 12],
    ['vww01a', 'mlperf_tiny_vww01_a.npz', 'x', 2],
    ['cifar10-calib', 'cifar10_calib1000_trainjpeg.npz', 'x', 10],
  ] as const)('%s has every class in every draw, and no copies', async (name, file, array, classes) => {
    for (const seed of seeds) {
      const set = await openDataset(
        dataSource({
          path: join(sharedFolder, 'data', file),
          array,
          labels: { kind: 'array', array: 'y', offset: 0 },
          split: { path: join(folder, `${name}.draw${seed}.json`) },
        }),
        nodeHost(),
      );
      expect(set.findings).toEqual([]);
      expect(new Set(set.labels).size).toBe(classes);
    }
  });
});

describe.skipIf(!hasShared)('the data of the catalog (needs shared data)', () => {
  const at = (file: string, fields: Partial<DataSource>) =>
    openDataset(dataSource({ path: join(sharedFolder, 'data', file), ...fields }), nodeHost());

  it('keyword spotting has six copies', async () => {
    const set = await at('mlperf_tiny_kws01.npz', { array: 'x_int8', scale: 0.5847029, mean: [48.5303407] });
    expect(set.length).toBe(1000);
    expect(set.findings.map(({ code, what }) => [code, what.slice(0, 14)])).toEqual([
      ['data/duplicates', '6 of the 1000 '],
    ]);
    expect((await set.sample(0)).get('input')!.dims).toEqual([1, 49, 10]);
  });

  it('draws all classes from a file that is sorted by class', async () => {
    const labels = { kind: 'array', array: 'y', offset: 0 } as const;
    const set = await at('cifar10_calib1000_trainjpeg.npz', { array: 'x', labels, take: 100, seed: 1 });
    for (let label = 0; label < 10; label++) {
      expect(set.labels!.filter((other) => other === label)).toHaveLength(10);
    }
    expect(set.findings).toEqual([]);
  });

  it('decodes all 500 ImageNet pictures to the pixels that Pillow decodes', async () => {
    const set = await at('imagenet_sample500_even_jpeg256.npz', { array: 'jpeg', offsets: 'offsets' });
    expect(set.length).toBe(500);
    const parts: Uint8Array[] = [];
    for (let index = 0; index < set.length; index++) {
      parts.push(Uint8Array.from((await set.sample(index)).get('input')!.data as Float32Array));
    }
    // SHA-256 of numpy.array(Image.open(…).convert("RGB")) of each picture in order, Pillow 13.0.0.
    expect(sha256(...parts)).toBe('d04f0951aba629fe1ef39e0e82bcfeaed38d7084938728636a2eee817300de21');
  });

  it('holds one compressed picture at a time', async () => {
    const host = nodeHost();
    let most = 0;
    const watching = {
      ...host,
      readRange: async (path: string, offset: number, length: number) => {
        most = Math.max(most, length);
        return host.readRange(path, offset, length);
      },
      readFile: () => Promise.reject(new Error('the file must not be read whole')),
    };
    const path = join(sharedFolder, 'data', 'imagenet_sample500_even_jpeg256.npz');
    const set = await openDataset(dataSource({ path, array: 'jpeg', offsets: 'offsets' }), watching);
    await set.sample(499);
    expect(most).toBeLessThan(100_000);
  });
});
