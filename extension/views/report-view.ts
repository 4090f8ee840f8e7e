import { amount, bytes, decibels, duration, joules, percent, points } from '../../engine/report/quantities.ts';
import type {
  AccuracyReport,
  Judgement,
  LayerReport,
  Report,
  TargetReport,
  TensorHistogram,
} from '../../engine/report/report.ts';
import { choicesIn, toLookAt } from '../../engine/report/report-findings.ts';
import { weightFacts } from '../../engine/report/weight-facts.ts';
import { agreementWords } from '../../engine/run/agreement/registry.ts';
import { type ComparisonMetrics, exactDecibels } from '../../engine/run/metrics.ts';
import type {
  Figure,
  HistogramView,
  JudgementView,
  ReportCard,
  ReportLayer,
  ReportMessage,
} from '../../webview/protocol.ts';
import { findingView } from './finding-view.ts';

type Fact = readonly [name: string, value: string];

/** What the report's webview shows of a run's report. */
export function reportMessage(report: Report, { id, actions }: Pick<ReportMessage, 'id' | 'actions'>): ReportMessage {
  return {
    kind: 'report',
    id,
    title: report.title,
    subtitle: subtitle(report),
    cards: [
      sizeCard(report),
      ...(report.accuracy ? [accuracyCard(report.accuracy)] : []),
      ...report.targets.map(latencyCard),
      ...(report.size.arithmetic.before.ace > 0 ? [arithmeticCard(report)] : []),
    ],
    judgements: judgements(report),
    findings: toLookAt(report.findings).map(findingView),
    choices: choicesIn(report.findings).map(findingView),
    layers: report.layers.map(layerView),
    hardware: report.targets.map(hardware),
    runtime: runtimeFacts(report),
    provenance: provenance(report),
    // The report cannot know its own size.
    files: report.files.map(({ path, bytes: size, kind }) => ({
      path,
      size: size > 0 ? bytes(size) : '',
      about: kind,
    })),
    actions,
  };
}

function subtitle({ model, spec, layers, calibration }: Report): string {
  const parts = [
    spec ? `${model.path} by ${spec.path}` : model.path,
    layers.length === 1 ? '1 layer' : `${layers.length.toLocaleString('en-US')} layers`,
  ];
  if (calibration) parts.push(`calibrated on ${calibration.samples} samples of “${calibration.data}”`);
  return parts.join(' · ');
}

function sizeCard({ size }: Report): ReportCard {
  const { before, after, parameters } = size;
  const times = after > 0 ? [ratio(before / after, 'smaller', 'larger')] : [];
  return {
    title: 'Size of the file',
    before: bytes(before),
    after: bytes(after),
    notes: [[...times, `${amount(parameters)} parameters`].join(' · ')],
    ...(before > 0 && { share: after / before }),
  };
}

function arithmeticCard({ size }: Report): ReportCard {
  const { before, after } = size.arithmetic;
  const times = after.ace > 0 ? [ratio(before.ace / after.ace, 'less', 'more')] : [];
  return {
    title: 'Arithmetic',
    before: amount(before.ace),
    after: amount(after.ace),
    notes: [
      [...times, 'MACs × weight bits × activation bits (ACE)'].join(' · '),
      `${amount(before.bops)} → ${amount(after.bops)} bit operations · ${after.bitsPerParameter.toFixed(2)} bits a parameter`,
    ],
    share: after.ace / before.ace,
  };
}

