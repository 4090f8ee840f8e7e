import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { root } from '../shared.ts';

const example = join(root, 'examples', 'digits');
export const exampleFile = (name: string): Uint8Array => readFileSync(join(example, name));

/** A `.npz` with one array `x` of random bytes, shaped as the example's digits. */
export function randomDigits(samples: number): Uint8Array {
  const values = new Uint8Array(samples * 64);
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state >>> 24) % 17;
  }
  const shape = `{'descr': '|u1', 'fortran_order': False, 'shape': (${samples}, 1, 8, 8), }`;
  const header = new Uint8Array(128).fill(0x20);
  header.set([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]);
  header.set(Buffer.from(shape), 10);
  header[127] = 10;
  return zipSync({ 'x.npy': [new Uint8Array([...header, ...values]), { level: 0 }] });
}

/** A spec on the example's model that keeps the engine busy for as long as calibrating on so many samples takes. */
export function slowSpec(name: string, model = 'digits.onnx'): string {
  return [
    'qspec 1',
    `model "${model}"`,
    'data calibration npz "random.npz" { array x  scale 1/16 }',
    'quantize { weights int8 symmetric per-channel  activations uint8 affine per-tensor observe mse }',
    `export onnx qdq "out/${name}.onnx"`,
    '',
  ].join('\n');
}

/** Files of a workspace with a run of a minute or more. */
export function slowWorkspace(...names: string[]): Record<string, string | Uint8Array> {
  const specs = names.map((name) => [`${name}.qspec`, slowSpec(name)] as const);
  return {
    'digits.onnx': exampleFile('digits.onnx'),
    'random.npz': randomDigits(200_000),
    ...Object.fromEntries(specs),
  };
}

/** Ids of the engine processes of the VS Code server that lives in a folder. They are ours: the server is. */
export function enginesOf(serverFolder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(join('/proc', name, 'cmdline'), 'utf8');
      const environment = readFileSync(join('/proc', name, 'environ'), 'utf8');
      return command.includes('engine-process.mjs') && environment.includes(serverFolder) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Everything in a workspace's output folder, temporary files too. */
export function outputs(folder: string): string[] {
  const out = join(folder, 'out');
  return existsSync(out) ? readdirSync(out).sort() : [];
}

/** What the command line makes of the example: bytes of the exported model. */
export function exportedByCommandLine(): Uint8Array {
  const out = mkdtempSync(join(tmpdir(), 'qspec-out-'));
  try {
    const command = [join(root, 'dist', 'node', 'qspec.mjs'), 'quantize', join(example, 'digits.qspec'), '--out', out];
    execFileSync(process.execPath, [...command, '--samples', '0'], { stdio: 'ignore' });
  } catch (error) {
    // Without samples its expectations are not judged, which is exit code 1.
    if ((error as { status?: number }).status !== 1) throw error;
  }
  const bytes = readFileSync(join(out, 'digits.int8.onnx'));
  rmSync(out, { recursive: true });
  return bytes;
}

/** Polls until something holds. */
export async function eventually<T>(what: string, look: () => T | undefined | false, timeout = 20_000): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeout / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
