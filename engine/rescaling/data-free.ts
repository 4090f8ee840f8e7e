import type { Finding } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import { methodNamed } from '../methods/registry.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { asProduct, foldAfter, foldBefore, forEachWeight, isPadded, type Product } from '../passes/channel-affine.ts';
import { GraphEditor } from '../passes/editor.ts';
import type { Choice, Plan } from '../plan.ts';
import { interruptible, type Progress } from '../progress.ts';
import type { ChannelDistribution, ChannelDistributions } from './channel-distributions.ts';
import { type Extent, rescaledFinding, widen } from './findings.ts';
import { applyFold, type Fold, findFold, placeOf } from './fold.ts';
import { multiply } from './multiply.ts';
import { type Site, sitesOf } from './sites.ts';

/** Rounds of equalisation at most, and the change of a factor from which on another is worth it. */
const mostRounds = 20;
const settled = 1e-3;

export interface DataFreeResult {
  readonly graph: Graph;
  /** As they are after it. */
  readonly distributions: ChannelDistributions;
  readonly findings: readonly Finding[];
}

/** Whether a method of the plan equalises layers and absorbs biases without data. */
export function needsEqualizing(plan: Plan): boolean {
  return Object.values(plan.nodes).some(({ weight }) => isDataFree(weight));
}

function isDataFree(choice: Choice | undefined): boolean {
  return choice?.method !== undefined && choice.format !== 'float' && methodNamed(choice.method.name).dataFree === true;
}

function argument({ method }: Choice, name: string): number {
  const declared = methodNamed(method!.name).arguments.find((known) => known.name === name);
  return method!.arguments[name] ?? declared!.initial;
}

/**
 * Equalises the ranges of weights across neighbouring layers, then takes high biases into the layers behind (Nagel et al. 2019,
 * sections 4.1.1 to 4.1.3), where methods of the plan want it. The first leaves the float function as it is, the second nearly.
 */
export function equalizeLayers(
  source: Graph,
  plan: Plan,
  distributions: ChannelDistributions,
  progress?: Progress,
): DataFreeResult {
  let state: State = { graph: source, distributions: new Map(distributions) };
  const factors = new Map<string, { readonly site: Site; total: Float64Array }>();
  for (let round = 0; round < mostRounds; round++) {
    let change = 1;
    for (const site of sitesOf(
      state.graph,
      plan,
      (choice) => isDataFree(choice) && argument(choice, 'cross-layer') >= 0.5,
    )) {
      const own = interruptible(progress, () => equalized(state, site));
      if (own === undefined) continue;
      state = own.state;
      change = Math.max(change, ...own.factors, ...own.factors.map((factor) => 1 / factor));
      const key = site.wanting[0]!.name;
      const total = factors.get(key)?.total ?? own.factors.map(() => 1);
      factors.set(key, { site, total: total.map((factor, channel) => factor * own.factors[channel]!) });
    }
    if (change < 1 + settled) break;
  }
  const done = new Map<string, Extent>();
  for (const { site, total } of factors.values()) widen(done, site.wanting[0]!.choice.method!.name, site, total);
  const findings: Finding[] = Array.from(done, ([method, extent]) => rescaledFinding(method, extent));
  let absorbed = 0;
  for (const site of sitesOf(state.graph, plan, isDataFree)) {
    const own = interruptible(progress, () => withAbsorbed(state, site, argument(site.wanting[0]!.choice, 'absorb')));
    if (own === undefined) continue;
    state = own.state;
    absorbed += own.channels;
  }
  if (absorbed > 0) findings.push(absorbedFinding(absorbed));
  return { ...state, findings };
}

interface State {
  readonly graph: Graph;
  readonly distributions: ReadonlyMap<string, ChannelDistribution>;
}

