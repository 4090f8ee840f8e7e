// Time and memory of `qspec` on a model with N GiB of external weights (a sparse file: zeros but for a row each), each command
// in a process of its own: what is inspected, measured and quantised without ever being in memory as a whole.
//   node bench/scale/large.ts [--gibibytes 3]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLargeModel } from '../../test/engine/scale/large-model.ts';
import { root } from '../../test/shared.ts';

const { values } = parseArgs({ options: { gibibytes: { type: 'string', default: '3' } } });
const folder = mkdtempSync(join(tmpdir(), 'qspec-large-'));
const print = (line: string) => process.stdout.write(`${line}\n`);
try {
  const model = writeLargeModel(folder, Math.round(Number(values.gibibytes) * 16));
  const spec = join(folder, 'large.qspec');
  const lines = ['qspec 1', 'model "large.onnx"', 'quantize { weights int8 symmetric per-channel }'];
  writeFileSync(spec, [...lines, 'export onnx qdq "large.int8.onnx"', ''].join('\n'));
  print(`${'command'.padEnd(16)}${'seconds'.padStart(10)}${'processor'.padStart(12)}${'peak memory'.padStart(14)}`);
  for (const [command, file] of [
    ['inspect', model],
    ['check', spec],
    ['sensitivity', model],
    ['quantize', spec],
  ] as const) {
    const program = join(root, 'test', 'engine', 'scale', 'measured.ts');
    const { stdout, stderr } = spawnSync(process.execPath, [program, command, file], { encoding: 'utf8' });
    if (stderr !== '') throw new Error(stderr);
    const { exitCode, err, seconds, processorSeconds, peakMebibytes } = JSON.parse(stdout);
    if (exitCode !== 0) throw new Error(err);
    const cells = [`${seconds.toFixed(2)} s`.padStart(10), `${processorSeconds.toFixed(2)} s`.padStart(12)];
    print(`${command.padEnd(16)}${cells.join('')}${`${peakMebibytes.toFixed(0)} MiB`.padStart(14)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
