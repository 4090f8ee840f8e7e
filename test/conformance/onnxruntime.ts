import { readFileSync } from 'node:fs';
import { shared } from '../shared.ts';

/**
 * How onnxruntime 1.30 on the CPU fares with each case of the suite's `node` folder: `pass`, `mismatch`, or the error.
 * Some of the errors are its Python
 * front end's, which takes no sequences and few of the narrow types. From `onnx-node/onnxruntime-status.csv` of the shared material; empty where it is absent.
 */
export function onnxruntimeStatus(): ReadonlyMap<string, string> {
  const file = shared('onnx-node', 'onnxruntime-status.csv');
  if (file === undefined) return new Map();
  const [, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  // Test, opset and operators hold no comma; the status, which is last, may.
  return new Map(
    lines.map((line) => {
      const [name, , , ...status] = line.trimEnd().split(',');
      return [name!, status.join(',')];
    }),
  );
}

/** Cases that onnxruntime passes and that are not among ours that pass. */
export function behindOnnxruntime(passed: ReadonlySet<string>, status = onnxruntimeStatus()): string[] {
  return [...status].filter(([name, theirs]) => theirs === 'pass' && !passed.has(name)).map(([name]) => name);
}
