import type { Kernels } from '../../kernels/api.ts';
import type { Dataset } from '../data/dataset.ts';
import { FindingError } from '../findings.ts';
import type { Graph, Model } from '../graph/graph.ts';
import type { QuantizedModel } from '../quantize/assignment.ts';
import { integerGraph } from '../readings/integer.ts';
import { simulate } from '../readings/simulate.ts';
import type { AccuracyReport } from '../report/report.ts';
import type { OnnxRuntime } from '../verify/onnxruntime.ts';
import type { RunContext } from './context.ts';
import { evaluate } from './evaluate.ts';
import type { ComparisonMetrics } from './metrics.ts';
import { engineScorer, runtimeScorer } from './scorer.ts';

export interface MeasureInput {
  readonly exported: Model;
  readonly float: Graph;
  readonly quantized: QuantizedModel;
  readonly dataset: Dataset;
  /** Absent: the engine's own execution is measured in its place. */
  readonly runtime: OnnxRuntime | undefined;
  readonly kernels: Kernels;
  readonly context: RunContext;
  readonly samples: number;
  /** Use the labels. */
  readonly labelled: boolean;
  readonly agreementSamples: number;
}

export interface Measured {
  readonly report: AccuracyReport;
  /** The engine's integer execution against the runtime; absent too where the formats have none. */
  readonly integerExecution: ComparisonMetrics | undefined;
}

const integerExecutionName = 'integer execution';

/** The model on integers, or its simulation where its formats are not integers of up to 8 bits. */
export function ownExecution(quantized: QuantizedModel): { readonly graph: Graph; readonly name: string } {
  try {
    return { graph: integerGraph(quantized), name: integerExecutionName };
  } catch (error) {
    if (!(error instanceof FindingError) || !error.finding.code.startsWith('reading/')) throw error;
    return { graph: simulate(quantized), name: 'simulation' };
  }
}

/** The float model in the engine against the exported one in the runtime; and the runtime against our integer execution. */
export async function measureAccuracy(input: MeasureInput): Promise<Measured> {
  const { dataset, kernels, context, runtime } = input;
  const inputs = await dataset.sample(0);
  const inputDims = new Map(Array.from(inputs, ([name, tensor]) => [name, tensor.dims]));
  const engine = { inputDims, mode: 'relaxed', kernels } as const;
  const reference = await engineScorer(input.float, context, { name: 'float', ...engine });
  const own = ownExecution(input.quantized);
  const integers = await engineScorer(own.graph, context, { name: own.name, ...engine });
  const candidate = runtime ? await runtimeScorer(input.exported, runtime) : integers;
  try {
    const { labels: _, ...unlabelled } = dataset;
    const data: Dataset = input.labelled ? dataset : unlabelled;
    const { progress } = context;
    const [metrics] = await evaluate(data, reference, [candidate], { progress, samples: input.samples });
    const [integerExecution] =
      runtime && own.name === integerExecutionName
        ? await evaluate(data, candidate, [integers], {
            progress,
            stage: 'Comparing integer execution',
            samples: input.agreementSamples,
          })
        : [];
    return {
      report: {
        data: dataset.name,
        dataHash: dataset.hash,
        runtime: candidate.name,
        metrics: metrics!,
        measuredOn: reference.kind,
      },
      integerExecution,
    };
  } finally {
    await reference.dispose();
    await integers.dispose();
    if (candidate !== integers) await candidate.dispose();
  }
}
