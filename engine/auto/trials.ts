import type { Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import type { Dataset } from '../data/dataset.ts';
import { compile } from '../executor/compile.ts';
import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Plan } from '../plan.ts';
import type { Progress } from '../progress.ts';
import { weightInputs } from '../quantize/integer-form.ts';
import { sensitivity } from '../quantize/sensitivity.ts';
import { simulate } from '../readings/simulate.ts';
import { type Compressed, compress } from '../run/compress.ts';
import type { RunContext } from '../run/context.ts';
import { type EvaluateOptions, evaluate } from '../run/evaluate.ts';
import type { LoadedModel } from '../run/load.ts';
import { answersOf } from '../run/logits.ts';
import { type ComparisonMetrics, noiseOfOutputs, ratioInDecibels } from '../run/metrics.ts';
import type { PrunedModel } from '../run/prune.ts';
import { engineScorer, type Scorer } from '../run/scorer.ts';
import { type Fold, holdOut } from './held-out.ts';

export interface TrialsInput {
  readonly model: LoadedModel;
  /** After passes and pruning. */
  readonly pruned: PrunedModel;
  readonly calibration: Dataset;
  readonly context: RunContext;
}

/** Values of a graph that are compared. */
type Answers = (graph: Graph) => readonly string[];
const asTheyAre: Answers = ({ outputs }) => outputs;

export interface NoiseOptions {
  readonly samples?: number;
  /** Default: all. */
  readonly layers?: ReadonlySet<string>;
}

/** Signal to noise at the outputs, decibels: of all judged samples, and of each. */
interface Measured {
  readonly sqnr: number;
  readonly samples: readonly number[];
}

/** Standard deviations of the mean that make a difference sure. */
const sureDeviations = 3;
/** Samples for the noise of single layers. */
const samplesOfLayers = 16;
/** As progress names all trials together. */
const stageName = 'Trying settings';

/** Plans tried out on the calibration samples, and what was found: what the stages of the recipe share. */
export class Trials {
  /** What was chosen and why, in order. */
  readonly findings: Finding[] = [];
  readonly #input: TrialsInput;
  readonly #folds: readonly Fold[];
  /** By plan: stages may ask for what others have measured. */
  readonly #measured = new Map<string, Measured>();
  #nodes: ReadonlyMap<string, GraphNode> | undefined;
  #kernels: Kernels | undefined;
  /** By which values it answers with. */
  readonly #float = new Map<Answers, Scorer>();
  #done = 0;
  #expected = 0;

  constructor(input: TrialsInput) {
    this.#input = input;
    this.#folds = holdOut(input.calibration);
  }

  /** The float graph that plans are of. */
  get graph(): Graph {
    return this.#input.pruned.prepared.graph;
  }

  /** All that choices may rest on. */
  get samples(): Dataset {
    return this.#input.calibration;
  }

  /** Names of a layer's weights: one of a product, two of a recurrent layer; none where codes can hold none. */
  weightsOf(name: string): readonly string[] {
    this.#nodes ??= new Map(this.graph.nodes.map((node) => [node.name, node]));
    const node = this.#nodes.get(name);
    return node === undefined ? [] : weightInputs(node, this.graph).map(({ input }) => node.inputs[input]!);
  }

  /** Says what a stage chose. */
  say(what: string, why?: string): void {
    this.findings.push({ code: 'auto/chosen', severity: 'information', what, ...(why !== undefined && { why }) });
  }

  /** Says what a person should know beyond that. */
  warn(finding: Finding): void {
    this.findings.push(finding);
  }

  /** Share of the model's multiplications that these layers do. */
  workOf(names: ReadonlySet<string>): number {
    const { layers, totals } = this.#input.pruned.prepared.summary;
    const own = layers.reduce((sum, { name, macs }) => sum + (names.has(name) ? macs : 0), 0);
    return own / Math.max(1, totals.macs);
  }

  /** Decibels by which a choice must be better than another one; more where samples judge what was fitted to them. */
  clearly(decibels: number): number {
    const [{ fitted, judged }] = this.#folds as [Fold];
    return fitted === judged ? 3 * decibels : decibels;
  }

  /** So many trials are still to come, for the time left. */
  expect(trials: number): void {
    this.#expected = this.#done + trials;
  }

  /** Compressed with all samples: what a run ends with. */
  compress(plan: Plan): Promise<Compressed> {
    return this.#compress(plan, this.#input.calibration, this.#input.context);
  }

