// Time of each stage that makes a large graph ready to run, on synthetic graphs of N and N/2 nodes: what grows faster
// than the graph shows in the last column (2 is linear).
//   node bench/scale/run.ts [--nodes 10000] [--rounds 3]
import { parseArgs } from 'node:util';
import { compile } from '../../engine/executor/compile.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Model } from '../../engine/graph/graph.ts';
import { summarize } from '../../engine/graph/summary.ts';
import { decodeModel, encodeModel } from '../../engine/onnx/codec.ts';
import { optimize } from '../../engine/passes/index.ts';
import { deepModel } from '../../test/engine/scale/deep-model.ts';

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '3' } },
});
const nodes = Number(values.nodes);
const print = (line: string) => process.stdout.write(`${line}\n`);

const best = new Map<string, [whole: number, half: number]>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [at, count] of [nodes, nodes / 2].entries()) {
    for (const [stage, milliseconds] of await stages(encodeModel(deepModel(count)))) {
      const known = best.get(stage) ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      known[at] = Math.min(known[at]!, milliseconds);
      best.set(stage, known);
    }
  }
}
print(
  `${'stage'.padEnd(12)}${`${nodes} nodes`.padStart(14)}${`${nodes / 2} nodes`.padStart(14)}${'ratio'.padStart(8)}`,
);
const rows = [...best];
const total = [0, 1].map((at) => rows.reduce((sum, [, times]) => sum + times[at]!, 0));
for (const [stage, [whole, half]] of [...rows, ['in all', total] as [string, [number, number]]])
  print(
    `${stage.padEnd(12)}${`${whole.toFixed(0)} ms`.padStart(14)}${`${half.toFixed(0)} ms`.padStart(14)}${(whole / half).toFixed(2).padStart(8)}`,
  );

/** Milliseconds of processor time of each stage, in order. */
async function stages(bytes: Uint8Array): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  const time = async <T>(stage: string, work: () => T | Promise<T>): Promise<T> => {
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    times.set(stage, (user + system) / 1000);
    return result;
  };
  const proto = await time('decode', () => decodeModel(bytes));
  const model: Model = await time('infer', () => graphFromProto(proto));
  await time('summary', () => summarize(model));
  const { graph } = await time('passes', () => optimize(model.graph));
  const program = await time('compile', () => compile(graph, { mode: 'strict' }));
  program.dispose();
  return times;
}
