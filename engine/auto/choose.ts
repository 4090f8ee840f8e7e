import { loadKernels } from '../../kernels/loader.ts';
import type { Dataset } from '../data/dataset.ts';
import { compile } from '../executor/compile.ts';
import type { Finding } from '../findings.ts';
import type { Plan } from '../plan.ts';
import { integerForm } from '../quantize/integer-form.ts';
import { sensitivity } from '../quantize/sensitivity.ts';
import { simulate } from '../readings/simulate.ts';
import { type Compressed, compress } from '../run/compress.ts';
import { type RunContext, renamed } from '../run/context.ts';
import { evaluate } from '../run/evaluate.ts';
import type { LoadedModel } from '../run/load.ts';
import type { ComparisonMetrics } from '../run/metrics.ts';
import type { PrunedModel } from '../run/prune.ts';
import { engineScorer } from '../run/scorer.ts';
import { candidates, hasOpenObserver, withObserver } from './observers.ts';
import { mapWeights, promoted, type WeightSizes, weightSizes, wideBits, worthPromoting } from './promotion.ts';

/** Bytes of weights that may be spent on top of what the plan asks for, as a part of what all would take in 8 bits. */
const spare = 0.05;
/** Signal to noise by which an observer must be better to be chosen in place of one before it. */
const clearDecibels = 0.5;
/** A method that looks at each layer by itself. */
const oneByOne = { name: 'coordinate-descent', arguments: {} } as const;
/** Samples for the sensitivity of layers. */
const sensitivitySamples = 16;
/** Times that more bits are given where accuracy is short of the budget, twice as much each time. */
const mostRounds = 4;

export interface AutoInput {
  readonly model: LoadedModel;
  /** After passes and pruning. */
  readonly pruned: PrunedModel;
  readonly plan: Plan;
  readonly calibration: Dataset;
  readonly context: RunContext;
  /** Accuracy that may be lost, a fraction; absent: whatever comes. Estimated on the calibration samples. */
  readonly mostLost?: number | undefined;
}

export interface AutoResult {
  readonly plan: Plan;
  /** Its findings begin with what was chosen and why, in order. */
  readonly compressed: Compressed;
}

/**
 * The recipe `auto`: finds out by measuring, on the calibration samples alone, what the spec leaves open. The observer of
 * the activations is the one with the least noise at the model's outputs; of weights in few bits, the layers whose rounding
 * the outputs feel most for their size get 8 bits, within 5 % of the size that all would have in 8 bits; where a budget of
 * accuracy is stated and missed, more of them do.
 */
export async function chooseAutomatically(input: AutoInput): Promise<AutoResult> {
  const findings: Finding[] = [];
  const weightOf = (name: string) => {
    const node = input.pruned.prepared.graph.nodes.find((known) => known.name === name)!;
    const form = integerForm(node, input.pruned.prepared.graph);
    return 'kind' in form && form.weight !== undefined ? node.inputs[form.weight] : undefined;
  };
  const observed = await chooseObserver(input, findings);
  const sizes = weightSizes(input.pruned.prepared.graph, observed, weightOf);
  const noise = sizes.narrow.length === 0 ? new Map() : await noiseOfLayers(input, observed);
  let budget = spare * sizes.wide;
  let plan = promote(observed, sizes, noise, budget, findings);
  let result = await compressAs(input, plan);
  for (let round = 0; input.mostLost !== undefined && round < mostRounds; round++) {
    const lost = lostShare(await measure(input, result));
    if (lost === undefined || lost <= input.mostLost || budget >= sizes.wide - sizes.planned) break;
    budget *= 2;
    findings.push(chosen(`More weights get ${wideBits} bits: ${percent(lost)} of the calibration samples are lost.`));
    plan = promote(observed, sizes, noise, budget, findings);
    result = await compressAs(input, plan);
  }
  return { plan, compressed: { ...result, findings: [...findings, ...result.findings] } };
}

function compressAs({ model, pruned, calibration, context }: AutoInput, plan: Plan): Promise<Compressed> {
  return compress(model, pruned.prepared, plan, calibration, context, pruned.layers);
}

