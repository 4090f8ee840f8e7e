import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../../engine/data/dataset.ts';
import { writeNpy } from '../../engine/data/numpy.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Model } from '../../engine/graph/graph.ts';
import { decodeModel } from '../../engine/onnx/codec.ts';

const python = process.env['QSPEC_PYTHON'] ?? 'python3';
const script = fileURLToPath(new URL('./onnxruntime_quantizer.py', import.meta.url));

/** Version of onnxruntime's Python package with its quantiser, or undefined where it is not installed. */
export function peerVersion(): string | undefined {
  const probe = 'import onnxruntime.quantization, onnxruntime, onnx, sympy; print(onnxruntime.__version__)';
  const { status, stdout } = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export interface PeerResult {
  readonly model: Model;
  readonly bytes: number;
  readonly seconds: number;
  /** Peak memory, MB. */
  readonly peak: number;
}

export type CalibrationMethod = 'MinMax' | 'Percentile' | 'Entropy';

/** onnxruntime's own static quantiser on the very samples that we calibrate on. */
export async function quantizeWithPeer(
  modelPath: string,
  calibration: Dataset,
  method: CalibrationMethod,
  weights: 'QInt8' | 'QInt4' = 'QInt8',
): Promise<PeerResult> {
  const folder = mkdtempSync(join(tmpdir(), 'qspec-peer-'));
  try {
    const samples = join(folder, 'samples.npy');
    writeFileSync(samples, await samplesOf(calibration));
    const output = join(folder, 'quantized.onnx');
    const { seconds, peak } = runPeer({ model: modelPath, samples, output, method, weights });
    const bytes = new Uint8Array(readFileSync(output));
    return { model: graphFromProto(decodeModel(bytes)), bytes: bytes.length, seconds, peak };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface PeerRun {
  readonly model: string;
  /** A file of `samplesOf`. */
  readonly samples: string;
  readonly output: string;
  readonly method: CalibrationMethod;
  readonly weights: 'QInt8' | 'QInt4';
}

/** A process of Python; its seconds do not count starting it and loading its packages, its processor seconds do. */
export function runPeer({ model, samples, output, method, weights }: PeerRun): {
  seconds: number;
  peak: number;
  processor: number;
} {
  const { status, stdout, stderr } = spawnSync(python, [script, model, samples, output, method, weights], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONWARNINGS: 'ignore' },
  });
  if (status !== 0) throw new Error(`onnxruntime's quantiser failed:\n${stderr}`);
  const [, seconds, peak, processor] = stdout.trim().split('\n').at(-1)!.split(' ');
  return { seconds: Number(seconds), peak: Number(peak), processor: Number(processor) };
}

/** The samples of the first input as a float32 array of numpy, one a row. */
export async function samplesOf(dataset: Dataset): Promise<Uint8Array> {
  const rows: Float32Array[] = [];
  let dims: readonly number[] = [];
  for (let i = 0; i < dataset.length; i++) {
    const [tensor] = (await dataset.sample(i)).values();
    if (tensor === undefined) throw new Error('a sample without a tensor');
    dims = tensor.dims.slice(1);
    rows.push(tensor.data as Float32Array);
  }
  const all = new Float32Array(rows.length * rows[0]!.length);
  for (const [i, row] of rows.entries()) all.set(row, i * row.length);
  return writeNpy({ dtype: 'float32', dims: [rows.length, ...dims], data: all });
}