  /** Signal to noise of the outputs, decibels, of the model compressed by a plan: fitted to a part of the samples, judged on others. */
  async measure(plan: Plan): Promise<number> {
    return (await this.#known(plan)).sqnr;
  }

  /**
   * Whether one plan is better than another sample by sample: by so much on the mean that chance is no explanation. Noise that few of
   * the samples make says little of others.
   */
  async isSurelyBetter(plan: Plan, than: Plan): Promise<boolean> {
    const [own, other] = [(await this.#known(plan)).samples, (await this.#known(than)).samples];
    return pairedDeviation(own.map((sqnr, i) => sqnr - other[i]!)) >= sureDeviations;
  }

  async #known(plan: Plan): Promise<Measured> {
    const key = JSON.stringify(plan.nodes);
    const known = this.#measured.get(key) ?? (await this.#measure(plan));
    this.#measured.set(key, known);
    return known;
  }

  async #measure(plan: Plan): Promise<Measured> {
    let noise = 0;
    const samples: number[] = [];
    for (const [at, { fitted, judged }] of this.#folds.entries()) {
      const context = this.#counting(at / this.#folds.length, 1 / this.#folds.length);
      const compressed = await this.#compress(plan, fitted, context);
      const metrics = await this.#compare(compressed, judged, context, answersOf, ([own]) => {
        samples.push(ratioInDecibels(1, noiseOfAll(own!)));
      });
      noise += noiseOfAll(metrics) / this.#folds.length;
    }
    this.#done++;
    return { sqnr: ratioInDecibels(1, noise), samples };
  }

  /** A compressed model against the float one on all samples, both by the engine in strict arithmetic. */
  compare(compressed: Compressed): Promise<ComparisonMetrics> {
    return this.#compare(compressed, this.#input.calibration, this.#input.context, asTheyAre);
  }

  /** Noise over signal at the model's outputs for each layer's rounding alone: weights and output as planned, all else float. */
  async noiseOfLayers(
    plan: Plan,
    { samples = samplesOfLayers, layers }: NoiseOptions = {},
  ): Promise<ReadonlyMap<string, number>> {
    const { host } = this.#input.context;
    const context = this.#counting();
    const { fitted, judged } = this.#folds[0]!;
    const { quantized } = await this.#compress(plan, fitted, context);
    const kernels = await this.#strictKernels();
    const measured = await sensitivity(quantized.graph, quantized, judged, {
      compile: (graph, options) => compile(graph, { ...options, kernels, memoryLeft: host.memoryLeft }),
      samples,
      ...(layers && { layers }),
      mode: 'strict',
      progress: context.progress,
    });
    this.#done++;
    return new Map(measured.map(({ layer, sqnr }) => [layer, noiseOf(sqnr)]));
  }

  async dispose(): Promise<void> {
    for (const float of this.#float.values()) await float.dispose();
    this.#kernels?.dispose();
  }

  #compress(plan: Plan, samples: Dataset, context: RunContext): Promise<Compressed> {
    const { model, pruned } = this.#input;
    return compress(model, pruned.prepared, plan, samples, context, pruned.layers);
  }

  async #compare(
    compressed: Compressed,
    samples: Dataset,
    context: RunContext,
    answers: Answers,
    each?: EvaluateOptions['each'],
  ): Promise<ComparisonMetrics> {
    const kernels = await this.#strictKernels();
    const inputs = await samples.sample(0);
    const inputDims = new Map(Array.from(inputs, ([name, { dims }]) => [name, dims]));
    const options = { mode: 'strict', inputDims, kernels } as const;
    const answering = (graph: Graph) => ({ ...graph, outputs: answers(graph) });
    const float =
      this.#float.get(answers) ??
      (await engineScorer(answering(this.graph), this.#input.context, { name: 'float', ...options }));
    this.#float.set(answers, float);
    const rounded = await engineScorer(answering(simulate(compressed.quantized)), this.#input.context, {
      name: 'compressed',
      ...options,
    });
    try {
      const { progress } = context;
      const own = { progress, stage: 'Comparing settings', ...(each && { each }) };
      const [metrics] = await evaluate(samples, float, [rounded], own);
      return metrics!;
    } finally {
      await rounded.dispose();
    }
  }

  async #strictKernels(): Promise<Kernels> {
    const { host, threads, progress } = this.#input.context;
    const startThread = host.startThread?.bind(host);
    this.#kernels ??= await loadKernels({ mode: 'strict', threads, startThread, cancelCell: progress.cancelCell });
    return this.#kernels;
  }

  /**
   * The context with all trials as one stage: what each does inside counts as halves of what is left of it.
   * @param from how much of this trial is done already, and which part of it comes now
   */
  #counting(from = 0, part = 1): RunContext {
    const { context } = this.#input;
    const begun = this.#done;
    let share = 1;
    let current = '';
    const progress: Progress = {
      ...context.progress,
      report: (stage, done, total) => {
        if (stage !== current) share /= 2;
        current = stage;
        const within = 1 - 2 * share + share * (done / Math.max(1, total));
        context.progress.report(stageName, begun + from + part * within, Math.max(this.#expected, begun + 1));
      },
    };
    return { ...context, progress };
  }
}

/** Noise over signal of all outputs; the first is told by its logits where it has some. */
function noiseOfAll({ sqnr, outputs = [] }: ComparisonMetrics): number {
  return noiseOfOutputs([sqnr, ...outputs.slice(1).map((output) => output.sqnr)].map(noiseOf));
}

/** Noise over signal. Codes may turn an answer into no number at all. */
function noiseOf(sqnr: number): number {
  return Number.isNaN(sqnr) ? Number.POSITIVE_INFINITY : 10 ** (-sqnr / 10);
}

/** Mean of the differences that are known, in standard deviations of that mean; 0 where none can be told. */
function pairedDeviation(differences: readonly number[]): number {
  const known = differences.filter(Number.isFinite);
  const n = known.length;
  const mean = known.reduce((a, b) => a + b, 0) / n;
  const variance = known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  return n < 2 || mean === 0 ? 0 : mean / Math.sqrt(variance / n);
}
