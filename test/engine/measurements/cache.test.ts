import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../engine/env/node/cache-folder.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { MeasurementCache } from '../../../engine/measurements/cache.ts';
import { hostFolder } from '../../../engine/measurements/host-folder.ts';
import type { CacheFolder } from '../../../engine/measurements/keyed-files.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'qspec-cache-'));
  folder = join(root, 'measurements');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const cache = (limits?: { bytes: number; files: number }) =>
  new MeasurementCache(hostFolder(nodeHost(), folder), limits);
const some = (value: number | null) => ({ sensitivity: { a: value, ['__proto__']: 3 } });

describe('the cache of measurements', () => {
  it('gives back what was put, also by another owner, and nothing where nothing was', async () => {
    expect(await cache().get('k')).toBeUndefined();
    await cache().put('k', some(12.5));
    await cache().put('exact', some(null));
    expect(await cache().get('k')).toEqual(some(12.5));
    expect(await cache().get('exact')).toEqual(some(null));
  });

  it.each([
    ['no JSON', '{'],
    ['other JSON', '{"sensitivity":{"a":"loud"}}'],
    ['nothing', 'null'],
  ])('takes a damaged file for none: %s', async (_what, text) => {
    await cache().put('k', some(1));
    writeFileSync(join(folder, readdirSync(folder)[0]!), text);
    expect(await cache().get('k')).toBeUndefined();
  });

  it('lets the oldest go beyond its limits, and never the latest', async () => {
    const small = cache({ files: 2, bytes: 1000 });
    for (const [i, key] of ['one', 'two'].entries()) {
      await small.put(key, some(i));
      utimesSync(join(folder, readdirSync(folder).find((name) => name.startsWith(key))!), 1000 + i, 1000 + i);
    }
    await small.put('three', some(3));
    expect(await Promise.all(['one', 'two', 'three'].map((key) => small.get(key)))).toEqual([
      undefined,
      some(1),
      some(3),
    ]);
    await cache({ files: 2, bytes: 40 }).put('four', some(4));
    expect(readdirSync(folder)).toEqual(['four.measured.json']);
    await cache({ files: 2, bytes: 4 }).put('five', some(5));
    expect(await small.get('five')).toBeUndefined();
  });

  it('is cleared of its own files and no others', async () => {
    await cache().put('a', some(1));
    await cache().put('b', some(2));
    writeFileSync(join(folder, 'someone-elses.txt'), '');
    expect(await cache().clear()).toBe(2);
    expect(readdirSync(folder)).toEqual(['someone-elses.txt']);
    expect(await new MeasurementCache(hostFolder(nodeHost(), join(root, 'nowhere'))).clear()).toBe(0);
  });

  it('takes a folder that cannot be read for an empty one', async () => {
    const broken: CacheFolder = {
      read: () => Promise.reject(new Error('no')),
      write: () => Promise.reject(new Error('no')),
      list: async () => [],
      remove: async () => {},
    };
    expect(await new MeasurementCache(broken).get('k')).toBeUndefined();
  });
});

describe('the folder for caches', () => {
  it('is where the system keeps them, or where it is told', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'qspec'));
    expect(cacheFolder({}, 'linux')).toMatch(/[\\/]\.cache[\\/]qspec$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Caches[\\/]qspec$/);
    expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'qspec', 'cache'));
    expect(cacheFolder({ QSPEC_CACHE: '/own', XDG_CACHE_HOME: '/c' }, 'linux')).toBe('/own');
  });
});
