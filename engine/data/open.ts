import { type Finding, fail } from '../findings.ts';
import { Sha256, sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import type { DataSource } from '../plan.ts';
import { Breather, type Progress, throwIfCancelled } from '../progress.ts';
import type { Tensor } from '../tensor.ts';
import type { Dataset } from './dataset.ts';
import { readLabels } from './labels.ts';
import { compilePreprocessing, type ModelInput, type Preprocessing, preprocesses } from './preprocess.ts';
import { readers } from './registry.ts';
import { selectSamples } from './sampling.ts';
import { readSplit } from './splits.ts';
import type { ReaderContext, SampleStore } from './store.ts';
import { firstNotFinite } from './values.ts';

export interface OpenOptions {
  readonly progress?: Progress | undefined;
  /** The model's inputs (`modelInputs`). Without them samples keep their shape, with a batch of 1, as float32. */
  readonly inputs?: readonly ModelInput[] | undefined;
  /** Classes of the model, to check labels against. */
  readonly classes?: number | undefined;
}

/**
 * Opens the data of one block of a spec: source, then `split`, then `skip`, then `take`. The stored bytes of every
 * chosen sample are read once (never all at a time) for the hash, duplicates and values that are not finite; images
 * are decoded only by `sample`.
 *
 * @throws FindingError for whatever makes the data unusable
 */
export async function openDataset(source: DataSource, host: Host, options: OpenOptions = {}): Promise<Dataset> {
  const { progress, inputs = [] } = options;
  const reader = readers.find(({ kind }) => kind === source.kind);
  if (reader === undefined) {
    fail('data/kind', `"${source.kind}" is no kind of data.`, {
      fix: `Known are ${readers.map(({ kind }) => kind).join(', ')}.`,
      ...(source.range && { range: source.range }),
    });
  }
  throwIfCancelled(progress);
  const context: ReaderContext = { host, progress, inputs: inputs.map(({ name }) => name) };
  const store = await reader.open(source, context);
  const findings: Finding[] = [];
  const allLabels = await readLabels(source, store, context);
  const chosen = await chooseSamples(source, host, store, allLabels, findings);
  const feed = compileFeed(source, store, inputs);

  const labels = allLabels && Int32Array.from(chosen, (index) => allLabels[index]!);
  if (labels !== undefined) checkLabels(source, labels, options.classes, findings);
  const content = await examine(source, store, chosen, findings, context);
  feed((await store.sample(chosen[0]!)).tensors(), store.nameOf(chosen[0]!));

  const dataset = {
    name: source.name,
    length: chosen.length,
    async sample(index: number) {
      const stored = chosen[index];
      if (stored === undefined) throw new RangeError(`sample ${index} of ${chosen.length}`);
      return feed((await store.sample(stored)).tensors(), store.nameOf(stored));
    },
    nameOf: (index: number) => store.nameOf(chosen[index]!),
    hash: hashOf(source, chosen, content, labels, inputs),
    findings,
  };
  return labels === undefined ? dataset : { ...dataset, labels };
}

async function chooseSamples(
  source: DataSource,
  host: Host,
  store: SampleStore,
  labels: Int32Array | undefined,
  findings: Finding[],
): Promise<readonly number[]> {
  const range = source.range && { range: source.range };
  const candidates =
    source.split === undefined
      ? Array.from({ length: store.count }, (_, i) => i)
      : await readSplit(source, host, { samples: store.count, fingerprint: () => store.fingerprint() });
  const { skip, take, seed } = source;
  for (const [word, value] of [['skip', skip] as const, ['take', take] as const]) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < (word === 'take' ? 1 : 0))) {
      fail('data/count', `\`${word} ${value}\` is no number of samples.`, { ...range });
    }
  }
  const chosen = selectSamples(candidates, { skip, take, seed }, labels && ((index) => labels[index]!));
  if (chosen.length === 0) {
    fail('data/empty', `Data "${source.name}" has no samples left.`, {
      why: `"${source.path}" gives ${candidates.length}, and \`skip ${skip ?? 0}\` leaves none of them.`,
      ...range,
    });
  }
  if (take !== undefined && chosen.length < take) {
    findings.push({
      code: 'data/take',
      severity: 'warning',
      what: `Data "${source.name}" has ${chosen.length} samples where \`take ${take}\` asks for more.`,
      ...range,
    });
  }
  return chosen;
}

type Feed = (stored: ReadonlyMap<string, Tensor>, name: string) => ReadonlyMap<string, Tensor>;

