import { describe, expect, it } from 'vitest';
import { browserHost } from '../../../engine/env/browser/host.ts';
import { FindingError } from '../../../engine/findings.ts';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { readModel, writeModel } from '../../../engine/onnx/model-file.ts';
import { versionOf } from '../onnx/versions.ts';
import { memoryFiles } from './memory-files.ts';

describe('the browser host', () => {
  it('says what it cannot do', () => {
    const { rename: _, ...files } = memoryFiles();
    const host = browserHost({ files });
    expect(host.capabilities).toEqual({ rangeReads: false, atomicReplace: false, sharedMemory: false, processors: 1 });
    expect(host.startThread).toBeUndefined();
  });

  it.each([true, false])('writes and reads models with external data; rename: %s', async (renames) => {
    const files = memoryFiles();
    const { rename: _, ...withoutRename } = files;
    const host = browserHost({ files: renames ? files : withoutRename });
    await writeModel(host, '/project/model.onnx', versionOf('old'), { externalData: 'always' });
    await writeModel(host, '/project/model.onnx', versionOf('new'), { externalData: 'always' });
    expect(encodeModel(await readModel(host, '/project/model.onnx'))).toEqual(encodeModel(versionOf('new')));
    expect([...files.content.keys()].sort()).toEqual([
      '/project/model.onnx',
      expect.stringMatching(/^\/project\/model\.onnx\.[0-9a-f]{16}\.data$/),
    ]);
  });

  it('shows nothing before commit', async () => {
    const files = memoryFiles();
    const file = await browserHost({ files }).replace('/project/a');
    const bytes = Uint8Array.of(1, 2);
    await file.write(bytes);
    bytes.fill(9);
    expect(files.content.size).toBe(0);
    await file.commit();
    expect([...files.content]).toEqual([['/project/a', Uint8Array.of(1, 2)]]);
  });

  it('gives assets by name only', async () => {
    const host = browserHost({ files: memoryFiles() });
    expect(await host.asset('ort-wasm-simd-threaded.wasm')).toEqual(Uint8Array.of(1));
    expect(() => host.asset('../secret')).toThrow(FindingError);
  });
});
