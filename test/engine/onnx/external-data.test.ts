import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { FindingError } from '../../../engine/findings.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Host } from '../../../engine/host.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { readModel, readTensorFile, writeModel, writeTensorFile } from '../../../engine/onnx/model-file.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { smallModel } from './small-model.ts';
import { versionOf } from './versions.ts';

const host = nodeHost();
let root = '';
let path = '';

/** A folder for the model, and a secret outside of it. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qspec-'));
  path = join(root, 'models', 'model.onnx');
  mkdirSync(dirname(path));
  writeFileSync(join(root, 'secret.bin'), new Uint8Array(400));
});
afterEach(() => rmSync(root, { recursive: true }));

async function findingOf(work: Promise<unknown>): Promise<FindingError['finding']> {
  const error = await work.then(
    () => expect.fail('nothing was found'),
    (reason: unknown) => reason,
  );
  if (error instanceof FindingError) return error.finding;
  throw error;
}

/** Writes a model with one tensor of float32 that is said to be at `location`, and the entries given. */
function writePointing(location: string, entries: Readonly<Record<string, string>> = {}, elements = 100): void {
  const model = smallModel();
  const external_data = Object.entries({ location, ...entries }).map(
    ([key, value]) => new onnx.StringStringEntryProto({ key, value }),
  );
  model.graph!.initializer.push(
    new onnx.TensorProto({ name: 'far', dims: [elements], data_type: 1, data_location: 1, external_data }),
  );
  writeFileSync(path, encodeModel(model));
}

/** What the work throws. */
function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}

const readFar = async (file = path) => (await readModel(host, file)).graph!.initializer.at(-1)!;

