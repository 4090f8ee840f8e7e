import { FindingError } from '../findings.ts';
import { graphFromProto } from '../graph/from-proto.ts';
import type { Graph, Model } from '../graph/graph.ts';
import { type ModelSummary, summarize } from '../graph/summary.ts';
import { sha256 } from '../hash.ts';
import type { Host } from '../host.ts';
import { type OpenOptions, openModel } from '../onnx/model-file.ts';
import { optimize, passes, passesNamed } from '../passes/index.ts';
import type { Job } from '../plan.ts';
import { alreadyQuantized, noFloatNetwork } from '../quantized/findings.ts';
import { floatNetwork } from '../quantized/float-network.ts';

/** A model file as a run needs it. */
export interface LoadedModel {
  readonly path: string;
  /** SHA-256 of the model file itself. */
  readonly hash: string;
  /** Bytes of the file and of the external data that it names. */
  readonly bytes: number;
  readonly model: Model;
  readonly summary: ModelSummary;
}

/** With `weights: 'shapes'` for the summary alone. @throws FindingError that names the file */
export async function loadModel(host: Host, path: string, options: OpenOptions = {}): Promise<LoadedModel> {
  const { proto, bytes, externalBytes } = await openModel(host, path, options);
  try {
    const model = graphFromProto(proto);
    return {
      path,
      hash: (host.sha256 ?? sha256)(bytes),
      bytes: bytes.length + externalBytes,
      model,
      summary: summarize(model),
    };
  } catch (error) {
    if (error instanceof FindingError) throw new FindingError({ file: path, ...error.finding });
    throw error;
  }
}

/**
 * The model of a job, as the job wants what is in codes already: as it is, or the float network that the codes stand for.
 * @throws FindingError that names the file; `model/quantized` where a plan would quantise twice, or there is no float network
 */
export async function loadJobModel(host: Host, job: Job, options: OpenOptions = {}): Promise<LoadedModel> {
  const loaded = await loadModel(host, job.model, options);
  const { quantized } = loaded.summary;
  if (quantized === undefined || job.quantized === 'keep' || (job.plan === undefined && job.quantized === undefined))
    return loaded;
  if (job.quantized === undefined) throw new FindingError({ file: job.model, ...alreadyQuantized(quantized) });
  const graph = floatNetwork(loaded.model.graph);
  if ('reason' in graph || quantized.float === undefined)
    throw new FindingError({ file: job.model, ...noFloatNetwork(quantized) });
  return { ...loaded, model: { ...loaded.model, graph }, summary: quantized.float };
}

/** The model's graph after the passes, and which layers each of its layers now stands for. */
export interface Prepared {
  readonly graph: Graph;
  readonly absorbed: ReadonlyMap<string, readonly string[]>;
  readonly summary: ModelSummary;
}

/** @param names passes to run, in this order; absent: all, in the engine's order */
export function prepare({ model }: LoadedModel, names?: readonly string[]): Prepared {
  const { graph, absorbed } = optimize(model.graph, names === undefined ? passes : passesNamed(names));
  return { graph, absorbed, summary: summarize({ ...model, graph }) };
}