function accuracyCard({ metrics, data, runtime, measuredOn }: AccuracyReport): ReportCard {
  const { labelled, agreement, samples } = metrics;
  const about = `${samples} samples of “${data}”, run in ${runtime}`;
  const sqnr = `SQNR of the ${measuredOn} ${decibels(metrics.sqnr)}`;
  if (labelled === undefined) {
    const open = 'No labels, so no accuracy.';
    const outputs = (metrics.outputs ?? []).map(({ name, sqnr: own }) => `${name}: SQNR ${decibels(own)}`);
    if (agreement === undefined) {
      const error = `Mean error ${metrics.meanAbsoluteError.toPrecision(3)}, cosine ${metrics.cosine.toFixed(4)}`;
      const title = `SQNR of the ${measuredOn}`;
      return { title, before: null, after: decibels(metrics.sqnr), notes: [error, about, open, ...outputs] };
    }
    const { what, how } = agreementWords(metrics.agreementOf);
    return {
      title: `${what} alike`,
      before: null,
      after: percent(agreement),
      notes: [how, sqnr, about, open, ...outputs],
    };
  }
  const { reference, candidate, lost, won, drop, dropInterval } = labelled;
  const alike = agreement === undefined ? '' : ` · ${percent(agreement)} alike`;
  const notes = [`${points(-drop)} points · ${lost} lost, ${won} won${alike}`];
  if (reference.top5 !== undefined && candidate.top5 !== undefined) {
    notes.push(`Top-5 ${percent(reference.top5, 2)} → ${percent(candidate.top5, 2)}`);
  }
  return {
    title: 'Top-1 accuracy',
    before: percent(reference.top1, 2),
    after: percent(candidate.top1, 2),
    notes: [...notes, sqnr, about],
    interval: { value: -drop * 100, low: -dropInterval.high * 100, high: -dropInterval.low * 100 },
  };
}

function latencyCard({ title, before, after }: TargetReport): ReportCard {
  const known = before.latency > 0 && after.latency > 0;
  return {
    title: 'Latency, estimated',
    before: duration(before.latency),
    after: duration(after.latency),
    notes: [...(known ? [ratio(before.latency / after.latency, 'faster', 'slower')] : []), title],
    ...(known && { share: after.latency / before.latency }),
  };
}

function ratio(times: number, more: string, less: string): string {
  return times >= 1 ? `${times.toFixed(2)}× ${more}` : `${(1 / times).toFixed(2)}× ${less}`;
}

function judgements({ expectations, targets }: Report): JudgementView[] {
  const view = ({ text, passed, found }: Judgement) => ({ text, passed: passed ?? null, found });
  const budgets = targets.flatMap(({ name, budgets: all }) =>
    all.map((budget) => view({ ...budget, text: `${name}: ${budget.text}` })),
  );
  return [...expectations.map(view), ...budgets];
}

const absent: Figure = { text: '–', value: null };

/** Exact sorts above every number of decibels. */
function sqnrFigure(value: number | undefined): Figure {
  return value === undefined ? absent : { text: decibels(value), value };
}

function layerView(layer: LayerReport): ReportLayer {
  const { weightHistogram, outputHistogram } = layer;
  const size = (value: number): Figure =>
    layer.bytesBefore + layer.bytesAfter === 0 ? absent : { text: bytes(value), value };
  return {
    name: layer.name,
    op: layer.op,
    absorbed: layer.absorbed,
    weight: layer.weight ?? '',
    input: layer.input,
    output: layer.output,
    weightSqnr: sqnrFigure(layer.weightSqnr),
    outputSqnr: sqnrFigure(layer.outputSqnr),
    bytesBefore: size(layer.bytesBefore),
    bytesAfter: size(layer.bytesAfter),
    macs: layer.macs === 0 ? absent : { text: amount(layer.macs), value: layer.macs },
    weightFacts: weightFactsOf(layer),
    channelSqnr: (layer.weights?.channelSqnr ?? []).map((value) => (value >= exactDecibels ? null : value)),
    histograms: [
      ...(weightHistogram ? [histogram('weights', weightHistogram)] : []),
      ...(outputHistogram ? [histogram('output', outputHistogram)] : []),
    ],
  };
}

/** Without codes there is nothing to say of weights, unless some were taken out. */
function weightFactsOf({ weights, zeros }: LayerReport): readonly string[] {
  if (weights) return weightFacts(weights);
  return zeros === undefined ? [] : [`${percent(zeros)} zeros`];
}

