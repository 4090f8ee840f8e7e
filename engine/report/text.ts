import { agreementWords } from '../run/agreement/registry.ts';
import { visible } from './escape.ts';
import { amount, bytes, decibels, duration, joules, percent, points } from './quantities.ts';
import type { AccuracyReport, Judgement, LayerReport, Report, TargetReport } from './report.ts';
import { shorten, textTable } from './text-table.ts';

export interface TextStyle {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export interface TextOptions {
  readonly style: TextStyle;
  /** Columns at hand. */
  readonly width: number;
  /** Longer tables are cut after this many layers, the largest are kept. Default: all. */
  readonly layers?: number;
}

/** The report for a terminal: what became of the model first, then why, then where the files are. */
export function renderText(report: Report, options: TextOptions): string {
  const { style } = options;
  const width = Math.min(Math.max(options.width, 60), 110);
  const lines = ['', `  ${style.bold(visible(report.title))}`, `  ${style.dim('─'.repeat(width - 4))}`];
  lines.push(...headline(report, width, style));
  lines.push(...section('Layer by layer', layerTable(report, options), style));
  lines.push(...section('On hardware', targetTable(report.targets, style), style));
  lines.push(
    ...section(
      'Expectations',
      report.expectations.map((item) => judgementLine(item, style)),
      style,
    ),
  );
  lines.push(...section('In the runtime', verificationLines(report, style), style));
  lines.push(...section('Files', fileLines(report, style), style));
  const seconds = report.stages.reduce((total, stage) => total + stage.seconds, 0);
  const stages = report.stages
    .filter((stage) => stage.seconds >= 0.05)
    .map((stage) => `${stage.name} ${duration(stage.seconds)}`);
  if (seconds > 0) lines.push('', style.dim(`  Took ${duration(seconds)}: ${stages.join(', ')}.`));
  return lines.join('\n');
}

function section(title: string, body: readonly string[], style: TextStyle): string[] {
  return body.length === 0 ? [] : ['', `  ${style.bold(title)}`, ...body];
}

function headline(report: Report, width: number, style: TextStyle): string[] {
  const { size, accuracy, calibration } = report;
  const bar = Math.max(10, width - 58);
  const share = size.before > 0 ? size.after / size.before : 1;
  const full = Math.max(1, Math.round(share * bar));
  const times = size.after > 0 ? size.before / size.after : 1;
  const lines = [
    `  Size        ${pad(bytes(size.before), 10)} → ${pad(style.bold(bytes(size.after)), 10)}  ${pad(`${times.toFixed(2)}× smaller`, 14)} ${style.cyan('█'.repeat(Math.min(full, bar)))}${style.dim('░'.repeat(Math.max(0, bar - full)))}`,
  ];
  const { before, after } = size.arithmetic;
  if (before.ace > 0) {
    const times = after.ace > 0 ? `${(before.ace / after.ace).toFixed(1)}× less` : '';
    lines.push(
      `  Arithmetic  ${pad(amount(before.ace), 10)} → ${pad(style.bold(amount(after.ace)), 10)}  ${pad(times, 14)} ${style.dim(`MACs × bits × bits; ${after.bitsPerParameter.toFixed(2)} bits a parameter`)}`,
    );
  }
  if (accuracy !== undefined) lines.push(...accuracyLines(accuracy, style));
  for (const target of report.targets.slice(0, 1)) {
    const [slow, fast] = [target.before.latency, target.after.latency];
    const faster = fast > 0 ? `${(slow / fast).toFixed(2)}× faster` : '';
    lines.push(
      `  Latency     ${pad(duration(slow), 10)} → ${pad(style.bold(duration(fast)), 10)}  ${pad(faster, 14)} ${style.dim(`estimate, ${target.name}`)}`,
    );
  }
  if (calibration !== undefined) {
    const observers = calibration.observers.map(({ name, tensors }) => `${name} on ${tensors} tensors`).join(', ');
    lines.push(
      `  Calibrated  ${style.dim(`on ${calibration.samples} samples of "${visible(calibration.data)}"${observers ? `: ${observers}` : ''}`)}`,
    );
  }
  return lines;
}

export function accuracyLines(
  { metrics, data, runtime, measuredOn }: Pick<AccuracyReport, 'metrics' | 'data' | 'runtime' | 'measuredOn'>,
  style: TextStyle,
): string[] {
  const lines: string[] = [];
  const { labelled, agreement, samples } = metrics;
  if (labelled !== undefined) {
    const { reference, candidate, lost, won, drop, dropInterval } = labelled;
    const change = points(-drop);
    const paint = drop > 0.01 ? style.yellow : style.green;
    lines.push(
      `  Top-1       ${pad(percent(reference.top1, 2), 10)} → ${pad(style.bold(percent(candidate.top1, 2)), 10)}  ${pad(paint(`${change} points`), 14)} ${style.dim(`95 %: ${points(-dropInterval.high)} … ${points(-dropInterval.low)}`)}`,
    );
    if (reference.top5 !== undefined && candidate.top5 !== undefined) {
      const five = candidate.top5 - reference.top5;
      lines.push(
        `  Top-5       ${pad(percent(reference.top5, 2), 10)} → ${pad(percent(candidate.top5, 2), 10)}  ${points(five)} points`,
      );
    }
    lines.push(
      `  Predictions ${lost} lost, ${won} won, ${percent(agreement ?? 0, 1)} alike ${style.dim(`of ${samples} samples of "${visible(data)}"`)}`,
    );
  } else if (agreement !== undefined) {
    const { what, how } = agreementWords(metrics.agreementOf);
    const about = `${how}; ${samples} samples of "${visible(data)}", no labels`;
    lines.push(`  ${pad(what, 11)} ${percent(agreement, 1)} alike ${style.dim(`(${about})`)}`);
  } else {
    lines.push(
      `  Mean error  ${pad(metrics.meanAbsoluteError.toPrecision(3), 10)} ${style.dim(`of the ${measuredOn}, cosine ${metrics.cosine.toFixed(4)}; ${samples} samples of "${visible(data)}", no labels`)}`,
    );
  }
  lines.push(
    `  SQNR        ${pad(decibels(metrics.sqnr), 10)} ${style.dim(`of the ${measuredOn}; run in ${runtime}`)}`,
  );
  for (const { name, sqnr, cosine, meanAbsoluteError } of metrics.outputs ?? [])
    lines.push(
      `              ${pad(decibels(sqnr), 10)} ${style.dim(`of “${visible(name)}”: cosine ${cosine.toFixed(4)}, mean error ${meanAbsoluteError.toPrecision(3)}`)}`,
    );
  return lines;
}

function layerTable(report: Report, { style, width, layers = Number.POSITIVE_INFINITY }: TextOptions): string[] {
  const all = report.layers;
  if (all.length === 0) return [];
  const weighty = (layer: LayerReport) => layer.bytesBefore + layer.macs / 1000;
  const kept =
    all.length <= layers
      ? all
      : all.filter((layer) =>
          [...all]
            .sort((a, b) => weighty(b) - weighty(a))
            .slice(0, layers)
            .includes(layer),
        );
  const macs = all.reduce((total, layer) => total + layer.macs, 0);
  const rows = kept.map((layer) => [
    layer.name,
    layer.op,
    [layer.weight ?? '–', ...(layer.zeros === undefined ? [] : [`${percent(layer.zeros)} zero`])].join(', '),
    layer.input === layer.output ? layer.input : `${layer.input} → ${layer.output}`,
    layer.weightSqnr === undefined ? '–' : decibels(layer.weightSqnr),
    layer.outputSqnr === undefined ? '–' : decibels(layer.outputSqnr),
    layer.bytesBefore + layer.bytesAfter === 0 ? '–' : `${bytes(layer.bytesBefore)} → ${bytes(layer.bytesAfter)}`,
    macs === 0 || layer.macs === 0 ? '–' : percent(layer.macs / macs, 1),
  ]);
  const table = textTable(
    [
      { title: 'layer', max: width >= 100 ? 30 : 18 },
      { title: 'operator', max: 18 },
      { title: 'weights' },
      { title: 'activations' },
      { title: 'SQNR w', align: 'right' },
      { title: 'SQNR out', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'MACs', align: 'right' },
    ],
    rows,
    style,
  );
  if (kept.length < all.length) {
    table.push(
      style.dim(`  … and ${all.length - kept.length} smaller layers; the HTML report and --json have them all.`),
    );
  }
  return table;
}

function targetTable(targets: readonly TargetReport[], style: TextStyle): string[] {
  if (targets.length === 0) return [];
  const change = (before: string, after: string) => `${before} → ${after}`;
  const energies = targets.some(({ after }) => after.energy !== undefined);
  const table = textTable(
    [
      { title: 'target' },
      { title: 'latency', align: 'right' },
      ...(energies ? [{ title: 'energy', align: 'right' } as const] : []),
      { title: 'flash', align: 'right' },
      { title: 'RAM', align: 'right' },
    ],
    targets.map(({ title, before, after }) => [
      title,
      change(duration(before.latency), duration(after.latency)),
      ...(energies ? [energyChange(before.energy, after.energy)] : []),
      change(bytes(before.flash), bytes(after.flash)),
      change(bytes(before.ram), bytes(after.ram)),
    ]),
    style,
  );
  const budgets = targets.flatMap((target) =>
    target.budgets.map((item) => judgementLine({ ...item, text: `${target.name}: ${item.text}` }, style)),
  );
  return [...table, ...budgets, style.dim('  Estimates, not measurements; docs/targets.md says what they rest on.')];
}

function energyChange(before: number | undefined, after: number | undefined): string {
  return before === undefined || after === undefined ? '–' : `${joules(before)} → ${joules(after)}`;
}

export function judgementLine({ text, passed, found }: Judgement, style: TextStyle): string {
  const mark = passed === undefined ? style.yellow('?') : passed ? style.green('✓') : style.red('✗');
  const words = passed === false ? style.red(found) : style.dim(found);
  return `  ${mark} ${pad(visible(text), 34)}  ${words}`;
}

function verificationLines({ verification }: Report, style: TextStyle): string[] {
  if (verification === undefined) return [];
  const { runtime, version, levels, betweenLevels, integerExecution } = verification;
  const optimised = levels.find(({ level }) => level === 'all');
  const lines = [`  Loads and runs in ${runtime} ${version}, with all graph optimisations and with none.`];
  if (optimised !== undefined) {
    const { operators, floatCompute } = optimised;
    lines.push(
      `  ${style.dim('What ran:')} ${operators.map(({ op, count }) => (count === 1 ? op : `${count} ${op}`)).join(', ')}`,
      floatCompute.length === 0
        ? `  ${style.green('✓')} No convolution or matrix product was left in float.`
        : `  ${style.yellow('!')} Still in float: ${floatCompute.map((name) => shorten(visible(name), 40)).join(', ')}`,
    );
  }
  const alike = (label: string, metrics: typeof betweenLevels) => {
    if (metrics === undefined) return;
    const classes = metrics.agreement === undefined ? '' : `${percent(metrics.agreement, 1)} alike, `;
    lines.push(
      `  ${style.dim(`${label}:`)} ${classes}SQNR ${decibels(metrics.sqnr)} ${style.dim(`on ${metrics.samples} samples`)}`,
    );
  };
  alike('Optimised against as written', betweenLevels);
  alike('Our integer execution against the runtime', integerExecution);
  return lines;
}

function fileLines({ files, size }: Report, style: TextStyle): string[] {
  const widest = Math.max(0, ...files.map(({ path }) => path.length));
  const parameters = size.parameters > 0 ? `, ${amount(size.parameters)} parameters` : '';
  return files.map(({ path, bytes: length, kind }) => {
    const more = kind.startsWith('ONNX,') ? parameters : '';
    return `  ${style.cyan(visible(path).padEnd(widest))}  ${style.dim(`${bytes(length)}, ${kind}${more}`)}`;
  });
}

/** Pads by what is seen: colour takes no room. */
function pad(text: string, size: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins every colour sequence.
  const seen = [...text.replace(/\u001b\[[0-9;]*m/g, '')].length;
  return text + ' '.repeat(Math.max(0, size - seen));
}
