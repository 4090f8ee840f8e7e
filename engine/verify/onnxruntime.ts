import type { DataType, Tensor, TensorData } from '../tensor.ts';

/**
 * ONNX Runtime as the engine sees it. The module itself is loaded by the host (`env/node/onnxruntime.ts`,
 * `env/browser/onnxruntime.ts`), because where its WebAssembly lies and how its printed profile is caught differ.
 */
export interface OnnxRuntime {
  readonly version: string;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<RuntimeSession>;
}

export interface SessionOptions {
  /** `all` is what people run; `disabled` runs the graph as it is written. */
  readonly optimize?: 'all' | 'disabled';
  /** Records which operators really run; see `RuntimeSession.endProfiling`. */
  readonly profile?: boolean;
}

export interface RuntimeValue {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly (number | string)[];
}

export interface RuntimeSession {
  readonly inputs: readonly RuntimeValue[];
  readonly outputs: readonly RuntimeValue[];
  run(inputs: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>>;
  /** Operators that ran since the session was made, in the order in which they ran first, with the number of nodes. */
  endProfiling(): readonly RanNode[];
  release(): Promise<void>;
}

/** A node as the runtime ran it, after its own fusions. */
export interface RanNode {
  /** Name of the fused node. */
  readonly name: string;
  /** Operator after fusion: `QLinearConv`, `FusedConv`, … */
  readonly op: string;
  /** Element types of the inputs and outputs, in the runtime's words (`float`, `uint8`, …). */
  readonly inputTypes: readonly string[];
  readonly outputTypes: readonly string[];
}

/** What of the `onnxruntime-web` module is used here; its own types need a DOM. */
export interface OrtModule {
  readonly env: { readonly versions: { readonly web?: string; readonly common: string } };
  readonly InferenceSession: { create(model: Uint8Array, options: unknown): Promise<OrtSession> };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}
export interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
  dispose(): void;
}
interface OrtValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}
export interface OrtSession {
  readonly inputMetadata: readonly OrtValueMetadata[];
  readonly outputMetadata: readonly OrtValueMetadata[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  endProfiling(): void;
  release(): Promise<void>;
}

/**
 * @param capture runs `work` and returns what the runtime's WebAssembly printed meanwhile: the only way in which
 * `onnxruntime-web` gives its profile away.
 */
export function wrapOnnxRuntime(ort: OrtModule, capture: (work: () => void) => string): OnnxRuntime {
  return {
    version: ort.env.versions.web ?? ort.env.versions.common,
    async createSession(model, options = {}) {
      const session = await ort.InferenceSession.create(model, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: options.optimize ?? 'all',
        enableProfiling: options.profile ?? false,
        // Errors come as exceptions; what the runtime would print beside them is of no use to anyone here.
        logSeverityLevel: 4,
        extra: {
          session: {
            // Otherwise 4-bit products are computed with 8-bit activations: an error of 6e-3 that is not the model's.
            qdq_matmulnbits_accuracy_level: '0',
            // What builds for Arm do by default: otherwise x86 and WebAssembly leave layers with int8 activations in float.
            qdqisint8allowed: '1',
          },
        },
      });
      return wrapSession(ort, session, capture, options.profile ?? false);
    },
  };
}

/** The runtime gives an unknown dimension as −1 read as an unsigned number; a name may be empty. */
const knownDimension = (dim: number | string) => (typeof dim === 'number' ? dim >= 0 && dim < 2 ** 31 : dim !== '');

function wrapSession(
  ort: OrtModule,
  session: OrtSession,
  capture: (work: () => void) => string,
  profile: boolean,
): RuntimeSession {
  const value = (meta: OrtValueMetadata): RuntimeValue => ({
    name: meta.name,
    dtype: meta.type ?? '',
    dims: (meta.shape ?? []).map((dim) => (knownDimension(dim) ? dim : '?')),
  });
  let profiling = profile;
  let fed: { readonly inputs: ReadonlyMap<string, Tensor>; readonly feeds: Record<string, OrtTensor> } | undefined;
  return {
    inputs: session.inputMetadata.map(value),
    outputs: session.outputMetadata.map(value),
    async run(inputs) {
      // A benchmark runs the same inputs again and again; wrapping them is not what it wants to time.
      if (fed?.inputs !== inputs) fed = { inputs, feeds: feedsOf(ort, inputs) };
      const results = await session.run(fed.feeds);
      const outputs = new Map<string, Tensor>();
      for (const [name, result] of Object.entries(results)) {
        outputs.set(name, {
          dtype: result.type as DataType,
          dims: [...result.dims],
          data: result.data as TensorData,
        });
      }
      return outputs;
    },
    endProfiling() {
      profiling = false;
      return parseProfile(capture(() => session.endProfiling()));
    },
    async release() {
      // A profile that nobody asked for would be printed on standard output with the session's end.
      if (profiling) capture(() => session.endProfiling());
      profiling = false;
      await session.release();
    },
  };
}

