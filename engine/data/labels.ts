import { fail } from '../findings.ts';
import type { DataSource } from '../plan.ts';
import { openFile } from './bytes.ts';
import { readNpy } from './numpy.ts';
import type { ReaderContext, SampleStore } from './store.ts';

const largestLabelFile = 64 * 1024 * 1024;

/** Class of every stored sample, `offset` added; undefined when the source has no labels. */
export async function readLabels(
  source: DataSource,
  store: SampleStore,
  context: ReaderContext,
): Promise<Int32Array | undefined> {
  const { labels } = source;
  if (labels === undefined) return undefined;
  const range = source.range && { range: source.range };
  const values = await rawLabels(source, store, context);
  if (values.length !== store.count) {
    fail('data/label-count', `Data "${source.name}" has ${store.count} samples and ${values.length} labels.`, {
      ...range,
    });
  }
  const classes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! + labels.offset;
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
      fail('data/label', `Sample ${store.nameOf(i)} has the label ${value}, which is no class.`, {
        why: 'Classes count from 0.',
        fix: 'Correct the labels or their `offset`.',
        ...range,
      });
    }
    classes[i] = value;
  }
  return classes;
}

async function rawLabels(source: DataSource, store: SampleStore, context: ReaderContext): Promise<Float64Array> {
  const labels = source.labels!;
  const range = source.range && { range: source.range };
  if (labels.kind === 'folder') {
    if (store.folderOf === undefined) {
      fail('data/labels', '`labels folder` needs samples that are files.', {
        fix: 'Name an array: labels y',
        ...range,
      });
    }
    return folderLabels(store, store.folderOf.bind(store));
  }
  if (labels.kind === 'array') {
    if (store.array === undefined) {
      fail('data/labels', `Data of kind ${source.kind} has no arrays, so none is called "${labels.array}".`, {
        fix: 'Write: labels folder, or labels file "labels.csv".',
        ...range,
      });
    }
    return numericLabels(await store.array(labels.array), labels.array);
  }
  const file = await openFile(context.host, labels.path, 'The label file');
  if (file.size > largestLabelFile) fail('data/too-large', `The label file "${labels.path}" is too large.`);
  const bytes = await file.read(0, file.size);
  const isNpy = bytes[0] === 0x93 && bytes[1] === 0x4e;
  return isNpy
    ? numericLabels(await readNpy(bytes, labels.path), labels.path)
    : textLabels(new TextDecoder().decode(bytes), store, labels.path);
}

/**
 * Class = rank of the folder's name among all folders that hold samples, by code unit (torchvision's ImageFolder);
 * when every name is a number, that number.
 */
function folderLabels(store: SampleStore, folderOf: (index: number) => string): Float64Array {
  const names = Array.from({ length: store.count }, (_, i) => folderOf(i));
  const sorted = [...new Set(names)].sort();
  const numeric = sorted.every((name) => /^\d{1,9}$/.test(name));
  const classOf = new Map(sorted.map((name, rank) => [name, numeric ? Number(name) : rank]));
  return Float64Array.from(names, (name) => classOf.get(name)!);
}

function numericLabels(tensor: { dtype: string; dims: readonly number[]; data: unknown }, name: string): Float64Array {
  const { data, dims } = tensor;
  const isRow = dims.length === 1 || (dims.length === 2 && dims[1] === 1);
  if (Array.isArray(data) || !isRow || tensor.dtype === 'float16' || tensor.dtype.startsWith('complex')) {
    fail('data/labels', `"${name}" is ${tensor.dtype} [${dims.join(', ')}]; labels are one whole number a sample.`, {
      fix: dims.length === 2 ? 'Save the class numbers: y.argmax(axis=1).' : 'Save the class numbers as integers.',
    });
  }
  return Float64Array.from(data as Float64Array, Number);
}

/**
 * One line a sample: `NAME LABEL` (comma, tab or spaces between), or just `LABEL` in the order of the
 * samples. Blank lines and lines that begin with # are skipped. Names are only compared with the samples' names, never
 * opened.
 */
function textLabels(text: string, store: SampleStore, path: string): Float64Array {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const parsed = lines.map((line, i) => {
    const match = /^(?:(.*?)\s*[,;\t ]\s*)?([+-]?\d{1,10})$/.exec(line);
    if (match === null) {
      fail('data/labels', `Label ${i + 1} of "${path}" is "${line.slice(0, 80)}".`, {
        fix: "A line is a sample's name and its class number, or the class number alone.",
      });
    }
    return { name: match[1]?.replace(/^"(.*)"$/, '$1').replaceAll('\\', '/'), label: Number(match[2]) };
  });
  if (parsed.every((line) => line.name === undefined)) return Float64Array.from(parsed, (line) => line.label);

  const byName = new Map<string, number>();
  for (const { name, label } of parsed) {
    if (name === undefined) fail('data/labels', `"${path}" mixes lines with and without a name.`);
    if (byName.has(name) && byName.get(name) !== label) {
      fail('data/labels', `"${path}" gives "${name}" two labels.`);
    }
    byName.set(name, label);
  }
  return Float64Array.from({ length: store.count }, (_, i) => {
    const name = store.nameOf(i).replaceAll('\\', '/');
    const label = byName.get(name) ?? byName.get(name.slice(name.lastIndexOf('/') + 1));
    if (label === undefined) {
      fail('data/labels', `"${path}" has no label for "${name}".`, { fix: 'Add a line for every sample.' });
    }
    return label;
  });
}
