import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import type { Job } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';
import { context } from './quiet-context.ts';

let outFolder: string;
let job: Job;
const close = vi.fn();
const scratch = vi.fn(async () => ({ write: vi.fn(), read: vi.fn(), close }));
beforeEach(async () => {
  outFolder = mkdtempSync(join(tmpdir(), 'qspec-aside-'));
  job = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec'))).job!;
  close.mockClear();
  scratch.mockClear();
});
afterEach(() => rmSync(outFolder, { recursive: true, force: true }));

/** Quantises with a host whose scratch files are watched. */
function run(own: Partial<Job> = {}, { write = true, stopAt = '' } = {}) {
  const controller = new AbortController();
  const { loadRuntime: _, ...rest } = context;
  return quantizeJob(
    { ...job, ...own },
    {
      ...rest,
      host: { ...context.host, scratch },
      progress: {
        signal: controller.signal,
        report(stage) {
          expect(close).not.toHaveBeenCalled();
          if (stage === stopAt) controller.abort();
        },
      },
    },
    { write, outFolder, evaluationSamples: 0 },
  );
}

describe('the file for what a run puts aside', () => {
  it('is where the export goes, and is closed at the end', async () => {
    await run();
    expect(scratch.mock.calls).toEqual([[outFolder]]);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('is closed where the run is cancelled', async () => {
    await expect(run({}, { stopAt: 'Calibrating' })).rejects.toThrow(Cancelled);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('is closed where the run fails', async () => {
    await expect(run({ model: join(outFolder, 'none.onnx') })).rejects.toThrow('none.onnx');
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('is not asked for where nothing is written', async () => {
    await run({}, { write: false });
    expect(scratch).not.toHaveBeenCalled();
  });
});
