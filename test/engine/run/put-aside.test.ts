import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import type { Host } from '../../../engine/host.ts';
import { dataBudget, processBudget } from '../../../engine/lazy-tensor.ts';
import type { Job, Plan } from '../../../engine/plan.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';
import { context } from './quiet-context.ts';

let outFolder: string;
let job: Job;
const close = vi.fn();
const closing = async () => ({ write: vi.fn(), read: vi.fn(), close });
const scratch = vi.fn<NonNullable<Host['scratch']>>();
beforeEach(async () => {
  outFolder = mkdtempSync(join(tmpdir(), 'qspec-aside-'));
  job = jobOf(await openSpec(join(root, 'examples', 'digits', 'digits.qspec'))).job!;
  close.mockClear();
  scratch.mockReset().mockImplementation(closing);
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

  it('holds the codes that data decided where memory has no room for them, and the export is the same', async () => {
    const method = { name: 'gptq', arguments: {} };
    const nodes = Object.entries(job.plan!.nodes).map(([node, { weight, ...roles }]) => [
      node,
      { ...roles, ...(weight && { weight: { ...weight, method } }) },
    ]);
    const plan: Plan = { ...job.plan!, nodes: Object.fromEntries(nodes) };
    const data = { calibration: { ...job.data['calibration']!, take: 20 } };
    const exported = () => readFileSync(join(outFolder, 'digits.int8.onnx'));
    await run({ plan, data });
    const before = exported();
    close.mockClear();

    const written: number[] = [];
    scratch.mockImplementation(async (folder) => {
      const file = await context.host.scratch!(folder);
      return {
        ...file,
        write(bytes, offset) {
          written.push(bytes.length);
          file.write(bytes, offset);
          expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
        },
      };
    });
    const filling = new Uint8Array(dataBudget);
    processBudget.keep(filling);
    await run({ plan, data });
    // The two weights that are large enough to be read when they are touched, 3 × 3 × 32 × 32 codes of 8 bits each.
    expect(written).toEqual([9216, 9216]);
    expect(exported()).toEqual(before);
    expect(filling.length).toBe(dataBudget);
  });

  it('is not asked for where nothing is written', async () => {
    await run({}, { write: false });
    expect(scratch).not.toHaveBeenCalled();
  });
});
