import { loadKernels } from '../../kernels/loader.ts';
import { compile } from '../executor/compile.ts';
import { decodeTensor } from '../formats/held-tensor.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { measuredSamples } from '../measurements/key.ts';
import type { Choice, Job, Plan } from '../plan.ts';
import { interruptible, throwIfCancelled, turn } from '../progress.ts';
import { withAdded } from '../pruning/added-layers.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { codesOf } from '../quantize/codes.ts';
import { integerForm } from '../quantize/integer-form.ts';
import { parametersOf } from '../quantize/normal-form.ts';
import { sensitivity } from '../quantize/sensitivity.ts';
import { quantizeHeld } from '../quantize/weight-only.ts';
import { quantizeParameters } from '../quantize/weights.ts';
import type { Tensor } from '../tensor.ts';
import { compress } from './compress.ts';
import { type RunContext, renamed } from './context.ts';
import { openData } from './datasets.ts';
import { signalToNoise } from './layer-noise.ts';
import { type LoadedModel, loadJobModel, loadModel, type Prepared, prepare } from './load.ts';
import { brokenDecibels, exactDecibels } from './metrics.ts';
import { pruneModel } from './prune.ts';
import { sideBySide } from './side-by-side.ts';

/** What a measurement of sensitivity found, as plain JSON. */
export interface SensitivityReport {
  /** `outputs`: the model's outputs with one layer quantised at a time; `weights`: each layer's weights alone, no data. */
  readonly basis: 'outputs' | 'weights';
  /** Name of the data block, and how many of its samples were run; absent with `weights`. */
  readonly data?: string;
  readonly samples?: number;
  /** In the graph's order. */
  readonly layers: readonly SensitivityEntry[];
}

export interface SensitivityEntry {
  readonly layer: string;
  readonly op: string;
  /** Layers of the file that were folded into this one before quantisation, such as a batch normalisation or an activation. */
  readonly absorbed: readonly string[];
  /** Signal to quantisation noise, decibels; null: nothing changed (infinite). */
  readonly sqnr: number | null;
  /** Formats in use. */
  readonly weight?: string;
  readonly output?: string;
}

/** What is measured where no spec says otherwise. */
const plainWeights: Choice = {
  format: 'int8',
  scheme: 'symmetric',
  granularity: 'per-channel',
  observer: { name: 'min-max', arguments: {} },
  origin: {},
};

const stage = 'Measuring layer';

/**
 * How much each layer's quantisation costs. With a job that has a plan and calibration data, one layer at a time is
 * quantised as planned and the model's outputs are compared with the float model's on the first `samples` of the data.
 * Otherwise each layer's weights are rounded to nearest (as planned, or in int8 per channel) and compared with the float
 * ones: nothing is run, so this also works for models with operators that nothing here can run.
 */
export async function measureSensitivity(
  path: string,
  job: Job | undefined,
  context: RunContext,
  samples = measuredSamples,
): Promise<SensitivityReport> {
  context.progress.report('Loading', 0, 1);
  const model = job?.model === path ? await loadJobModel(context.host, job) : await loadModel(context.host, path);
  const { prepared, added } = await pruneModel(prepare(model, job?.passes), job, context);
  const plan = job?.plan && withAdded(job.plan, added);
  if (plan === undefined || job?.data['calibration'] === undefined) return ofWeights(prepared, plan, context);
  return ofOutputs(model, prepared, job, plan, context, samples);
}

