import { nodeHost } from '../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../engine/env/node/onnxruntime.ts';
import { decibels, percent } from '../../engine/report/quantities.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { runnableBytes } from '../../engine/verify/model-bytes.ts';
import { type OutputComparison, verifyModel } from '../../engine/verify/verify.ts';
import { defineCommand, jsonOption } from '../command.ts';
import { existingFile, shownPath, wholeNumber } from '../paths.ts';

export const verify = defineCommand({
  name: 'verify',
  summary: 'run a model in ONNX Runtime, optimised and not, and compare',
  description: `Loads the model in onnxruntime-web with all graph optimisations and with none, runs it on both, and says
    how far the two differ, which operators really ran, and whether a quantised model still computes in float.
    --against adds a second model that should answer alike, such as the float model.`,
  arguments: [{ name: 'MODEL', description: 'an .onnx file' }],
  options: {
    against: { type: 'string', value: 'MODEL', description: 'A model to compare the answers with.' },
    samples: { type: 'string', value: 'N', description: 'How many made-up inputs to run (default 4).' },
    seed: { type: 'string', value: 'N', description: 'Seed of the made-up inputs (default 1).' },
    json: jsonOption,
  },
  examples: [
    {
      line: 'qspec verify out/model.int8.onnx --against model.onnx',
      does: 'shows that the export loads, what runs in integers, and how near it stays',
    },
  ],
  async run({ positionals, options, terminal, progress }) {
    const host = nodeHost();
    const path = existingFile(positionals[0]!, 'model');
    const other = options.against === undefined ? undefined : existingFile(options.against, 'model');
    const made = wholeNumber(options.samples, 'samples', 1);
    const seed = wholeNumber(options.seed, 'seed', 0);
    const runtime = await loadOnnxRuntime();
    const report = await verifyModel(runtime, await runnableBytes(host, path), {
      ...(other !== undefined && { against: await runnableBytes(host, other) }),
      ...(made !== undefined && { made }),
      ...(seed !== undefined && { seed }),
      progress,
    });
    for (const finding of report.findings) terminal.finding({ file: path, ...finding });
    return {
      exitCode: 0,
      json: { model: path, ...(other !== undefined && { againstModel: other }), ...report },
      text() {
        const style = terminal.outStyle;
        const lines = [
          `${style.bold(shownPath(path))} loads and runs in ${report.runtime} ${report.version}, optimised and not.`,
          '',
          ...report.levels.map(({ level, operators, floatCompute }) => {
            const list = operators.map(({ op, count }) => (count === 1 ? op : `${count} ${op}`)).join(', ');
            const left = floatCompute.length === 0 ? '' : style.dim(` (${floatCompute.length} compute in float)`);
            return `  ${level === 'all' ? 'Optimised: ' : 'As written:'} ${list}${left}`;
          }),
          '',
          ...comparisonTable('optimised against as written', report.betweenLevels, style),
        ];
        if (report.against !== undefined) {
          lines.push('', ...comparisonTable(`against ${shownPath(other!)}`, report.against, style));
        }
        const inputs = report.samples === 1 ? 'input' : 'inputs';
        lines.push('', style.dim(`  ${report.samples} made-up ${inputs}: they show agreement, not accuracy.`));
        return lines.join('\n');
      },
    };
  },
});

function comparisonTable(
  title: string,
  comparisons: readonly OutputComparison[],
  style: { dim(text: string): string; bold(text: string): string },
): string[] {
  const classes = comparisons.some(({ metrics }) => metrics.agreement !== undefined);
  return textTable(
    [
      { title, max: 48 },
      { title: 'SQNR', align: 'right' },
      { title: 'largest difference', align: 'right' },
      ...(classes ? [{ title: 'same top-1', align: 'right' as const }] : []),
    ],
    comparisons.map(({ output, metrics }) => [
      output,
      decibels(metrics.sqnr),
      metrics.largestDifference.toPrecision(3),
      metrics.agreement === undefined ? '–' : percent(metrics.agreement),
    ]),
    style,
  );
}