function histogram(
  title: string,
  { unit, low, high, before, after, count, clipped, format, codes }: TensorHistogram,
): HistogramView {
  const notes: string[] = [];
  if (codes === undefined) notes.push(format ?? 'stays float');
  else {
    const [smallest, largest] = codes.scale;
    const levels = Math.round((codes.levels[1] - codes.levels[0]) / codes.step) + 1;
    notes.push(`${codes.format}, ${levels.toLocaleString('en-US')} levels`);
    notes.push(
      smallest === largest
        ? `scale ${precise(smallest)}`
        : `scales ${precise(smallest)} to ${precise(largest)}, ${codes.channels} channels`,
    );
    notes.push(codes.zeroPoint === null ? 'a zero point each channel' : `zero point ${codes.zeroPoint}`);
    notes.push(clipped === 0 ? 'nothing clipped' : `${smallPercent(clipped)} clipped`);
  }
  notes.push(`${count.toLocaleString('en-US')} values`);
  return {
    title,
    low,
    high,
    before,
    after,
    axis: unit === 'step' ? 'steps of each channel’s scale' : 'value',
    ...(codes && { levels: { low: codes.levels[0], high: codes.levels[1], step: codes.step } }),
    notes,
  };
}

function precise(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function smallPercent(share: number): string {
  return share < 0.0001 ? 'less than 0.01 %' : percent(share, share < 0.01 ? 2 : 1);
}

function hardware({
  title,
  before,
  after,
  flashLimit,
  ramLimit,
  basis,
}: TargetReport): ReportMessage['hardware'][number] {
  const limited = (value: number, limit: number | undefined) =>
    limit === undefined ? bytes(value) : `${bytes(value)} of ${bytes(limit)}`;
  return {
    target: title,
    rows: [
      { quantity: 'Latency', before: duration(before.latency), after: duration(after.latency) },
      ...(before.energy === undefined || after.energy === undefined
        ? []
        : [{ quantity: 'Energy', before: joules(before.energy), after: joules(after.energy) }]),
      { quantity: 'Flash', before: bytes(before.flash), after: limited(after.flash, flashLimit) },
      { quantity: 'RAM', before: bytes(before.ram), after: limited(after.ram, ramLimit) },
    ],
    basis,
  };
}

function runtimeFacts({ verification }: Report): Fact[] {
  if (verification === undefined) return [];
  const { runtime, version, levels, betweenLevels, integerExecution } = verification;
  const facts: Fact[] = [
    ['Loads and runs in', `${runtime} ${version}, with all graph optimisations and with none`],
    ...levels.map(({ level, operators }): Fact => {
      const ran = operators.map(({ op, count }) => `${count} ${op}`).join(', ');
      return [level === 'all' ? 'Optimised, what ran' : 'As written, what ran', ran];
    }),
  ];
  const optimised = levels.find(({ level }) => level === 'all');
  if (optimised) {
    const { floatCompute } = optimised;
    facts.push([
      'Still in float',
      floatCompute.length === 0 ? 'no convolution or matrix product' : floatCompute.join(', '),
    ]);
  }
  const alike = (name: string, metrics: ComparisonMetrics | undefined) => {
    if (metrics === undefined) return;
    const classes = metrics.agreement === undefined ? '' : `${percent(metrics.agreement)} alike, `;
    facts.push([name, `${classes}SQNR ${decibels(metrics.sqnr)} on ${metrics.samples} samples`]);
  };
  alike('Optimised against as written', betweenLevels);
  alike('QSpec’s integer execution against the runtime', integerExecution);
  return facts;
}

function provenance({ tool, spec, model, calibration, accuracy, stages }: Report): Fact[] {
  const facts: Fact[] = [['Model', `${model.path}, SHA-256 ${model.hash}`]];
  if (spec) facts.push(['Spec', `${spec.path}, SHA-256 ${spec.hash}`]);
  if (calibration) {
    const { samples, data, dataHash, observers } = calibration;
    facts.push(['Calibration', `${samples} samples of “${data}”, SHA-256 ${dataHash}`]);
    const used = observers.map(({ name, tensors }) => `${name} on ${tensors} tensors`).join(', ');
    if (used) facts.push(['Observers', used]);
  }
  if (accuracy) {
    facts.push([
      'Evaluation',
      `${accuracy.metrics.samples} samples of “${accuracy.data}”, SHA-256 ${accuracy.dataHash}`,
    ]);
  }
  const seconds = stages.reduce((total, stage) => total + stage.seconds, 0);
  if (seconds > 0) {
    const parts = stages.map((stage) => `${stage.name} ${duration(stage.seconds)}`).join(', ');
    facts.push(['Time', `${duration(seconds)}: ${parts}`]);
  }
  facts.push(['Made by', `QSpec ${tool.version}`]);
  return facts;
}
