import { readFileSync } from 'node:fs';
import { nodeHost } from '../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { type Contender, measure } from '../../engine/executor/benchmark.ts';
import { compile } from '../../engine/executor/compile.ts';
import { nearest } from '../../engine/nearest.ts';
import { bytes, percent } from '../../engine/report/quantities.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { renamed } from '../../engine/run/context.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { runnableBytes } from '../../engine/verify/model-bytes.ts';
import { randomInputs } from '../../engine/verify/random-inputs.ts';
import { defineCommand, jsonOption, UsageError } from '../command.ts';
import { existingFile, shownPath, threadCount, wholeNumber } from '../paths.ts';
import { graphValues } from '../values.ts';

const peers = ['onnxruntime-web'] as const;

export const bench = defineCommand({
  name: 'bench',
  summary: 'time per inference, beside another runtime if asked',
  description: `Warms up, then reports median, 5th and 95th percentile and inferences a second for one made-up sample, and the memory
    of the plan. With
    --against the two run in alternation, so that whatever else the machine does hits both alike; the ratio is the peer's
    time over ours (above 1: we are faster) with a 95 % interval over rounds.`,
  arguments: [{ name: 'MODEL', description: 'an .onnx file' }],
  options: {
    threads: { type: 'string', value: 'N', description: 'Threads of either runtime (default 1).' },
    against: { type: 'string', value: 'PEER', description: `The runtime to compare with: ${peers.join(', ')}.` },
    rounds: { type: 'string', value: 'N', description: 'Rounds of alternation (default 15).' },
    json: jsonOption,
  },
  examples: [
    { line: 'qspec bench model.onnx --threads 2 --against onnxruntime-web', does: 'shows both times and their ratio' },
  ],
  async run({ positionals, options, terminal, progress }) {
    const path = existingFile(positionals[0]!, 'model');
    const threads = threadCount(options.threads) ?? 1;
    const rounds = wholeNumber(options.rounds, 'rounds', 1);
    const peer = options.against;
    if (peer !== undefined && !peers.some((name) => name === peer)) {
      const near = nearest(peer, peers);
      throw new UsageError(
        `There is no peer called "${peer}".`,
        near ? `Did you mean ${near}?` : `Peers: ${peers.join(', ')}.`,
      );
    }
    const host = nodeHost();
    const { graph } = prepare(await loadModel(host, path));
    const inputs = randomInputs(graphValues(graph), 1);
    const program = await compile(graph, {
      mode: 'relaxed',
      threads,
      progress,
      inputDims: new Map(Array.from(inputs, ([name, tensor]) => [name, tensor.dims])),
      ...(host.startThread && { startThread: host.startThread }),
    });
    const runtime = peer === undefined ? undefined : await loadOnnxRuntime({ threads });
    const session = runtime && (await runtime.createSession(await runnableBytes(host, path), { optimize: 'all' }));
    const contenders: Contender[] = [{ name: 'qspec', run: () => program.run(inputs) }];
    if (session !== undefined) contenders.push({ name: peer!, run: () => session.run(inputs) });
    const { timings, ratios } = await measure(contenders, {
      progress: renamed(progress, 'Measuring'),
      ...(rounds !== undefined && { rounds }),
    });
    const { peakBytes, arenaBytes, arenaBound } = program;
    const slow = program.report().filter((node) => node.how === 'reference');
    program.dispose();
    await session?.release();
    const [own, other] = timings;
    const ratio = ratios[0];
    return {
      exitCode: 0,
      json: {
        model: path,
        threads,
        runs: own!.runs,
        median_ms: own!.medianMs,
        p5_ms: own!.p5Ms,
        p95_ms: own!.p95Ms,
        inferences_per_s: own!.inferencesPerSecond,
        ...(other && {
          against: {
            name: other.name,
            version: runtime!.version,
            median_ms: other.medianMs,
            p5_ms: other.p5Ms,
            p95_ms: other.p95Ms,
            inferences_per_s: other.inferencesPerSecond,
          },
          ratio: ratio!.ratio,
          ratio_interval: [ratio!.low, ratio!.high],
        }),
        memory: { kernels_bytes: peakBytes, activations_bytes: arenaBytes, activations_bound_bytes: arenaBound },
        reference_layers: slow.map(({ node, op, reason }) => ({ node, op, reason })),
        processor: processorName(),
      },
      text() {
        const style = terminal.outStyle;
        const lines = [
          `${style.bold(shownPath(path))}  ${style.dim(`one sample, ${threads} thread${threads === 1 ? '' : 's'}, ${processorName()}`)}`,
          '',
          ...textTable(
            [
              { title: 'runtime' },
              { title: 'median', align: 'right' },
              { title: '5 %', align: 'right' },
              { title: '95 %', align: 'right' },
              { title: 'inferences/s', align: 'right' },
            ],
            timings.map((timing, i) => [
              i === 0 ? timing.name : `${timing.name} ${runtime!.version}`,
              milliseconds(timing.medianMs),
              milliseconds(timing.p5Ms),
              milliseconds(timing.p95Ms),
              timing.inferencesPerSecond.toFixed(1),
            ]),
            style,
          ),
        ];
        if (ratio !== undefined) {
          const range = `95 %: ${ratio.low.toFixed(2)} … ${ratio.high.toFixed(2)}`;
          lines.push('', `  qspec is ${style.bold(`${ratio.ratio.toFixed(2)}×`)} as fast ${style.dim(`(${range})`)}`);
        }
        const over = arenaBound === 0 ? 0 : arenaBytes / arenaBound - 1;
        const bound = `${percent(over)} above the ${bytes(arenaBound)} that are alive at once`;
        lines.push(
          '',
          `  ${bytes(peakBytes)} of kernel memory: activations ${bytes(arenaBytes)} ${style.dim(`(${bound})`)}, weights and scratch ${bytes(peakBytes - arenaBytes)}`,
        );
        if (slow.length > 0) {
          const names = [...new Set(slow.map(({ op }) => op))].join(', ');
          lines.push(
            '',
            style.yellow(`  ${slow.length} layers have no kernel and run by their slow reference: ${names}`),
          );
        }
        return lines.join('\n');
      },
    };
  },
});

function milliseconds(value: number): string {
  return `${value < 1 ? value.toFixed(3) : value.toFixed(2)} ms`;
}

function processorName(): string {
  try {
    const line = readFileSync('/proc/cpuinfo', 'utf8').match(/^model name\s*:\s*(.+)$/m);
    if (line?.[1]) return line[1].trim();
  } catch {
    // Not Linux.
  }
  return `${process.platform} ${process.arch}`;
}
