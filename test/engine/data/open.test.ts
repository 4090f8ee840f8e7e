import { describe, expect, it } from 'vitest';
import { writeNpy } from '../../../engine/data/numpy.ts';
import { openDataset } from '../../../engine/data/open.ts';
import { encodeTensor } from '../../../engine/onnx/codec.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { Cancelled } from '../../../engine/progress.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { findingOf } from './support/findings.ts';
import { goldenArrays } from './support/goldens.ts';
import { memoryHost } from './support/memory-host.ts';
import { bytes, counting, dataSource, floats, npz } from './support/sources.ts';

const input = (dims: readonly number[], name = 'x') => [{ name, type: { dtype: 'float32' as const, dims } }];
const labelsY = { labels: { kind: 'array' as const, array: 'y', offset: 0 } };

/** Ten samples of two values; classes 0 to 4, sorted. */
const ten = npz({
  x: floats([10, 2], counting(20)),
  y: bytes(
    [10],
    counting(10).map((i) => i >> 1),
  ),
});
const host = memoryHost({ '/data.npz': ten });

describe('a data set', () => {
  it('gives samples with a batch of 1, under the name of the input', async () => {
    const set = await openDataset(dataSource({ array: 'x', ...labelsY }), host, { inputs: input([1, 2]) });
    expect(set.length).toBe(10);
    expect(await set.sample(3)).toEqual(new Map([['x', floats([1, 2], [6, 7])]]));
    expect(set.nameOf(3)).toBe('x[3]');
    expect(set.labels).toEqual(Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 4, 4));
    expect(set.findings).toEqual([]);
  });

  it('needs no array name when there is one array', async () => {
    const one = memoryHost({ '/data.npz': npz({ only: floats([2, 1], [1, 2]) }) });
    expect((await openDataset(dataSource({}), one)).length).toBe(2);
  });

  it('draws by class', async () => {
    const set = await openDataset(dataSource({ array: 'x', ...labelsY, take: 5, seed: 1 }), host);
    expect(set.labels).toEqual(Int32Array.of(0, 1, 2, 3, 4));
  });

  it('adds the offset to the labels', async () => {
    const labels = { kind: 'array' as const, array: 'y', offset: 1 };
    const set = await openDataset(dataSource({ array: 'x', labels }), host, { classes: 6 });
    expect(set.labels?.[0]).toBe(1);
  });

  it('feeds several inputs from arrays of their names', async () => {
    const two = memoryHost({ '/data.npz': npz({ a: floats([2, 1], [1, 2]), b: floats([2, 3], counting(6)) }) });
    const inputs = [...input([1, 1], 'a'), ...input([1, 3], 'b')];
    const set = await openDataset(dataSource({}), two, { inputs });
    expect(await set.sample(1)).toEqual(
      new Map([
        ['a', floats([1, 1], [2])],
        ['b', floats([1, 3], [3, 4, 5])],
      ]),
    );
  });

  it('reads a single npy', async () => {
    const npy = memoryHost({
      '/x.npy': writeNpy(floats([3, 2], counting(6))),
      '/y.npy': writeNpy(bytes([3], [2, 0, 1])),
    });
    const source = dataSource({ kind: 'npy', path: '/x.npy', labels: { kind: 'file', path: '/y.npy', offset: 0 } });
    const set = await openDataset(source, npy);
    expect(set.labels).toEqual(Int32Array.of(2, 0, 1));
    expect((await set.sample(2)).get('input')).toEqual(floats([1, 2], [4, 5]));
  });

  it('works on a host without range reads', async () => {
    const whole = memoryHost({ '/data.npz': ten }, { rangeReads: false });
    const set = await openDataset(dataSource({ array: 'x' }), whole);
    expect((await set.sample(9)).get('input')).toEqual(floats([1, 2], [18, 19]));
    expect(whole.read.get('/data.npz')).toBe(ten.length);
  });
});

