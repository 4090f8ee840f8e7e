import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import type { DataSource } from '../plan.ts';
import { openFile } from './bytes.ts';

/**
 * An index file: which samples of a source belong to which part. Written by people and by `bench/splits/generate.ts`;
 * read by `split FILE PART`.
 */
export interface SplitFile {
  readonly format: 'qspec-split';
  readonly version: 1;
  readonly source: {
    /** Name of the data file, for people. */
    readonly file: string;
    /** Samples in the whole source. */
    readonly samples: number;
    /** `SampleStore.fingerprint` of the source. */
    readonly fingerprint?: string;
  };
  readonly seed?: number;
  /** How it was made, for people. */
  readonly note?: string;
  /** Indices into the source, by part. No index is in two parts. */
  readonly parts: Readonly<Record<string, readonly number[]>>;
}

const largestSplitFile = 64 * 1024 * 1024;

/** Reads and checks a split file against its source; the indices of the part asked for (default: the block's name). */
export async function readSplit(
  source: DataSource,
  host: Host,
  actual: { readonly samples: number; fingerprint(): Promise<string> },
): Promise<readonly number[]> {
  const { path } = source.split!;
  const range = source.range && { range: source.range };
  const file = await openFile(host, path, 'The split file');
  if (file.size > largestSplitFile) fail('data/split', `The split file "${path}" is too large.`, { ...range });
  const split = parseSplit(new TextDecoder().decode(await file.read(0, file.size)), path);

  if (split.source.samples !== actual.samples) {
    fail(
      'data/split-source',
      `"${path}" splits ${split.source.samples} samples, but "${source.path}" has ${actual.samples}.`,
      {
        fix: `It was made for "${split.source.file}".`,
        ...range,
      },
    );
  }
  if (split.source.fingerprint !== undefined && split.source.fingerprint !== (await actual.fingerprint())) {
    fail('data/split-source', `"${path}" was made for other data than "${source.path}" holds.`, {
      why: 'Its indices would name other samples.',
      fix: `Use the data it was made for ("${split.source.file}"), or make the split again.`,
      ...range,
    });
  }
  const part = source.split!.part ?? source.name;
  const indices = Object.hasOwn(split.parts, part) ? split.parts[part] : undefined;
  if (indices === undefined) {
    fail('data/split-part', `"${path}" has no part "${part}".`, {
      fix: `Its parts are ${Object.keys(split.parts).slice(0, 20).join(', ')}: split "…" PART.`,
      ...range,
    });
  }
  return indices;
}

/** Parses an index file and checks all of it: kinds, bounds, no index twice. */
export function parseSplit(text: string, path: string): SplitFile {
  const broken = (what: string): never =>
    fail('data/split', `"${path}" is no valid split file: ${what}.`, {
      fix: 'It is JSON: {"format": "qspec-split", "version": 1, "source": {"file": …, "samples": N}, "parts": {"calibration": [0, 5, …], …}}.',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    broken('it is not JSON');
  }
  if (!isRecord(value) || value['format'] !== 'qspec-split') broken('"format" is not "qspec-split"');
  const record = value as Record<string, unknown>;
  if (record['version'] !== 1) broken(`"version" is ${String(record['version'])}, and 1 is known`);
  const { source, parts } = record;
  if (!isRecord(source) || typeof source['file'] !== 'string') return broken('"source" names no file');
  const { samples, fingerprint } = source;
  if (typeof samples !== 'number' || !Number.isSafeInteger(samples) || samples < 0)
    return broken('"samples" is no count');
  if (fingerprint !== undefined && typeof fingerprint !== 'string') return broken('"fingerprint" is no text');
  if (!isRecord(parts)) return broken('it has no "parts"');

  const partOf = new Map<number, string>();
  for (const [part, indices] of Object.entries(parts)) {
    if (!Array.isArray(indices)) return broken(`part "${part}" is no list`);
    for (const index of indices as unknown[]) {
      if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || index >= samples) {
        return broken(`part "${part}" holds ${JSON.stringify(index)}, which is no index below ${samples}`);
      }
      const other = partOf.get(index);
      if (other === part) broken(`part "${part}" holds ${index} twice`);
      if (other !== undefined) {
        fail('data/split-overlap', `"${path}" has sample ${index} in "${other}" and in "${part}".`, {
          why: 'A sample that calibrates must not judge.',
          fix: 'Remove it from one of the two.',
        });
      }
      partOf.set(index, part);
    }
  }
  return value as unknown as SplitFile;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
