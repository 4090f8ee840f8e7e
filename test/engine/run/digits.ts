import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { root } from '../../shared.ts';

/** The bundled example compressed as a spec says, measured in ONNX Runtime on 200 images. */

export const folder = mkdtempSync(join(tmpdir(), 'qspec-digits-'));

export function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

const example = (name: string) => JSON.stringify(join(root, 'examples', 'digits', name));

/** @param words of the `quantize` block */
export async function compressDigits(words: string, statements = 'export onnx qdq "m.onnx"', outFolder?: string) {
  const path = join(folder, 'm.qspec');
  writeFileSync(
    path,
    `qspec 1
model ${example('digits.onnx')}
data calibration npz ${example('digits.npz')} { array x labels y scale 1/16 take 40 }
data validation npz ${example('digits.npz')} like calibration { split ${example('splits.json')} part test take 200 }
quantize { ${words} }
${statements}
`,
  );
  const { job, findings } = jobOf(await openSpec(path));
  if (job === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  const { report } = await quantizeJob(
    job,
    {
      host: nodeHost(),
      threads: 1,
      toolVersion: '0',
      loadRuntime: () => loadOnnxRuntime({ threads: 1 }),
      progress: { signal: new AbortController().signal, report: () => undefined },
    },
    outFolder === undefined ? { write: false } : { write: true, outFolder },
  );
  const { metrics, runtime } = report.accuracy!;
  const { labelled, sqnr } = metrics;
  const drop = 100 * (labelled!.reference.top1 - labelled!.candidate.top1);
  return { report, drop, sqnr, runtime, integers: report.verification?.integerExecution?.sqnr };
}
