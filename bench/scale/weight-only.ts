// Time and memory of weight-only quantisation to int4 in groups of 128, on residual blocks of width 512 with N GiB of dense random
// weights in external data: rounding to nearest, HQQ, and GPTQ on 64 random inputs. Each in a process of its own; the aim is
// a peak below 1 GB (954 MiB) for 3 GiB of weights. Takes as much of the temporary folder (TMPDIR) as the weights, and half as much again.
//   node bench/scale/weight-only.ts [--gibibytes 3] [--methods round-to-nearest,hqq,gptq]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { methodNamed } from '../../engine/methods/registry.ts';
import { blockBytes, writeBlockModel } from '../../test/engine/scale/block-model.ts';
import { root } from '../../test/shared.ts';

const { values } = parseArgs({
  options: {
    gibibytes: { type: 'string', default: '3' },
    methods: { type: 'string', default: 'round-to-nearest,hqq,gptq' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'qspec-blocks-'));
try {
  const { model, inputs } = writeBlockModel(folder, Math.round((Number(values.gibibytes) * 2 ** 30) / blockBytes), 64);
  print(`${'method'.padEnd(18)}${'seconds'.padStart(10)}${'processor'.padStart(12)}${'peak memory'.padStart(14)}`);
  for (const { name, needs } of values.methods.split(',').map(methodNamed)) {
    const spec = join(folder, `${name}.qspec`);
    const lines = [
      'qspec 1',
      `model "${model}"`,
      ...(needs === undefined ? [] : [`data calibration npy "${inputs}"`]),
      `quantize { weights int4 symmetric per-group(128) using ${name} }`,
      'export onnx qdq "out.onnx"',
    ];
    writeFileSync(spec, `${lines.join('\n')}\n`);
    const program = join(root, 'test', 'engine', 'scale', 'measured.ts');
    const { stdout } = spawnSync(process.execPath, [program, 'quantize', spec], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 30,
    });
    const { exitCode, err, seconds, processorSeconds, peakMebibytes } = JSON.parse(stdout);
    if (exitCode !== 0) throw new Error(err);
    const cells = [`${seconds.toFixed(0)} s`.padStart(10), `${processorSeconds.toFixed(0)} s`.padStart(12)];
    print(`${name.padEnd(18)}${cells.join('')}${`${peakMebibytes.toFixed(0)} MiB`.padStart(14)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