describe('reading', () => {
  it('takes offset and length, and ignores the checksum', async () => {
    writeFileSync(
      join(root, 'models', 'weights.bin'),
      Uint8Array.from({ length: 500 }, (_, index) => index),
    );
    writePointing('weights.bin', { offset: '50', length: '400', checksum: 'no such thing' });
    const tensor = await readFar();
    expect(tensor.raw_data!.length).toBe(400);
    expect([tensor.raw_data![0], tensor.raw_data![399]]).toEqual([50, 449 - 256]);
    expect([tensor.data_location, tensor.external_data]).toEqual([undefined, []]);
  });

  /** Writes tensors of 1000 and twice 5000 bytes, and returns the host with the ranges read through it. */
  async function counted(): Promise<{ counting: Host; ranges: number[] }> {
    const model = smallModel();
    for (const [i, length] of [1000, 5000, 5000].entries())
      model.graph!.initializer.push(tensorToProto({ dtype: 'uint8', dims: [length], data: bytes(length) }, `w${i}`));
    await writeModel(host, path, model, { externalData: 'always' });
    const ranges: number[] = [];
    const rangeReader: Host['rangeReader'] = async (file) => {
      const read = await host.rangeReader!(file);
      return (offset, length) => {
        ranges.push(length);
        return read(offset, length);
      };
    };
    return { counting: { ...host, rangeReader }, ranges };
  }
  const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i);

  it('reads small tensors with the model, and of the large ones only those that are asked for', async () => {
    const { counting, ranges } = await counted();
    const { initializer } = (await readModel(counting, path)).graph!;
    expect(ranges).toEqual([]);
    expect(initializer.at(-1)!.raw_data).toEqual(bytes(5000));
    expect(ranges).toEqual([5000]);
    writePointing('weights.bin');
    writeFileSync(join(root, 'models', 'weights.bin'), new Uint8Array(400));
    await readModel(counting, path);
    expect(ranges).toEqual([5000, 400]);
  });

  it('for its shapes alone reads no large tensor, on hosts that cannot put it off as well', async () => {
    const { counting, ranges } = await counted();
    const { rangeReader: _, ...whole } = host;
    for (const own of [counting, whole]) {
      const model = graphFromProto(await readModel(own, path, { weights: 'shapes' }));
      expect([...model.graph.initializers.values()].at(-1)!.dims).toEqual([5000]);
    }
    expect(ranges).toEqual([]);
  });

  it('constants in attributes are as lazy as initializers', async () => {
    writeFileSync(
      join(root, 'models', 'weights.bin'),
      Uint8Array.from({ length: 20_000 }, (_, i) => i),
    );
    writePointing('weights.bin', {}, 5000);
    const model = decodeModel(await host.readFile(path));
    const value = model.graph!.initializer.pop()!;
    const types = onnx.AttributeProto.AttributeType;
    const attribute = [new onnx.AttributeProto({ name: 'value', type: types.TENSOR, t: value })];
    model.graph!.node.push(new onnx.NodeProto({ op_type: 'Constant', output: ['far'], attribute }));
    writeFileSync(path, encodeModel(model));
    for (const weights of ['shapes', 'lazy'] as const) {
      const { graph } = graphFromProto(await readModel(host, path, { weights }));
      expect(graph.types.get('far')).toEqual({ dtype: 'float32', dims: [5000] });
      const own = graph.nodes.at(-1)!.attributes['value'];
      if (weights === 'lazy') expect(own).toMatchObject({ value: { data: { byteLength: 20_000 } } });
    }
  });

  it('where reading cannot be put off, each file is read once', async () => {
    await counted();
    const { rangeReader: _, ...whole } = host;
    const read: string[] = [];
    const own: Host = {
      ...whole,
      readFile(file) {
        read.push(file);
        return host.readFile(file);
      },
    };
    const { initializer } = (await readModel(own, path)).graph!;
    expect(initializer.slice(-3).map((tensor) => tensor.raw_data!.length)).toEqual([1000, 5000, 5000]);
    expect(read.length).toBe(2);
  });

  it('a file that was changed after it was opened is not read on', async () => {
    writeFileSync(join(root, 'models', 'weights.bin'), new Uint8Array(20_000));
    writePointing('weights.bin', {}, 5000);
    const tensor = await readFar();
    expect(tensor.raw_data!.length).toBe(20_000);
    writeFileSync(join(root, 'models', 'weights.bin'), new Uint8Array(20_001));
    expect(caught(() => tensor.raw_data)).toMatchObject({
      finding: { code: 'file/changed', file: join(root, 'models', 'weights.bin') },
    });
    writeFileSync(join(root, 'other.bin'), new Uint8Array(20_000));
    renameSync(join(root, 'other.bin'), join(root, 'models', 'weights.bin'));
    expect(caught(() => tensor.raw_data)).toMatchObject({ finding: { code: 'file/changed' } });
  });

  it('a folder below the model is inside; both slashes work', async () => {
    mkdirSync(join(root, 'models', 'parts'));
    writeFileSync(join(root, 'models', 'parts', 'weights.bin'), new Uint8Array(400));
    for (const location of ['parts/weights.bin', './parts//weights.bin', 'parts\\weights.bin']) {
      writePointing(location);
      expect((await readFar()).raw_data!.length).toBe(400);
    }
  });

  it.each([
    '../secret.bin',
    '../nothing.bin',
    'parts/../../secret.bin',
    '..\\secret.bin',
    '/etc/passwd',
    '\\secret.bin',
    '\\\\server\\share\\secret.bin',
    '//server/share/secret.bin',
    '\\\\?\\C:\\secret.bin',
    'C:\\secret.bin',
    'C:secret.bin',
    'weights.bin:stream',
    'weights\0.bin',
    '..',
  ])('refuses %j', async (location) => {
    writePointing(location);
    const finding = await findingOf(readModel(host, path));
    expect([finding.code, finding.file]).toEqual(['external/outside', path]);
  });

  it('refuses a link that leads out of the folder, and a folder that does', async () => {
    symlinkSync(join(root, 'secret.bin'), join(root, 'models', 'link.bin'));
    writePointing('link.bin');
    expect((await findingOf(readModel(host, path))).code).toBe('external/outside');
    symlinkSync(root, join(root, 'models', 'out'));
    writePointing('out/secret.bin');
    expect((await findingOf(readModel(host, path))).code).toBe('external/outside');
  });

  it('a model that is itself a link, with its data beside it, as in download caches', async () => {
    mkdirSync(join(root, 'snapshot'));
    writeFileSync(join(root, 'models', 'blob'), new Uint8Array(400));
    writePointing('weights.bin');
    symlinkSync('../models/model.onnx', join(root, 'snapshot', 'model.onnx'));
    symlinkSync('../models/blob', join(root, 'snapshot', 'weights.bin'));
    expect((await readFar(join(root, 'snapshot', 'model.onnx'))).raw_data!.length).toBe(400);
  });

  it.each([
    ['no such file', 'missing.bin', {}, 'external/missing'],
    ['a folder', '.', {}, 'external/missing'],
    ['no location', '', {}, 'external/damaged'],
    ['an offset that is no number', 'weights.bin', { offset: '-1' }, 'external/damaged'],
    ['an offset beyond 2⁵³', 'weights.bin', { offset: '99999999999999999999' }, 'external/damaged'],
    ['a length that does not fit the shape', 'weights.bin', { length: '399' }, 'tensor/length'],
    ['a range beyond the end', 'weights.bin', { offset: '200' }, 'external/truncated'],
  ])('%s', async (_, location, entries, code) => {
    writeFileSync(join(root, 'models', 'weights.bin'), new Uint8Array(500));
    writePointing(location, entries);
    expect((await findingOf(readModel(host, path))).code).toBe(code);
  });

  it('a tensor that no memory holds is refused before anything of it is read', async () => {
    writeFileSync(path, encodeModel(hugeModel()));
    writeFileSync(join(root, 'models', 'weights.bin'), new Uint8Array(8));
    truncateSync(join(root, 'models', 'weights.bin'), 2 ** 42);
    const tensor = await readFar();
    expect(caught(() => tensor.raw_data)).toMatchObject({ finding: { code: 'model/too-large-for-memory' } });
    const { rangeReader: _, ...whole } = host;
    expect((await findingOf(readModel(whole, path))).code).toBe('model/too-large-for-memory');
  });

  it('a file over 2 GiB is refused before it is read', async () => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 31);
    expect((await findingOf(readModel(host, path))).code).toBe('model/too-large');
  });
});

