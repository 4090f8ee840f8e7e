// Divides the digits into train, calibration and test parts: `node examples/digits/split.ts` writes splits.json.
import { join } from 'node:path';
import { drawSample } from '../../engine/data/sampling.ts';
import type { SplitFile } from '../../engine/data/splits.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { replaceFile } from '../../engine/files/replace.ts';
import { loadDigits } from './data.ts';

const seed = 20250117;
const { labels } = await loadDigits();
const classOf = (index: number) => labels[index]!;

const all = Array.from(labels, (_, index) => index);
const test = drawSample(all, 450, seed, classOf);
const rest = all.filter((index) => !test.includes(index));
const calibration = drawSample(rest, 200, seed + 1, classOf);
const train = rest.filter((index) => !calibration.includes(index));

const split: SplitFile = {
  format: 'qspec-split',
  version: 1,
  source: { file: 'digits.npz', samples: all.length },
  seed,
  note: 'Stratified by class; made by split.ts. The network was trained on "train" alone.',
  parts: { train, calibration, test },
};
const lines = JSON.stringify(split, undefined, 1)
  .replace(/\n {3}(\d+,?)/g, ' $1')
  .replace(/(\d)\n {2}\]/g, '$1 ]');
await replaceFile(nodeHost(), join(import.meta.dirname, 'splits.json'), new TextEncoder().encode(`${lines}\n`));
