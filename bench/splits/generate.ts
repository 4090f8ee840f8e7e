/**
 * Makes the index files of the splits that docs/results.md uses: `node bench/splits/generate.ts`.
 *
 * For every source: exact copies are dropped (the first stays); for each of three seeds a calibration set of 100 is
 * drawn, stratified by class, and all the rest is that draw's evaluation. Evaluation sets of different draws overlap
 * and differ: the largest possible set for each draw narrows its interval (float and quantised run on the same set).
 * `NAME.common.json` holds what is in no draw, for comparisons between draws.
 * CIFAR-10 is calibrated on one file and evaluated on another, so its splits have a calibration part only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLabels } from '../../engine/data/labels.ts';
import { npzReader } from '../../engine/data/readers/npz.ts';
import { drawSample } from '../../engine/data/sampling.ts';
import type { SplitFile } from '../../engine/data/splits.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { sha256 } from '../../engine/hash.ts';
import type { DataSource } from '../../engine/plan.ts';
import { sharedFolder } from '../../test/shared.ts';

interface SplitRequest {
  /** Name of the index files. */
  readonly name: string;
  /** File in the shared data folder. */
  readonly file: string;
  readonly array: string;
  readonly offsets?: string;
  readonly labels: string;
  /** Whether what is not drawn is evaluated on. */
  readonly evaluates: boolean;
}

export const splitRequests: readonly SplitRequest[] = [
  { name: 'kws01', file: 'mlperf_tiny_kws01.npz', array: 'x_int8', labels: 'y', evaluates: true },
  { name: 'vww01a', file: 'mlperf_tiny_vww01_a.npz', array: 'x', labels: 'y', evaluates: true },
  { name: 'cifar10-calib', file: 'cifar10_calib1000_trainjpeg.npz', array: 'x', labels: 'y', evaluates: false },
  {
    name: 'imagenet500',
    file: 'imagenet_sample500_even_jpeg256.npz',
    array: 'jpeg',
    offsets: 'offsets',
    labels: 'label',
    evaluates: true,
  },
];

export const calibrationSize = 100;
export const seeds = [1, 2, 3] as const;

/** Name and text of every index file of one request. */
export async function generateSplits(request: SplitRequest, folder: string): Promise<ReadonlyMap<string, string>> {
  const host = nodeHost();
  const source: DataSource = {
    name: request.name,
    kind: 'npz',
    path: join(folder, request.file),
    array: request.array,
    ...(request.offsets !== undefined && { offsets: request.offsets }),
    labels: { kind: 'array', array: request.labels, offset: 0 },
    seed: 0,
  };
  const context = { host, progress: undefined, inputs: [] };
  const store = await npzReader.open(source, context);
  const labels = (await readLabels(source, store, context))!;
  const seen = new Set<string>();
  const distinct: number[] = [];
  for (let index = 0; index < store.count; index++) {
    const hash = sha256(...(await store.sample(index)).bytes);
    if (!seen.has(hash)) distinct.push(index);
    seen.add(hash);
  }
  const copies = store.count - distinct.length;
  const about = { file: basename(request.file), samples: store.count, fingerprint: await store.fingerprint() };
  const dropped = copies === 0 ? 'no copies' : `${copies} exact copies dropped`;
  const files = new Map<string, string>();
  const drawn = new Set<number>();
  for (const seed of seeds) {
    const calibration = drawSample(distinct, calibrationSize, seed, (index) => labels[index]!);
    const own = new Set(calibration);
    for (const index of calibration) drawn.add(index);
    const validation = distinct.filter((index) => !own.has(index));
    const split: SplitFile = {
      format: 'qspec-split',
      version: 1,
      source: about,
      seed,
      note: `${calibrationSize} drawn by class${request.evaluates ? ', the rest evaluates' : ''}; ${dropped}`,
      parts: request.evaluates ? { calibration, validation } : { calibration },
    };
    files.set(`${request.name}.draw${seed}.json`, printSplit(split));
  }
  if (request.evaluates) {
    const validation = distinct.filter((index) => !drawn.has(index));
    const note = `in no calibration draw (seeds ${seeds.join(', ')}); ${dropped}`;
    const split: SplitFile = { format: 'qspec-split', version: 1, source: about, note, parts: { validation } };
    files.set(`${request.name}.common.json`, printSplit(split));
  }
  return files;
}

/** JSON with the indices in lines that a person can read and a diff can show. */
export function printSplit(split: SplitFile): string {
  const { parts, ...head } = split;
  const lines = JSON.stringify(head, null, 2).split('\n').slice(0, -1);
  lines[lines.length - 1] += ',';
  lines.push('  "parts": {');
  const names = Object.keys(parts);
  for (const [i, name] of names.entries()) {
    lines.push(`    ${JSON.stringify(name)}: [`, ...wrap(parts[name]!), i + 1 < names.length ? '    ],' : '    ]');
  }
  return `${[...lines, '  }', '}'].join('\n')}\n`;
}

function wrap(indices: readonly number[]): string[] {
  const perLine = 20;
  const lines: string[] = [];
  for (let at = 0; at < indices.length; at += perLine) {
    const end = at + perLine < indices.length ? ',' : '';
    lines.push(`      ${indices.slice(at, at + perLine).join(', ')}${end}`);
  }
  return lines;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const request of splitRequests) {
    for (const [name, text] of await generateSplits(request, join(sharedFolder, 'data'))) {
      const path = join(import.meta.dirname, name);
      const before = (() => {
        try {
          return readFileSync(path, 'utf8');
        } catch {
          return undefined;
        }
      })();
      if (before !== text) writeFileSync(path, text);
      console.log(`${name}${before === text ? '' : ' (written)'}`);
    }
  }
}
