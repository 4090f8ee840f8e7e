import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../engine/data/open.ts';
import { npzReader } from '../../../engine/data/readers/npz.ts';
import { parseSplit } from '../../../engine/data/splits.ts';
import { findingOf } from './support/findings.ts';
import { memoryHost } from './support/memory-host.ts';
import { counting, dataSource, floats, npz } from './support/sources.ts';

const archive = npz({ x: floats([6, 1], counting(6)) });
const good = {
  format: 'qspec-split',
  version: 1,
  source: { file: 'data.npz', samples: 6 },
  parts: { calibration: [5, 0], validation: [1, 3, 4] },
};
const open = (split: unknown, part?: string, name = 'calibration') =>
  openDataset(
    dataSource({ array: 'x', name, split: { path: '/s.json', ...(part !== undefined && { part }) } }),
    memoryHost({ '/data.npz': archive, '/s.json': typeof split === 'string' ? split : JSON.stringify(split) }),
  );

describe('a split file', () => {
  it('chooses the samples of the part named like the data block', async () => {
    const set = await open(good);
    expect(counting(set.length).map(set.nameOf)).toEqual(['x[0]', 'x[5]']);
    expect((await open(good, undefined, 'validation')).length).toBe(3);
  });

  it('chooses the part asked for', async () => {
    expect((await open(good, 'validation')).length).toBe(3);
  });

  it('knows its source by the checksums of the arrays, not by the file', async () => {
    const context = { host: memoryHost({ '/data.npz': archive }), progress: undefined, inputs: [] };
    const store = await npzReader.open(dataSource({ array: 'x' }), context);
    const fingerprint = await store.fingerprint();
    expect((await open({ ...good, source: { ...good.source, fingerprint } })).length).toBe(2);
    const other = { ...good, source: { ...good.source, fingerprint: 'another' } };
    expect((await findingOf(() => open(other))).code).toBe('data/split-source');
  });

  const cases: Record<string, [unknown, string]> = {
    'for another number of samples': [{ ...good, source: { file: 'data.npz', samples: 7 } }, 'data/split-source'],
    'without the part': [{ ...good, parts: { other: [1] } }, 'data/split-part'],
    'whose part has the name of a method of objects': [{ ...good, parts: {} }, 'data/split-part'],
    'with a sample in two parts': [{ ...good, parts: { calibration: [1], validation: [1] } }, 'data/split-overlap'],
    'with a sample twice': [{ ...good, parts: { calibration: [1, 1] } }, 'data/split'],
    'with an index that is out of range': [{ ...good, parts: { calibration: [6] } }, 'data/split'],
    'with an index that is no whole number': [{ ...good, parts: { calibration: [1.5] } }, 'data/split'],
    'with text for an index': [{ ...good, parts: { calibration: ['1'] } }, 'data/split'],
    'of another version': [{ ...good, version: 2 }, 'data/split'],
    'of another kind': [{ ...good, format: 'other' }, 'data/split'],
    'that is no JSON': ['{', 'data/split'],
    'that is a list': [[1, 2], 'data/split'],
    'without parts': [{ ...good, parts: undefined }, 'data/split'],
    'without source': [{ ...good, source: undefined }, 'data/split'],
    'with an empty part': [{ ...good, parts: { calibration: [] } }, 'data/empty'],
  };
  it.each(Object.entries(cases))('%s is a finding', async (_, [split, code]) => {
    expect((await findingOf(() => open(split))).code).toBe(code);
  });

  it('names the parts that there are', async () => {
    expect((await findingOf(() => open(good, 'toString'))).fix).toContain('calibration, validation');
  });

  it('gives back what it was made from', () => {
    expect(parseSplit(JSON.stringify(good), 's.json')).toEqual(good);
  });
});
