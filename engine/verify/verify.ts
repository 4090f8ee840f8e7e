import { type Finding, FindingError } from '../findings.ts';
import { graphFromProto } from '../graph/from-proto.ts';
import { decodeModel } from '../onnx/codec.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { namesOf } from '../quantize/places.ts';
import { ComparisonAccumulator, type ComparisonMetrics, isClassVector, numbersOf } from '../run/metrics.ts';
import type { Tensor } from '../tensor.ts';
import { channelAxisFindings } from './channel-axis.ts';
import {
  countOperators,
  floatCompute,
  type OnnxRuntime,
  type RanNode,
  type RuntimeSession,
  type RuntimeValue,
  type SessionOptions,
} from './onnxruntime.ts';
import { randomInputs } from './random-inputs.ts';

export interface Samples {
  readonly length: number;
  sample(index: number): Promise<ReadonlyMap<string, Tensor>>;
}

export interface VerifyOptions {
  /** A model that should answer alike: the float model, or another runtime's export. */
  readonly against?: Uint8Array;
  /** Real inputs; absent: `made` up ones. */
  readonly samples?: Samples;
  /** How many made-up inputs. Default 4. */
  readonly made?: number;
  readonly seed?: number;
  readonly progress?: Progress;
}

export type OptimizationLevel = 'all' | 'disabled';

export interface LevelReport {
  readonly level: OptimizationLevel;
  readonly operators: readonly { readonly op: string; readonly count: number }[];
  /** Convolutions and matrix products that ran in float, by the runtime's node name. */
  readonly floatCompute: readonly string[];
}

export interface OutputComparison {
  readonly output: string;
  readonly metrics: ComparisonMetrics;
}

export interface VerifyReport {
  readonly runtime: string;
  readonly version: string;
  readonly samples: number;
  readonly madeUp: boolean;
  readonly inputs: readonly RuntimeValue[];
  readonly outputs: readonly RuntimeValue[];
  readonly levels: readonly LevelReport[];
  /** Unoptimised against optimised: how far the runtime differs from itself. */
  readonly betweenLevels: readonly OutputComparison[];
  /** The model fully optimised against the one given. */
  readonly against?: readonly OutputComparison[];
  readonly findings: readonly Finding[];
}

/**
 * Loads a model in ONNX Runtime at both ends of its optimisation levels, runs it and compares. A wrong per-channel
 * axis fails only without optimisation and runs silently wrong with it; a bias with another scale keeps the
 * convolution in float: so both levels run, and what really ran is read from the profile. The first sample alone is profiled, in a
 * session of its own: meanwhile the runtime frees nothing that it computes, and four runs of a model of 1 GiB fill its memory.
 *
 * @throws FindingError `verify/load` or `verify/run` with the runtime's own words
 */
export async function verifyModel(
  runtime: OnnxRuntime,
  model: Uint8Array,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const { progress, seed = 1 } = options;
  const madeUp = options.samples === undefined;
  let samples = options.samples;
  const levels: LevelReport[] = [];
  const outputs: ReadonlyMap<string, Tensor>[][] = [];
  let described: Pick<RuntimeSession, 'inputs' | 'outputs'> = { inputs: [], outputs: [] };
  const stages = options.against === undefined ? 2 : 3;
  for (const [i, level] of (['all', 'disabled'] as const).entries()) {
    const steps = { progress, stage: i, stages };
    const profiled = await open(runtime, model, { optimize: level, profile: true }, level);
    let first: ReadonlyMap<string, Tensor>[];
    try {
      described = { inputs: profiled.inputs, outputs: profiled.outputs };
      samples ??= made(profiled.inputs, options.made ?? 4, seed);
      first = await runAll(profiled, samples, { ...steps, to: 1 });
      const ran = profiled.endProfiling();
      levels.push({ level, operators: countOperators(ran), floatCompute: floatCompute(ran).map(({ name }) => name) });
      if (level === 'all') warnOfNothing(ran);
    } finally {
      await profiled.release();
    }
    const session = await open(runtime, model, { optimize: level }, level);
    try {
      outputs.push([...first, ...(await runAll(session, samples, { ...steps, from: 1 }))]);
    } finally {
      await session.release();
    }
  }
  const all = samples!;
  const against = options.against && (await runOther(runtime, options.against, all, progress));
  const [optimised, plain] = outputs as [ReadonlyMap<string, Tensor>[], ReadonlyMap<string, Tensor>[]];
  return {
    runtime: 'onnxruntime-web',
    version: runtime.version,
    samples: all.length,
    madeUp,
    ...described,
    levels,
    betweenLevels: compare(plain, optimised),
    ...(against && { against: compare(against, optimised) }),
    findings: [...findingsOf(levels), ...channelAxisFindings(graphFromProto(decodeModel(model)).graph)],
  };
}

