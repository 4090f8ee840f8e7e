import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const python = process.env['QSPEC_PYTHON'] ?? 'python3';

/** What native onnxruntime needs, with all the instructions of the machine: a mark that no WebAssembly reaches. */
export interface NativeTimes {
  readonly version: string;
  /** Median milliseconds by path; absent where it does not run the model on zeros with open dimensions of 1. */
  readonly milliseconds: ReadonlyMap<string, number>;
}

/** Undefined where no Python with onnxruntime is there (`QSPEC_PYTHON` names one). */
export function nativeTimes(paths: readonly string[], threads: number): NativeTimes | undefined {
  const probe = 'import onnxruntime, numpy; print(onnxruntime.__version__)';
  const found = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
  if (found.status !== 0) return undefined;
  const script = join(import.meta.dirname, 'onnxruntime_native.py');
  const { stdout } = spawnSync(python, [script, String(threads), ...paths], { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line.includes('\t'));
  return {
    version: found.stdout.trim(),
    milliseconds: new Map(lines.map((line) => [line.split('\t')[0]!, Number(line.split('\t')[1])])),
  };
}