function feedsOf(ort: OrtModule, inputs: ReadonlyMap<string, Tensor>): Record<string, OrtTensor> {
  return Object.fromEntries(
    Array.from(inputs, ([name, { dtype, data, dims }]) => [name, new ort.Tensor(dtype, data, dims)]),
  );
}

interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: {
    readonly op_name?: string;
    readonly node_index?: string;
    readonly input_type_shape?: readonly Record<string, unknown>[];
    readonly output_type_shape?: readonly Record<string, unknown>[];
  };
}

/** Reads the trace (an array of Chrome trace events) that the runtime printed. Each node counts once, however often it ran. */
export function parseProfile(text: string): readonly RanNode[] {
  const begin = text.indexOf('[');
  const end = text.lastIndexOf(']');
  if (begin < 0 || end < begin) return [];
  const events = eventsOf(text.slice(begin, end + 1));
  const nodes = new Map<string, RanNode>();
  for (const { cat, name, args } of events) {
    if (cat !== 'Node' || args?.op_name === undefined || !name?.endsWith('_kernel_time')) continue;
    const key = `${args.node_index} ${name}`;
    if (nodes.has(key)) continue;
    nodes.set(key, {
      name: name.slice(0, -'_kernel_time'.length),
      op: args.op_name,
      inputTypes: (args.input_type_shape ?? []).flatMap((entry) => Object.keys(entry)),
      outputTypes: (args.output_type_shape ?? []).flatMap((entry) => Object.keys(entry)),
    });
  }
  return [...nodes.values()];
}

/** The runtime writes names into its JSON as they are: one with a quote or a line break spoils its own event, not the others. */
function eventsOf(text: string): readonly TraceEvent[] {
  try {
    return JSON.parse(text) as readonly TraceEvent[];
  } catch {
    return text
      .split(/\n(?=\{"cat" : ")/)
      .slice(1)
      .map((event) => {
        try {
          return JSON.parse(event.replace(/[,\]\s]*$/, '')) as TraceEvent;
        } catch {
          return withoutName(event);
        }
      });
  }
}

/** What an event says after its name; the node goes by its number. */
function withoutName(event: string): TraceEvent {
  const argument = (name: string) => event.match(new RegExp(`"${name}" : "([^"]*)"`))?.[1];
  const types = (name: string) =>
    Array.from(
      (event.match(new RegExp(`"${name}" : \\[(.*?)\\](?=,"|\\}\\})`, 's'))?.[1] ?? '').matchAll(/\{"(\w+)":/g),
      ([, type]) => ({ [type!]: [] }),
    );
  const op = argument('op_name');
  const index = argument('node_index');
  if (op === undefined || !event.includes('_kernel_time"')) return {};
  return {
    cat: 'Node',
    name: `node ${index}_kernel_time`,
    args: {
      op_name: op,
      ...(index !== undefined && { node_index: index }),
      input_type_shape: types('input_type_shape'),
      output_type_shape: types('output_type_shape'),
    },
  };
}

/** Operators by name with how many nodes ran them, most frequent first. */
export function countOperators(nodes: readonly RanNode[]): readonly { readonly op: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return Array.from(counts, ([op, count]) => ({ op, count })).sort(
    (a, b) => b.count - a.count || (a.op < b.op ? -1 : 1),
  );
}

const heavy = /^(Fused|NhwcFused|Nhwc)?(Conv|ConvTranspose|Gemm|MatMul)$/;

/** Convolutions and matrix products that ran in float: what an export meant to be integer must not have. */
export function floatCompute(nodes: readonly RanNode[]): readonly RanNode[] {
  return nodes.filter(({ op, inputTypes }) => heavy.test(op) && inputTypes.includes('float'));
}