describe('the hash of a data set', () => {
  const hashOf = async (fields: object, bytesOfFile = ten, path = '/data.npz') =>
    (await openDataset(dataSource({ array: 'x', path, ...fields }), memoryHost({ [path]: bytesOfFile }))).hash;

  it('is the same for the same samples, wherever they lie and however they are packed', async () => {
    const stored = npz({ x: floats([10, 2], counting(20)), y: bytes([10], counting(10)) }, 0);
    expect(await hashOf({}, stored, '/elsewhere/other.npz')).toBe(await hashOf({}));
  });

  it('changes with samples, choice, labels and preprocessing', async () => {
    const changed = npz({ x: floats([10, 2], counting(20).with(7, 0.5)), y: bytes([10], counting(10)) });
    const hashes = await Promise.all([
      hashOf({}),
      hashOf({}, changed),
      hashOf({ take: 5 }),
      hashOf({ take: 5, seed: 1 }),
      hashOf(labelsY),
      hashOf({ scale: 2 }),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('images in an npz', async () => {
  const goldens = await goldenArrays('jpeg.npz');
  const file = (name: string) => goldens.get(`${name}.file`)!.data as Uint8Array;
  const names = ['baseline-420-19x21', 'progressive-422-19x21', 'baseline-444-19x21'];
  const files = names.map(file);
  const ends = files.map((_, i) => files.slice(0, i + 1).reduce((sum, one) => sum + one.length, 0));
  const row = Uint8Array.from(files.flatMap((one) => [...one]));
  const archive = (offsets: readonly number[]) =>
    npz(
      {
        jpeg: { dtype: 'uint8', dims: [row.length], data: row },
        off: { dtype: 'int64', dims: [offsets.length], data: BigInt64Array.from(offsets, BigInt) },
      },
      0,
    );
  const source = dataSource({ array: 'jpeg', offsets: 'off' });

  it('decode one by one, fetched by range', async () => {
    const jpegs = memoryHost({ '/data.npz': archive([0, ...ends]) });
    const set = await openDataset(source, jpegs, { inputs: input([1, 21, 19, 3]) });
    expect(set.length).toBe(3);
    const before = jpegs.read.get('/data.npz')!;
    const pixels = (await set.sample(1)).get('x')!;
    expect(pixels.data).toEqual(Float32Array.from(goldens.get(`${names[1]}.pixels`)!.data as Uint8Array));
    expect(jpegs.read.get('/data.npz')! - before).toBe(files[1]!.length);
  });

  it.each([[[0, 10, 5]], [[0, 10, 10_000_000]], [[-5, 10]], [[0, 0]], [[0]]])(
    'with the offsets %j are refused',
    async (offsets) => {
      const jpegs = memoryHost({ '/data.npz': archive(offsets) });
      expect((await findingOf(() => openDataset(source, jpegs))).code).toBe('data/offsets');
    },
  );
});

describe('folders of images', async () => {
  const goldens = await goldenArrays('jpeg.npz');
  const png = (await goldenArrays('png.npz')).get('rgb-pillow.file')!.data as Uint8Array;
  const jpeg = goldens.get('baseline-444-19x21.file')!.data as Uint8Array;
  const folder = memoryHost({
    '/val/dog/b.jpg': jpeg,
    '/val/cat/a.PNG': png,
    '/val/cat/c.jpeg': jpeg,
    '/val/cat/notes.txt': 'not an image',
    '/val/cat/.hidden.png': png,
    '/val/labels.csv': '# name,label\ndog/b.jpg,7\na.PNG,3\nc.jpeg , 4\n',
  });
  const source = dataSource({ kind: 'images', path: '/val' });

  it('are read in the order of their names', async () => {
    const set = await openDataset(source, folder);
    expect(counting(set.length).map(set.nameOf)).toEqual(['cat/a.PNG', 'cat/c.jpeg', 'dog/b.jpg']);
  });

  it('take classes from the folders, sorted', async () => {
    const set = await openDataset({ ...source, labels: { kind: 'folder', offset: 0 } }, folder);
    expect(set.labels).toEqual(Int32Array.of(0, 0, 1));
  });

  it('take folders that are numbers as the classes themselves', async () => {
    const numbered = memoryHost({ '/val/10/a.png': png, '/val/9/a.png': jpeg });
    const set = await openDataset({ ...source, labels: { kind: 'folder', offset: 0 } }, numbered);
    expect(set.labels).toEqual(Int32Array.of(10, 9));
  });

  it('take classes from a file of names', async () => {
    const labels = { kind: 'file' as const, path: '/val/labels.csv', offset: 0 };
    expect((await openDataset({ ...source, labels }, folder)).labels).toEqual(Int32Array.of(3, 4, 7));
  });

  it('bring every image to one size', async () => {
    const sized = {
      ...source,
      resize: { kind: 'exact' as const, width: 8, height: 6 },
      layout: { from: 'nhwc', to: 'nchw' },
    };
    const set = await openDataset(sized, folder, { inputs: input([1, 3, 6, 8]) });
    for (const index of counting(3)) expect((await set.sample(index)).get('x')!.dims).toEqual([1, 3, 6, 8]);
  });

  it('name the image whose size does not fit', async () => {
    const set = await openDataset(source, folder, { inputs: input([1, 30, 40, 3]) });
    expect((await findingOf(() => set.sample(1))).code).toBe('data/shape');
  });

  it('name the image that is damaged', async () => {
    const damaged = memoryHost({ '/val/a.png': png, '/val/b.png': png.subarray(0, 500) });
    const set = await openDataset(source, damaged);
    expect((await findingOf(() => set.sample(1))).what).toContain('b.png');
  });
});

describe('ONNX tensors', () => {
  const pb = (tensor: Tensor) => encodeTensor(tensorToProto(tensor));

  it('are a sample per test_data_set folder, an input per file', async () => {
    const sets = memoryHost({
      '/t/test_data_set_10/input_0.pb': pb(floats([1, 2], [5, 6])),
      '/t/test_data_set_10/input_1.pb': pb(floats([1], [7])),
      '/t/test_data_set_2/input_0.pb': pb(floats([1, 2], [1, 2])),
      '/t/test_data_set_2/input_1.pb': pb(floats([1], [3])),
      '/t/test_data_set_2/output_0.pb': pb(floats([1], [9])),
      '/t/model.onnx': 'no',
    });
    const inputs = [...input([1, 2], 'a'), ...input([1], 'b')];
    const set = await openDataset(dataSource({ kind: 'onnx-pb', path: '/t' }), sets, { inputs });
    expect(set.length).toBe(2);
    expect(await set.sample(0)).toEqual(
      new Map([
        ['a', floats([1, 2], [1, 2])],
        ['b', floats([1], [3])],
      ]),
    );
    expect((await set.sample(1)).get('a')).toEqual(floats([1, 2], [5, 6]));
  });

  it('are a sample a file otherwise, and may be preprocessed', async () => {
    const files = memoryHost({ '/t/a.pb': pb(bytes([1, 2], [0, 255])), '/t/b.pb': pb(bytes([1, 2], [51, 102])) });
    const source = dataSource({ kind: 'onnx-pb', path: '/t/*.pb', scale: 1 / 255 });
    const set = await openDataset(source, files, { inputs: input([1, 2]) });
    expect((await set.sample(1)).get('x')).toEqual(floats([1, 2], [0.2, 0.4]));
  });

  it('that are damaged are a finding', async () => {
    const files = memoryHost({ '/t/a.pb': pb(floats([100], counting(100))).subarray(0, 50) });
    const finding = await findingOf(() => openDataset(dataSource({ kind: 'onnx-pb', path: '/t' }), files));
    expect(finding.severity).toBe('error');
  });
});

describe('warnings', () => {
  const codes = async (fields: object, file = ten) =>
    (await openDataset(dataSource({ array: 'x', ...fields }), memoryHost({ '/data.npz': file }))).findings.map(
      (finding) => finding.code,
    );

  it('a calibration set of a single class', async () => {
    const split = JSON.stringify({
      format: 'qspec-split',
      version: 1,
      source: { file: 'data.npz', samples: 10 },
      parts: { calibration: [2, 3] },
    });
    const files = memoryHost({ '/data.npz': ten, '/s.json': split });
    const set = await openDataset(dataSource({ array: 'x', ...labelsY, split: { path: '/s.json' } }), files);
    expect(set.findings.map(({ code, severity }) => [code, severity])).toEqual([['data/single-class', 'warning']]);
    expect(set.findings[0]!.what).toContain('class 1');
  });

  it('exact copies', async () => {
    const copies = npz({ x: floats([3, 2], [1, 2, 3, 4, 1, 2]) });
    expect(await codes({}, copies)).toEqual(['data/duplicates']);
  });

  it('fewer samples than asked for', async () => {
    expect(await codes({ take: 11 })).toEqual(['data/take']);
  });

  it('and none for good data', async () => {
    expect(await codes({ ...labelsY, take: 5 })).toEqual([]);
  });
});

describe('data that cannot be used', () => {
  const open = (fields: object, files: Record<string, Uint8Array | string> = { '/data.npz': ten }, options = {}) =>
    findingOf(() => openDataset(dataSource({ array: 'x', ...fields }), memoryHost(files), options));
  const nan = (value: number) => ({ '/data.npz': npz({ x: floats([2, 2], [1, 2, value, 4]) }) });

  it('a file that is not there', async () => {
    expect((await open({ path: '/gone.npz' })).code).toBe('data/missing-file');
  });

  it('an array that is not there, with the name that was meant', async () => {
    const finding = await open({ array: 'Y', labels: undefined });
    expect([finding.code, finding.fix]).toEqual(['data/array', expect.stringContaining('"y"')]);
  });

  it('no array named where there are two', async () => {
    expect((await open({ array: undefined })).fix).toContain('array x');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('values that are %s', async (value) => {
    const finding = await open({}, nan(value));
    expect([finding.code, finding.what]).toEqual(['data/not-finite', expect.stringContaining('x[1]')]);
  });

  it('another number of labels than samples', async () => {
    const files = { '/data.npz': npz({ x: floats([2, 1], [1, 2]), y: bytes([3], [0, 1, 2]) }) };
    expect((await open(labelsY, files)).code).toBe('data/label-count');
  });

  it('labels beyond the classes of the model', async () => {
    expect((await open(labelsY, undefined, { classes: 4 })).what).toContain('label 4');
    const labels = { kind: 'array', array: 'y', offset: 1 };
    expect((await open({ labels }, undefined, { classes: 5 })).fix).toContain('offset 1');
  });

  it('negative labels', async () => {
    expect((await open({ labels: { kind: 'array', array: 'y', offset: -1 } })).code).toBe('data/label');
  });

  it('labels that are one-hot, floats or text', async () => {
    const withLabels = (y: Tensor) => open(labelsY, { '/data.npz': npz({ x: floats([2, 1], [1, 2]), y }) });
    expect((await withLabels(floats([2, 3], [0, 1, 0, 1, 0, 0]))).fix).toContain('argmax');
    expect((await withLabels(floats([2], [0.5, 1]))).code).toBe('data/label');
  });

  it.each([
    ['a name without a label', 'cat'],
    ['one label too many', '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11'],
    ['two labels for one name', 'x[0] 1\nx[0] 2'],
    ['a missing name', 'x[0] 1'],
    ['a path that leads elsewhere', '../../etc/passwd 1'],
    ['names on some lines only', 'x[0] 1\n2'],
  ])('a label file with %s', async (_, text) => {
    const labels = { kind: 'file', path: '/labels.txt', offset: 0 };
    const { code } = await open({ labels }, { '/data.npz': ten, '/labels.txt': text });
    expect(['data/labels', 'data/label-count']).toContain(code);
  });

  it('labels of folders or arrays where there are none', async () => {
    expect((await open({ labels: { kind: 'folder', offset: 0 } })).code).toBe('data/labels');
    const npy = { '/x.npy': writeNpy(floats([2, 1], [1, 2])) };
    expect((await open({ kind: 'npy', path: '/x.npy', ...labelsY }, npy)).code).toBe('data/labels');
  });

  it('inputs that the model has not, or that stay empty', async () => {
    const inputs = [...input([1, 2], 'a'), ...input([1, 2], 'b')];
    expect((await open({ input: 'c' }, undefined, { inputs })).code).toBe('data/input');
    expect((await open({ input: 'a' }, undefined, { inputs })).what).toContain('"b"');
  });

  it.each([{ take: 0 }, { take: 1.5 }, { skip: -1 }])('%j', async (fields) => {
    expect((await open(fields)).code).toBe('data/count');
  });

  it('nothing left after skip', async () => {
    expect((await open({ skip: 10 })).code).toBe('data/empty');
  });

  it('a shape that claims more samples than there can be', async () => {
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (999999999999, 0), }".padEnd(117);
    const npy = Uint8Array.from([
      0x93,
      0x4e,
      0x55,
      0x4d,
      0x50,
      0x59,
      1,
      0,
      118,
      0,
      ...new TextEncoder().encode(`${header}\n`),
    ]);
    expect((await open({ kind: 'npy', path: '/x.npy' }, { '/x.npy': npy })).code).toBe('data/shape');
  });
});

describe('long work', () => {
  it('tells how far it is and stops when cancelled', async () => {
    const controller = new AbortController();
    const reports: string[] = [];
    const progress = {
      signal: controller.signal,
      report: (stage: string, done: number, total: number) => {
        reports.push(`${stage} ${done}/${total}`);
        controller.abort();
      },
    };
    await expect(openDataset(dataSource({ array: 'x' }), host, { progress })).rejects.toThrow(Cancelled);
    expect(reports).toEqual(['Reading data "calibration" 0/10']);
  });
});