/** Factors √(r₁/r₂) of the ranges of what computes a channel and of what reads it: both become √(r₁·r₂). */
function equalized({ graph, distributions }: State, site: Site): { state: State; factors: Float64Array } | undefined {
  const editor = new GraphEditor(graph);
  const demands = site.readers.map(({ name, demand }) => ({ ...demand, reader: placeOf(name, 0) }));
  const fold = findFold(graph, editor, demands);
  // What is no product has no range that could be equalised with.
  if (typeof fold === 'string' || fold.constants.some(({ rank }) => rank === 1)) return undefined;
  const channels = site.wanting[0]!.channels;
  const [written, read, values] = [new Float64Array(channels), new Float64Array(channels), new Float64Array(channels)];
  for (const { output, first } of fold.products) {
    const product = asProduct(editor, editor.producer(output))!;
    forEachRange(product, (channel, _, size) => raise(written, first + channel, size));
    const known = distributions.get(output);
    const bias = product.bias && numbersOf(product.bias);
    for (let channel = 0; channel < product.outputChannels; channel++) {
      const constant = Math.abs(bias?.[bias.length === 1 ? 0 : channel] ?? 0);
      const size = known ? reach(known.mean[channel]!, known.deviation[channel]!) : constant;
      raise(values, first + channel, size);
    }
  }
  for (const { name } of site.readers) {
    const product = asProduct(
      editor,
      editor.nodes.find((node) => node.name === name),
    )!;
    forEachRange(product, (_, channel, size) => raise(read, channel, size));
  }
  const widest = Math.max(...values);
  const factors = Float64Array.from(written, (range, channel) => {
    if (!(range > 0 && read[channel]! > 0)) return 1;
    // A bias comes up with its weights: no channel passes the one that reaches furthest.
    return Math.max(Math.sqrt(range / read[channel]!), widest > 0 ? values[channel]! / widest : 0);
  });
  if (factors.every((factor) => factor === 1)) return undefined;
  for (const reader of site.readers) multiply(editor, reader, factors);
  applyFold(editor, fold, factors);
  return { state: { graph: editor.result().graph, distributions: divided(distributions, fold, factors) }, factors };
}

/** As far as nearly all values of a Gaussian reach. */
function reach(mean: number, deviation: number): number {
  return Math.abs(mean) + 3 * deviation;
}

function raise(most: Float64Array, channel: number, size: number): void {
  if (size > most[channel]!) most[channel] = size;
}

/** Visits the magnitude of every weight with its output and input channel. */
function forEachRange(product: Product, visit: (output: number, input: number, size: number) => void): void {
  const values = numbersOf(product.weight);
  forEachWeight(product, (at, output, input) => visit(output, input, Math.abs(values[at]!)));
}

function divided(distributions: ChannelDistributions, { products }: Fold, factors: Float64Array): ChannelDistributions {
  const result = new Map(distributions);
  for (const { output, first } of products) {
    const known = distributions.get(output);
    if (known === undefined) continue;
    const by = (value: number, channel: number) => value / factors[first + channel]!;
    result.set(output, { mean: known.mean.map(by), deviation: known.deviation.map(by) });
  }
  return result;
}

/**
 * Moves c = max(0, β − n·γ) of each channel from the bias in front of a Relu into the bias behind it: nearly all values are above
 * c, and for these Relu(x) = Relu(x − c) + c. Only where the readers add no zeros around their input.
 */
function withAbsorbed(
  { graph, distributions }: State,
  { readers }: Site,
  deviations: number,
): { state: State; channels: number } | undefined {
  const editor = new GraphEditor(graph);
  const value = readers[0]!.demand.value;
  const relu = editor.producer(value);
  const before = relu?.op === 'Relu' ? relu.inputs[0]! : undefined;
  const known = before === undefined ? undefined : distributions.get(before);
  const product = before === undefined ? undefined : asProduct(editor, editor.producer(before));
  if (deviations === 0 || before === undefined || known === undefined || product === undefined) return undefined;
  const names = new Set(readers.map(({ name }) => name));
  const alone =
    editor.onlyConsumer(before) === relu &&
    !editor.isOutput(value) &&
    editor.consumers(value).every((node) => names.has(node.name) && node.op !== 'MatMul' && !isPadded(node));
  const amounts = known.mean.map((mean, channel) => Math.max(0, mean - deviations * known.deviation[channel]!));
  const channels = amounts.filter((amount) => amount > 0).length;
  if (!alone || product.node.op === 'MatMul' || channels === 0) return undefined;
  const scale = new Float64Array(amounts.length).fill(1);
  foldAfter(editor, product, { scale, shift: amounts.map((amount) => -amount) }, before, []);
  for (const reader of editor.consumers(value))
    foldBefore(editor, asProduct(editor, reader)!, { scale, shift: amounts }, value, []);
  const result = new Map(distributions).set(before, {
    mean: known.mean.map((mean, channel) => mean - amounts[channel]!),
    deviation: known.deviation,
  });
  return { state: { graph: editor.result().graph, distributions: result }, channels };
}

function absorbedFinding(channels: number): Finding {
  return {
    code: 'quantize/absorbed-biases',
    severity: 'information',
    what: `High biases of ${channels} channels were moved into the biases of the layers behind them.`,
    why: 'Nearly all values of these channels are that high, so the ranges of activations get smaller and hardly a value changes.',
  };
}