async function chooseObserver(input: AutoInput, findings: Finding[]): Promise<Plan> {
  const { plan } = input;
  if (!hasOpenObserver(plan)) return plan;
  const found: { readonly name: string; readonly sqnr: number }[] = [];
  for (const name of candidates) {
    // Weights of 8 bits, chosen well and in one pass: what differs is the activations.
    const tried = mapWeights(withObserver(plan, name), (choice) => ({ ...choice, format: 'int8', method: oneByOne }));
    found.push({ name, sqnr: (await measure(input, await compressAs(input, tried))).sqnr });
  }
  // A small difference is chance: the first stays.
  const best = found.reduce((a, b) => (b.sqnr > a.sqnr + clearDecibels ? b : a));
  const list = found.map(({ name, sqnr }) => `${name} ${sqnr.toFixed(1)} dB`).join(', ');
  findings.push(chosen(`Activations are observed by \`${best.name}\`.`, `Signal to noise of the outputs: ${list}.`));
  return withObserver(plan, best.name);
}

/** Noise over signal at the model's outputs for each layer's rounding alone. */
async function noiseOfLayers(input: AutoInput, plan: Plan): Promise<ReadonlyMap<string, number>> {
  const { calibration, context } = input;
  const { host, threads, progress } = context;
  // Each layer by itself: a method that makes up for the layers before it would hide what a layer costs.
  const alone = mapWeights(plan, (choice) => ({ ...choice, method: oneByOne }));
  const { quantized } = await compressAs(input, alone);
  const startThread = host.startThread?.bind(host);
  const kernels = await loadKernels({ mode: 'strict', threads, startThread, cancelCell: progress.cancelCell });
  try {
    const measured = await sensitivity(quantized.graph, quantized, calibration, {
      compile: (graph, options) => compile(graph, { ...options, kernels, progress, memoryLeft: host.memoryLeft }),
      samples: sensitivitySamples,
      mode: 'strict',
      progress: renamed(progress, 'Measuring layers'),
    });
    return new Map(measured.map(({ layer, sqnr }) => [layer, 10 ** (-sqnr / 10)]));
  } finally {
    kernels.dispose();
  }
}

function promote(
  plan: Plan,
  { narrow, planned, wide }: WeightSizes,
  noise: ReadonlyMap<string, number>,
  bytes: number,
  findings: Finding[],
): Plan {
  if (narrow.length === 0) return plan;
  const layers = worthPromoting(narrow, noise, bytes);
  const spent = layers.reduce((sum, { weights, bits }) => sum + (weights * (wideBits - bits)) / 8, 0);
  const names = layers.map(({ name }) => `“${name}”`).join(', ');
  if (layers.length > 0)
    findings.push(
      chosen(
        `The weights of ${layers.length} of ${narrow.length} layers get ${wideBits} bits: ${names}.`,
        `The outputs feel their rounding most for their size; all weights take ${percent((planned + spent) / wide)} of what they would in ${wideBits} bits.`,
      ),
    );
  return promoted(plan, layers);
}

/** The compressed model against the float one on the calibration samples, both by the engine in strict arithmetic. */
async function measure(
  { pruned, calibration, context }: AutoInput,
  compressed: Compressed,
): Promise<ComparisonMetrics> {
  const inputs = await calibration.sample(0);
  const inputDims = new Map(Array.from(inputs, ([name, { dims }]) => [name, dims]));
  const float = await engineScorer(pruned.prepared.graph, context, { name: 'float', mode: 'strict', inputDims });
  const rounded = await engineScorer(simulate(compressed.quantized), context, {
    name: 'compressed',
    mode: 'strict',
    inputDims,
  });
  try {
    const { progress } = context;
    const [metrics] = await evaluate(calibration, float, [rounded], { progress, stage: 'Comparing settings' });
    return metrics!;
  } finally {
    await float.dispose();
    await rounded.dispose();
  }
}

/** Share of predictions lost; without labels, of those that changed. Undefined where the outputs are no classes. */
function lostShare({ labelled, agreement }: ComparisonMetrics): number | undefined {
  return labelled?.drop ?? (agreement === undefined ? undefined : 1 - agreement);
}

function chosen(what: string, why?: string): Finding {
  return { code: 'auto/chosen', severity: 'information', what, ...(why !== undefined && { why }) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