async function ofOutputs(
  model: LoadedModel,
  prepared: Prepared,
  job: Job,
  plan: Plan,
  context: RunContext,
  samples: number,
): Promise<SensitivityReport> {
  const { host, progress, threads } = context;
  const dataset = await openData(job.data['calibration']!, prepared.graph, job, context);
  const { quantized } = await compress(model, prepared, plan, dataset, context);
  const startThread = host.startThread?.bind(host);
  const kernels = await loadKernels({ mode: 'relaxed', threads, startThread, cancelCell: progress.cancelCell });
  try {
    const measured = await sensitivity(prepared.graph, quantized, dataset, {
      // One set of threads for all programs: there are two for every layer.
      compile: (graph, options) => compile(graph, { ...options, kernels, progress, memoryLeft: host.memoryLeft }),
      samples,
      progress: renamed(progress, stage),
    });
    const absorbed = absorbedWith(prepared, quantized);
    const format = (layer: string, role: string) => quantized.assignment.entries.get(edgeKey(layer, role))?.format;
    return {
      basis: 'outputs',
      data: dataset.name,
      samples: Math.min(samples, dataset.length),
      layers: measured.map(({ layer, op, sqnr }) => {
        const weight = format(layer, 'weight');
        const output = format(layer, 'output[0]');
        return {
          layer,
          op,
          absorbed: absorbed(layer),
          sqnr: plainDecibels(sqnr),
          ...(weight !== undefined && { weight }),
          ...(output !== undefined && { output }),
        };
      }),
    };
  } finally {
    kernels.dispose();
  }
}

/** What was folded into a layer, the activations that its codes clamp for included: they have no sensitivity of their own. */
function absorbedWith({ absorbed }: Prepared, { graph, assignment }: QuantizedModel): (layer: string) => string[] {
  const codes = codesOf(graph, assignment);
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node.name] as const)));
  const fused = new Map<string, string[]>();
  for (const node of graph.nodes) {
    const producer = codes.fused(node) ? producers.get(node.inputs[0]!) : undefined;
    if (producer === undefined) continue;
    fused.set(producer, [...(fused.get(producer) ?? []), node.name, ...(absorbed.get(node.name) ?? [])]);
  }
  return (layer) => [...(absorbed.get(layer) ?? []), ...(fused.get(layer) ?? [])];
}

async function ofWeights(
  { graph, absorbed }: Prepared,
  plan: Plan | undefined,
  { progress }: RunContext,
): Promise<SensitivityReport> {
  const choiceFor = ({ name }: GraphNode) => {
    const choice = plan === undefined ? plainWeights : plan.nodes[name]?.weight;
    return choice?.format === 'float' ? undefined : choice;
  };
  const tasks = graph.nodes.flatMap((node) => {
    const choice = choiceFor(node);
    const round = choice && rounding(node, choice, graph);
    return round ? [{ node, round }] : [];
  });
  const layers: SensitivityEntry[] = [];
  for (const { node, round } of tasks) {
    await turn();
    throwIfCancelled(progress);
    const { values, held, format } = interruptible(progress, round);
    layers.push({
      layer: node.name,
      op: node.op,
      absorbed: absorbed.get(node.name) ?? [],
      sqnr: plainDecibels(signalToNoise(values, held)),
      weight: format,
    });
    progress.report(stage, layers.length, tasks.length);
  }
  return { basis: 'weights', layers };
}

interface Rounded {
  readonly values: Float32Array;
  readonly held: Float32Array;
  readonly format: string;
}

/** Rounds a layer's weights to nearest; undefined where codes hold none of them. */
function rounding(node: GraphNode, { method: _, ...choice }: Choice, graph: Graph): (() => Rounded) | undefined {
  const form = integerForm(node, graph);
  const round = (weight: Tensor, own: QuantizedTensor): Rounded => {
    const held = decodeTensor(own.codes!, weight.dims, own);
    return { values: weight.data as Float32Array, held, format: own.format };
  };
  if ('reason' in form)
    return (
      form.held &&
      (() => {
        const weights = form.held!.map((held) =>
          round(graph.initializers.get(node.inputs[held.input]!)!, quantizeHeld({ node, held, choice, graph })),
        );
        const join = (key: 'values' | 'held') =>
          sideBySide(
            weights.map((own) => own[key]),
            1,
          );
        return { values: join('values'), held: join('held'), format: weights[0]!.format };
      })
    );
  if (form.kind !== 'compute') return undefined;
  return () => {
    const parameters = parametersOf(node, form, graph);
    return round(parameters.weight, quantizeParameters({ node, form, choice, parameters }).weight);
  };
}

/** JSON knows no infinity; what is not a number is as bad as can be. */
function plainDecibels(value: number): number | null {
  if (Number.isNaN(value)) return brokenDecibels;
  return value >= exactDecibels ? null : Math.max(value, brokenDecibels);
}
