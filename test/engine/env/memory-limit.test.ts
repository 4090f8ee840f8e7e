import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { memoryLimitWords, saysOutOfMemory } from '../../../engine/env/node/memory-limit.ts';
import { startEngine } from '../../../engine/env/node/start-engine.ts';
import { root } from '../../shared.ts';

const program = join(root, 'engine', 'env', 'node', 'engine-process.ts');

describe('the memory limit of an engine process', () => {
  test('ends it, says why, and fails what it was asked', async () => {
    const engine = startEngine({ program, threads: 1, memoryLimit: 16 });
    const { job } = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec')));
    const runs = [1, 2, 3].map(() => engine.client.quantize(job!, { write: false }));
    const answers = await Promise.allSettled(runs);
    expect(answers.at(-1)?.status).toBe('rejected');
    const { lastWords, outOfMemory } = await engine.exited;
    expect(lastWords).toContain('memory limit of 16 MiB reached');
    expect(outOfMemory).toBe(true);
    await expect(engine.client.status()).rejects.toThrow();
  });

  test('is kept while the process computes', () => {
    const hungry = join(import.meta.dirname, 'hungry.ts');
    const { signal, stderr, stdout } = spawnSync(process.execPath, [hungry], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(signal).toBe('SIGKILL');
    expect(saysOutOfMemory(stderr)).toBe(true);
  });

  test('leaves a process alone that keeps within it, and a killed one is not called out of memory', async () => {
    const engine = startEngine({ program, threads: 1, memoryLimit: 4096 });
    expect((await engine.client.status()).runs).toEqual([]);
    engine.stop();
    expect(await engine.exited).toMatchObject({ signal: 'SIGTERM', outOfMemory: false });
  });

  test('is told from a full heap of JavaScript and from other last words', () => {
    const words = spawnSync(
      process.execPath,
      ['--max-old-space-size=16', '-e', 'const a = []; for (;;) a.push({ i: [a.length] });'],
      { encoding: 'utf8' },
    );
    expect(saysOutOfMemory(words.stderr)).toBe(true);
    expect(saysOutOfMemory(`first\n${memoryLimitWords(512)}\n`)).toBe(true);
    expect(saysOutOfMemory('TypeError: memory limit')).toBe(false);
  });
});
