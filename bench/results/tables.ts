import { bytes, decibels, percent, points } from '../../engine/report/quantities.ts';
import { type ComparisonMetrics, exactDecibels } from '../../engine/run/metrics.ts';
import { networks, rows } from './rows.ts';
import type { DrawResult } from './run.ts';

/** The tables of docs/results.md in Markdown. */
export function tables(
  results: readonly DrawResult[],
  { runtime, peer }: { readonly runtime: string; readonly peer: string | undefined },
): string {
  return [
    `Exports run in onnxruntime-web ${runtime}; beside them the models that onnxruntime ${peer ?? '(not installed)'}’s own static quantiser (QDQ, per-channel weights of the same bits, uint8 activations, min-max) made from the same calibration samples.`,
    ...rows.flatMap((row) => {
      const own = results.filter((result) => result.row === row.name);
      return own.length === 0 ? [] : ['', `**${row.title}**: ${row.note}.`, '', ...accuracyTable(own)];
    }),
    ...ranTable(results.filter(({ runtime: ran }) => ran !== undefined)),
  ].join('\n');
}

function ranTable(results: readonly DrawResult[]): string[] {
  if (results.length === 0) return [];
  return [
    '',
    'What ran, and how the readings agree:',
    '',
    '| formats | model | draw | size | operators that ran, optimised | compute left in float | optimised against as written: agreement, largest difference | our integer execution against the runtime |',
    '|---|---|---:|---:|---|---:|---:|---:|',
    ...results.map(({ row, network, draw, runtime }) => {
      const ran = runtime!;
      const cells = [
        rows.find(({ name }) => name === row)!.title,
        networks[network]!,
        String(draw),
        `${bytes(ran.bytesBefore)} → ${bytes(ran.bytesAfter)}`,
        ran.operators,
        String(ran.floatCompute),
        likeness(ran.asWritten),
        likeness(ran.integers),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function accuracyTable(results: readonly DrawResult[]): string[] {
  return [
    '| model | draw | samples | weights, of INT8’s | float top-1 | top-1 | lost | won | drop, points (95 %) | bound | agreement | logits SQNR | onnxruntime’s: top-1 | lost | won | drop, points (95 %) | agreement | logits SQNR |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...results.map((result) => {
      const cells = [
        networks[result.network]!,
        String(result.draw),
        String(result.ours.samples),
        percent(result.payload, 1),
        ...accuracyCells(result.ours, true),
      ];
      const high = result.ours.labelled!.dropInterval.high * 100;
      const { bound } = result;
      cells.splice(9, 0, bound === undefined ? '–' : `${high <= bound ? '✓' : '✗'} ${bound}`);
      const theirs = result.peer === undefined ? Array(6).fill('–') : accuracyCells(result.peer.metrics, false);
      return `| ${[...cells, ...theirs].join(' | ')} |`;
    }),
  ];
}

function accuracyCells({ labelled, agreement, sqnr }: ComparisonMetrics, withReference: boolean): string[] {
  const { reference, candidate, lost, won, drop, dropInterval } = labelled!;
  return [
    ...(withReference ? [percent(reference.top1, 2)] : []),
    percent(candidate.top1, 2),
    String(lost),
    String(won),
    `${points(drop)} (${points(dropInterval.low)} … ${points(dropInterval.high)})`,
    percent(agreement ?? 0, 1),
    decibels(sqnr),
  ];
}

function likeness({ agreement, sqnr, largestDifference, samples }: ComparisonMetrics): string {
  if (sqnr === exactDecibels) return `equal on ${samples}`;
  return `${percent(agreement ?? 0, 1)}, ${largestDifference.toPrecision(2)} (${decibels(sqnr)}) on ${samples}`;
}