describe('writing', () => {
  it('what is written is read back, with and without external data', async () => {
    for (const externalData of ['always', 'never', 'auto'] as const) {
      await writeModel(host, path, versionOf('v'), { externalData });
      expect(encodeModel(await readModel(host, path))).toEqual(encodeModel(versionOf('v')));
    }
  });

  it('the model is unchanged by writing it, and keeps what it does not know', async () => {
    const model = versionOf('v');
    const large = model.graph!.initializer.at(-1)!;
    Object.defineProperty(large, '$unknowns', { value: [Uint8Array.of(0xa2, 0x1f, 1, 7)], enumerable: false });
    const before = encodeModel(model);
    await writeModel(host, path, model, { externalData: 'always' });
    expect(encodeModel(model)).toEqual(before);
    expect(encodeModel(await readModel(host, path))).toEqual(before);
  });

  it('large tensors that were not read are written one at a time, and a cancelled export leaves nothing', async () => {
    writeFileSync(
      join(root, 'models', 'weights.bin'),
      Uint8Array.from({ length: 40_000 }, (_, i) => i * 7),
    );
    writePointing('weights.bin', { offset: '20000' }, 5000);
    const model = await readModel(host, path);
    const out = join(root, 'models', 'out.onnx');
    await writeModel(host, out, model, { externalData: 'always' });
    const bytes = encodeModel(await readModel(host, path));
    expect(encodeModel(await readModel(host, out))).toEqual(bytes);
    const before = readdirSync(dirname(out));
    const controller = new AbortController();
    const progress = { signal: controller.signal, report: () => controller.abort() };
    model.graph!.initializer.push(tensorToProto({ dtype: 'uint8', dims: [5000], data: new Uint8Array(5000) }));
    await expect(writeModel(host, out, model, { externalData: 'always', progress })).rejects.toThrow(Cancelled);
    expect(readdirSync(dirname(out))).toEqual(before);
    expect(encodeModel(await readModel(host, out))).toEqual(bytes);
  });

  it('large tensors go out on page boundaries, small ones stay', async () => {
    const [data, written] = await writeModel(host, path, versionOf('v'), { externalData: 'always' });
    expect(written).toBe(path);
    expect(data).toMatch(/model\.onnx\.[0-9a-f]{16}\.data$/);
    const initializers = decodeModel(await host.readFile(path)).graph!.initializer;
    const offsets = initializers.map(({ external_data }) => external_data.find(({ key }) => key === 'offset')?.value);
    expect(offsets).toEqual([undefined, undefined, undefined, '0', '4096']);
  });

  it('removes the data of earlier outputs of the same name, and nothing else', async () => {
    const others = ['model.onnx.data', 'other.onnx.0123456789abcdef.data', 'model.onnx.0123456789abcdef.data.bak'];
    for (const name of others) writeFileSync(join(root, 'models', name), 'mine');
    for (const version of ['a', 'bb', 'ccc'])
      await writeModel(host, path, versionOf(version), { externalData: 'always' });
    const data = readdirSync(dirname(path)).filter((name) => /^model\.onnx\.[0-9a-f]{16}\.data$/.test(name));
    expect(data.length).toBe(1);
    await writeModel(host, path, versionOf('d'), { externalData: 'never' });
    expect(readdirSync(dirname(path)).sort()).toEqual([...others, 'model.onnx'].sort());
  });

  it('does not remove data while another process is about to put a model beside them', async () => {
    const data = join(root, 'models', 'model.onnx.0123456789abcdef.data');
    writeFileSync(data, 'of the other process');
    const other = await host.replace(path);
    await writeModel(host, path, versionOf('v'));
    expect(readdirSync(dirname(path))).toContain('model.onnx.0123456789abcdef.data');
    await other.discard();
    await writeModel(host, path, versionOf('v'));
    expect(readdirSync(dirname(path))).toEqual(['model.onnx']);
  });

  it('equal names of data files mean equal bytes: the same weights cut otherwise lie otherwise', async () => {
    const cut = (...lengths: number[]) => {
      const model = smallModel();
      for (const length of lengths)
        model.graph!.initializer.push(tensorToProto({ dtype: 'uint8', dims: [length], data: new Uint8Array(length) }));
      return model;
    };
    const [first] = await writeModel(host, path, cut(3000, 2000), { externalData: 'always' });
    const [second] = await writeModel(host, path, cut(2000, 3000), { externalData: 'always' });
    expect(second).not.toBe(first);
  });

  it('the same model gives the same bytes and names', async () => {
    const first = await writeModel(host, path, versionOf('v'), { externalData: 'always' });
    const bytes = await Promise.all(first.map((file) => host.readFile(file)));
    const second = await writeModel(host, path, versionOf('v'), { externalData: 'always' });
    expect(second).toEqual(first);
    expect(await Promise.all(second.map((file) => host.readFile(file)))).toEqual(bytes);
  });
});

describe('tensor files', () => {
  it('are written and read', async () => {
    const tensor = { dtype: 'int4', dims: [3], data: Int8Array.of(-8, 0, 7) } as const;
    await writeTensorFile(host, join(root, 'input_0.pb'), tensor, 'x');
    expect(await readTensorFile(host, join(root, 'input_0.pb'))).toEqual(tensor);
  });

  it('a damaged one is a finding that names it', async () => {
    const file = join(root, 'input_0.pb');
    writeFileSync(file, Uint8Array.of(0x0a, 200));
    const finding = await findingOf(readTensorFile(host, file));
    expect([finding.code, finding.file]).toEqual(['tensor/damaged', file]);
  });
});

function hugeModel(): onnx.ModelProto {
  const model = smallModel();
  const external_data = [new onnx.StringStringEntryProto({ key: 'location', value: 'weights.bin' })];
  model.graph!.initializer.push(
    new onnx.TensorProto({ name: 'huge', dims: [2 ** 40], data_type: 1, data_location: 1, external_data }),
  );
  return model;
}
