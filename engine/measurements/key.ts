import { findFiles } from '../data/glob.ts';
import { Sha256, sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import { decodeModel } from '../onnx/codec.ts';
import { externalDataOf } from '../onnx/external-data.ts';
import { isExternal } from '../onnx/tensor-proto.ts';
import { tensorsOf } from '../onnx/visit.ts';
import type { DataSource, Job } from '../plan.ts';
import { Breather, type Progress } from '../progress.ts';

/** Samples that sensitivity is measured on, for selectors that ask for it. */
export const measuredSamples = 16;

/** Files of more bytes, and those of folders and globs, are known by name, size and time alone. */
const largestRead = 256 * 2 ** 20;
const chunk = 2 ** 20;

export interface KeyOptions {
  readonly progress?: Progress;
  /** Hashes of files by path, size and time: what is asked for at every keystroke is read once. */
  readonly known?: Map<string, string>;
}

/**
 * What a measurement depends on, as a hash: the content of the model and of the calibration data, and what the job says of passes,
 * pruning, formats and data. Ranges in the spec, targets, exports and expectations change nothing. A job that is resolved
 * without any selector on measurements is meant: so the key cannot depend on what it is the key of.
 */
export async function measurementKey(job: Job, host: Host, options: KeyOptions = {}): Promise<string> {
  const calibration = job.data['calibration'];
  return sha256(
    JSON.stringify([
      'sensitivity 1',
      measuredSamples,
      await modelHash(host, job.model, options),
      calibration ? [await dataHash(host, calibration, options), withoutPlaces(calibration)] : null,
      job.passes ?? null,
      ...(job.quantized ? [job.quantized] : []),
      withoutPlaces(job.prune ?? null),
      withoutPlaces(job.plan ?? null),
    ]),
  );
}

/** Everything of a job that its key depends on but for the content of files: while it is the same, and they are, so is the key. */
export function measurementSubject(job: Job): string {
  const { model, quantized, data, passes, prune, plan } = job;
  return JSON.stringify([
    model,
    quantized ?? null,
    data['calibration'] ?? null,
    passes,
    withoutPlaces(prune),
    withoutPlaces(plan),
  ]);
}

/** A copy without ranges and paths. */
function withoutPlaces(value: unknown): unknown {
  const places = new Set(['origin', 'range', 'path']);
  return JSON.parse(JSON.stringify(value ?? null, (key, inner) => (places.has(key) ? undefined : inner)));
}

async function modelHash(host: Host, path: string, options: KeyOptions): Promise<string> {
  const stat = await host.stat(path);
  const known = await remembered(`model ${path} ${stat?.size} ${stat?.modified}`, options, async () => {
    const bytes = await host.readFile(path);
    const external = externalDataOf(host, path);
    const files = new Set<string>();
    for (const tensor of tensorsOf(decodeModel(bytes))) {
      if (isExternal(tensor)) files.add((await external.locate(tensor)).path);
    }
    return JSON.stringify([await hashOf(bytes, options), ...files]);
  });
  const [own, ...files] = JSON.parse(known) as string[];
  const stamps: unknown[] = [];
  for (const file of files) {
    const found = await host.stat(file);
    stamps.push([host.path.basename(file), found?.size, found?.modified]);
  }
  return JSON.stringify([own, stamps]);
}

async function dataHash(host: Host, { path, split, labels }: DataSource, options: KeyOptions): Promise<unknown> {
  const others = [split?.path, labels?.kind === 'file' ? labels.path : undefined].filter(
    (other) => other !== undefined,
  );
  const hashes: unknown[] = [];
  for (const file of [path, ...others]) {
    const stat = await host.stat(file);
    if (stat && !stat.isDirectory && stat.size <= largestRead) {
      const read = () => hashOfFile(host, file, stat.size, options);
      hashes.push(await remembered(`file ${file} ${stat.size} ${stat.modified}`, options, read));
      continue;
    }
    const found = await findFiles(host, file, () => true, options.progress);
    for (const { path: inside, name } of found) {
      const own = await host.stat(inside);
      hashes.push([name, own?.size, own?.modified]);
    }
  }
  return hashes;
}

async function hashOfFile(host: Host, path: string, size: number, { progress }: KeyOptions): Promise<string> {
  if (!host.capabilities.rangeReads) return await hashOf(await host.readFile(path), { ...(progress && { progress }) });
  const hash = new Sha256();
  const breather = new Breather(progress);
  for (let at = 0; at < size; at += chunk) {
    await breather.pause();
    hash.update(await host.readRange(path, at, chunk));
  }
  return hash.hex();
}

async function hashOf(bytes: Uint8Array, { progress }: KeyOptions): Promise<string> {
  const hash = new Sha256();
  const breather = new Breather(progress);
  for (let at = 0; at < bytes.length; at += chunk) {
    await breather.pause();
    hash.update(bytes.subarray(at, at + chunk));
  }
  return hash.hex();
}

async function remembered(key: string, { known }: KeyOptions, work: () => Promise<string>): Promise<string> {
  const before = known?.get(key);
  if (before !== undefined) return before;
  const value = await work();
  known?.set(key, value);
  return value;
}