async function runOther(
  runtime: OnnxRuntime,
  model: Uint8Array,
  samples: Samples,
  progress: Progress | undefined,
): Promise<ReadonlyMap<string, Tensor>[]> {
  const session = await open(runtime, model, { optimize: 'all' }, 'all');
  try {
    return await runAll(session, samples, { progress, stage: 2, stages: 3 });
  } finally {
    await session.release();
  }
}

/** Opens a session; what the runtime says against the model becomes a finding. */
export async function open(
  runtime: OnnxRuntime,
  model: Uint8Array,
  options: SessionOptions,
  level: OptimizationLevel,
): Promise<RuntimeSession> {
  try {
    return await runtime.createSession(model, options);
  } catch (error) {
    throw new FindingError({
      code: 'verify/load',
      severity: 'error',
      what: `ONNX Runtime ${runtime.version} does not load the model${level === 'disabled' ? ' without graph optimisation' : ''}: ${wordsOf(error)}`,
      why: 'A model that the runtime rejects is of no use, whatever a checker says of it.',
    });
  }
}

interface Steps {
  readonly progress: Progress | undefined;
  readonly stage: number;
  readonly stages: number;
  /** Samples `[from, to)`. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

async function runAll(
  session: RuntimeSession,
  samples: Samples,
  { progress, stage, stages, from = 0, to = samples.length }: Steps,
): Promise<ReadonlyMap<string, Tensor>[]> {
  const outputs: ReadonlyMap<string, Tensor>[] = [];
  for (let i = from; i < Math.min(to, samples.length); i++) {
    throwIfCancelled(progress);
    progress?.report('Verifying in ONNX Runtime', stage * samples.length + i, stages * samples.length);
    outputs.push(await runOne(session, await samples.sample(i)));
  }
  return outputs;
}

export async function runOne(
  session: RuntimeSession,
  inputs: ReadonlyMap<string, Tensor>,
): Promise<ReadonlyMap<string, Tensor>> {
  try {
    return await session.run(inputs);
  } catch (error) {
    throw new FindingError({
      code: 'verify/run',
      severity: 'error',
      what: `ONNX Runtime loads the model but does not run it: ${wordsOf(error)}`,
    });
  }
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').trim();
}

function made(values: readonly RuntimeValue[], count: number, seed: number): Samples {
  const inputs = Array.from({ length: count }, (_, i) => randomInputs(values, seed * 1000 + i));
  return { length: count, sample: async (index) => inputs[index]! };
}

/** Every output that both have, by name; where the names differ, by position. */
function compare(
  reference: readonly ReadonlyMap<string, Tensor>[],
  candidate: readonly ReadonlyMap<string, Tensor>[],
): OutputComparison[] {
  const names = [...(reference[0]?.keys() ?? [])];
  const others = [...(candidate[0]?.keys() ?? [])];
  const comparisons: OutputComparison[] = [];
  for (const [i, name] of names.entries()) {
    const other = others.includes(name) ? name : others[i];
    const first = reference[0]!.get(name)!;
    if (other === undefined || numbersOf(first) === undefined) continue;
    const metrics = new ComparisonAccumulator(isClassVector(first.dims));
    for (const [j, outputs] of reference.entries()) {
      const expected = numbersOf(outputs.get(name)!);
      const actual = numbersOf(candidate[j]!.get(other)!);
      if (expected === undefined || actual === undefined) continue;
      if (expected.length !== actual.length) {
        throw new FindingError({
          code: 'verify/shape',
          severity: 'error',
          what: `Output "${name}" has ${expected.length} values in one model and ${actual.length} in the other.`,
        });
      }
      metrics.add(expected, actual);
    }
    comparisons.push({ output: name, metrics: metrics.result() });
  }
  return comparisons;
}

function warnOfNothing(ran: readonly RanNode[]): void {
  if (ran.length === 0) throw new Error('the runtime gave no profile');
}

function findingsOf(levels: readonly LevelReport[]): Finding[] {
  const [optimised, plain] = levels;
  const quantized = plain?.operators.some(({ op }) => op === 'QuantizeLinear') ?? false;
  const left = optimised?.floatCompute ?? [];
  if (!quantized || left.length === 0) return [];
  const products =
    left.length === 1
      ? '1 convolution or matrix product of this quantised model still runs'
      : `${left.length} convolutions or matrix products of this quantised model still run`;
  return [
    {
      code: 'verify/float-compute',
      severity: 'warning',
      what: `${products} in float: ${namesOf(left.map((name) => ({ name })))}.`,
      why: 'They are as slow as before, and the conversions around them cost extra.',
    },
  ];
}
