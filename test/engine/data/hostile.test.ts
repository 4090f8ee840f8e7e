import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../engine/data/crc32.ts';
import { decodeImage } from '../../../engine/data/image.ts';
import { readNpy, writeNpy } from '../../../engine/data/numpy.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { parseSplit } from '../../../engine/data/splits.ts';
import { FindingError } from '../../../engine/findings.ts';
import { golden, goldenArrays } from './support/goldens.ts';
import { memoryHost } from './support/memory-host.ts';
import { bytes, counting, dataSource, floats, npz } from './support/sources.ts';

/**
 * Damaged files: whatever bytes change, the answer is a result or one finding, never another error, and never an
 * allocation out of proportion (each golden is some kB; what a reader may claim for it is bounded by its formats).
 */
interface Damage {
  readonly at: number;
  readonly value: number;
  readonly kind: 'set' | 'flip' | 'cut' | 'insert' | 'zero';
}

const damages = fc.array(
  fc.record<Damage>({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.integer({ min: 0, max: 255 }),
    kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'zero'),
  }),
  { minLength: 1, maxLength: 4 },
);

function damage(file: Uint8Array, list: readonly Damage[]): Uint8Array {
  let out = Uint8Array.from(file);
  for (const { at, value, kind } of list) {
    const place = Math.floor(at * Math.max(0, out.length - 1));
    if (kind === 'set') out[place] = value;
    else if (kind === 'flip') out[place] = out[place]! ^ (1 << (value & 7));
    else if (kind === 'zero') out.fill(0, place, place + (value & 15));
    else if (kind === 'cut') out = out.slice(0, place);
    else out = Uint8Array.from([...out.subarray(0, place), value, ...out.subarray(place)]);
  }
  return out;
}

/** Makes the checksums of a PNG right again, so that the damage behind them is met. */
function withChecksums(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > file.length) break;
    view.setUint32(end - 4, crc32(file.subarray(at + 4, end - 4)));
    at = end;
  }
  return file;
}

async function endsWell(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    expect(error.finding.what.length).toBeLessThan(1000);
  }
}

/** The same damage on every run; `QSPEC_FUZZ=20000` tries as many others. */
const more = Number(process.env['QSPEC_FUZZ'] ?? 0);
const runs = more > 0 ? { numRuns: more } : { numRuns: 150, seed: 1 };

describe('damaged images', async () => {
  const jpegs = await goldenArrays('jpeg.npz');
  const pngs = await goldenArrays('png.npz');
  const files: Record<string, Uint8Array> = {};
  for (const name of [
    'baseline-420-19x21',
    'progressive-420-19x21',
    'baseline-restart',
    'progressive-cmyk',
    'progressive-gray',
  ]) {
    files[name] = jpegs.get(`${name}.file`)!.data as Uint8Array;
  }
  for (const name of ['palette-4', 'rgba-16-interlaced', 'gray-1', 'rgb-pillow']) {
    files[name] = pngs.get(`${name}.file`)!.data as Uint8Array;
  }
  it.each(Object.keys(files))('%s', async (name) => {
    await fc.assert(
      fc.asyncProperty(damages, (list) => endsWell(() => decodeImage(withChecksums(damage(files[name]!, list)), name))),
      runs,
    );
  });
});

describe('damaged arrays and archives', () => {
  const npy = writeNpy(floats([3, 4], counting(12)));
  const images = npz({ x: bytes([4, 2, 2, 3], counting(48)), y: bytes([4], [0, 1, 2, 1]) });

  it('npy', async () => {
    await fc.assert(
      fc.asyncProperty(damages, (list) => endsWell(() => readNpy(damage(npy, list)))),
      runs,
    );
  });

  it.each([
    ['an npz of ours', images, 'x'],
    ['a stored npz of numpy', golden('arrays.npz'), 'uint8'],
    ['a deflated npz of numpy', golden('arrays-deflated.npz'), 'float32'],
  ])('%s', async (_, file, array) => {
    await fc.assert(
      fc.asyncProperty(damages, (list) =>
        endsWell(async () => {
          const host = memoryHost({ '/data.npz': damage(file, list) });
          const set = await openDataset(dataSource({ array, labels: { kind: 'array', array: 'y', offset: 0 } }), host);
          for (const index of counting(Math.min(set.length, 5))) await set.sample(index);
        }),
      ),
      runs,
    );
  });

  it('split files', async () => {
    const split = new TextEncoder().encode(
      '{"format":"qspec-split","version":1,"source":{"file":"x","samples":9},"parts":{"a":[1,2],"b":[3,8]}}',
    );
    await fc.assert(
      fc.asyncProperty(damages, (list) =>
        endsWell(() => parseSplit(new TextDecoder().decode(damage(split, list)), 'split.json')),
      ),
      runs,
    );
  });
});

describe('names from files', () => {
  it('are never taken for paths: an archive may call its array what it likes', async () => {
    const host = memoryHost({
      '/data.npz': npz({ '../../etc/passwd': floats([2, 1], [1, 2]), __proto__x: floats([1], [1]) }),
    });
    const set = await openDataset(dataSource({ array: '../../etc/passwd' }), host);
    expect((await set.sample(1)).get('input')).toEqual(floats([1, 1], [2]));
    expect([...host.read.keys()]).toEqual(['/data.npz']);
  });
});