/** Which stored tensor goes to which input of the model, and how it is preprocessed on the way. */
function compileFeed(source: DataSource, store: SampleStore, inputs: readonly ModelInput[]): Feed {
  const range = source.range && { range: source.range };
  const names = inputs.map(({ name }) => name).join(', ');
  if (source.input !== undefined && inputs.length > 0 && !inputs.some(({ name }) => name === source.input)) {
    fail('data/input', `The model has no input "${source.input}".`, { fix: `Its inputs are ${names}.`, ...range });
  }
  const compiled = new Map<string, Preprocessing>();
  const preprocessing = (input: ModelInput | undefined): Preprocessing => {
    const key = input?.name ?? '';
    const known = compiled.get(key) ?? compilePreprocessing(source, store.images, input);
    compiled.set(key, known);
    return known;
  };
  return (stored, name) => {
    const out = new Map<string, Tensor>();
    for (const [key, tensor] of stored) {
      const target = key === '' ? (source.input ?? inputs[0]?.name ?? 'input') : key;
      const input = inputs.find((candidate) => candidate.name === target);
      out.set(target, preprocessing(input)(tensor, name));
    }
    if (out.size > 1 && preprocesses(source)) {
      fail(
        'data/preprocessing',
        `Data "${source.name}" feeds ${out.size} inputs, which one preprocessing cannot serve.`,
        {
          fix: 'Store the inputs as the model wants them, or name one: input NAME.',
          ...range,
        },
      );
    }
    const missing = inputs.find((input) => !out.has(input.name));
    if (missing !== undefined) {
      fail('data/input', `Data "${source.name}" feeds no values to the model's input "${missing.name}".`, {
        why: `The model has the inputs ${names}.`,
        fix: 'Put all of them into one npz, each under its name, or into a folder of test_data_set_*.',
        ...range,
      });
    }
    return out;
  };
}

function checkLabels(source: DataSource, labels: Int32Array, classes: number | undefined, findings: Finding[]): void {
  const range = source.range && { range: source.range };
  const highest = labels.reduce((a, b) => Math.max(a, b), 0);
  if (classes !== undefined && highest >= classes) {
    const offset = source.labels?.offset ?? 0;
    fail(
      'data/label',
      `Data "${source.name}" has the label ${highest}, but the model has ${classes} classes (0 to ${classes - 1}).`,
      {
        fix:
          highest === classes && offset > 0 ? `Lower \`offset ${offset}\`.` : 'Correct the labels or their `offset`.',
        ...range,
      },
    );
  }
  if (labels.length > 1 && labels.every((label) => label === labels[0])) {
    findings.push({
      code: 'data/single-class',
      severity: 'warning',
      what: `All ${labels.length} samples of "${source.name}" are of class ${labels[0]}.`,
      why: 'Ranges measured on one class do not hold for the others, and accuracy on it says little.',
      fix: 'Take samples of all classes; files are often sorted by class (`take N` draws from all of them).',
      ...range,
    });
  }
}

/** Reads every chosen sample's stored bytes once. Returns a hash of them all in order. */
async function examine(
  source: DataSource,
  store: SampleStore,
  chosen: readonly number[],
  findings: Finding[],
  { host, progress }: ReaderContext,
): Promise<string> {
  const range = source.range && { range: source.range };
  const all = new Sha256();
  const firstWith = new Map<string, number>();
  let duplicates = 0;
  let example = '';
  const breather = new Breather(progress);
  for (const [done, index] of chosen.entries()) {
    await breather.pause();
    if (done % 16 === 0) progress?.report(`Reading data "${source.name}"`, done, chosen.length);
    const sample = await store.sample(index);
    const hash = (host.sha256 ?? sha256)(...sample.bytes);
    all.update(hash);
    const earlier = firstWith.get(hash);
    if (earlier === undefined) firstWith.set(hash, index);
    else {
      duplicates++;
      if (duplicates === 1) example = `${store.nameOf(index)} equals ${store.nameOf(earlier)}`;
    }
    if (!store.images) refuseNotFinite(source, sample.tensors(), store.nameOf(index));
  }
  progress?.report(`Reading data "${source.name}"`, chosen.length, chosen.length);
  if (duplicates > 0) {
    findings.push({
      code: 'data/duplicates',
      severity: 'warning',
      what: `${duplicates} of the ${chosen.length} samples of "${source.name}" are exact copies of others (${example}).`,
      why: 'Copies count twice in ranges and accuracy.',
      fix: 'Leave them out with a `split` file.',
      ...range,
    });
  }
  return all.hex();
}

function refuseNotFinite(source: DataSource, tensors: ReadonlyMap<string, Tensor>, name: string): void {
  for (const tensor of tensors.values()) {
    const at = firstNotFinite(tensor);
    if (at < 0) continue;
    fail('data/not-finite', `Sample ${name} of "${source.name}" holds a value that is not finite (element ${at}).`, {
      why: 'One such value spoils every range it is measured with.',
      fix: 'Remove the sample or replace the value.',
      ...(source.range && { range: source.range }),
    });
  }
}

/** The path is left out: the same samples elsewhere are the same data. */
function hashOf(
  source: DataSource,
  chosen: readonly number[],
  content: string,
  labels: Int32Array | undefined,
  inputs: readonly ModelInput[],
): string {
  const { kind, input, resize, filter, crop, channels, layout, scale, mean, std } = source;
  const options = { kind, input, resize, filter, crop, channels, layout, scale, mean, std };
  const wanted = inputs.map(({ name, type }) => [name, type.dtype, type.dims ?? null]);
  return sha256(JSON.stringify(['data 1', options, wanted, chosen, content, labels ? [...labels] : null]));
}
