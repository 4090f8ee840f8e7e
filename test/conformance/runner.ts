import { compile } from '../../engine/executor/compile.ts';
import type { NodeReport } from '../../engine/executor/program.ts';
import { FindingError } from '../../engine/findings.ts';
import { evaluateValues } from '../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { withInference } from '../../engine/graph/infer.ts';
import { decodeModel } from '../../engine/onnx/codec.ts';
import { changed, type onnx } from '../../engine/onnx/proto.ts';
import { decodeValue } from '../../engine/onnx/value-proto.ts';
import { isEvaluable } from '../../engine/operators/operator.ts';
import { findOperator } from '../../engine/operators/registry.ts';
import { isStatic } from '../../engine/operators/shared/types.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { type AnyType, fits, formatType, isTensor, type Value } from '../../engine/value.ts';
import type { Kernels } from '../../kernels/api.ts';
import type { ConformanceCase } from './archive.ts';
import { difference } from './compare.ts';
import { exclusions, notRegistered } from './exclusions.ts';

/** What came of one case, by the reference evaluation or by the executor. */
export interface Outcome {
  readonly name: string;
  readonly suite: string;
  /** Of the model and of its subgraphs; those of other domains than ai.onnx with their domain. */
  readonly operators: readonly string[];
  /** Of these, those that are not registered or cannot be evaluated. */
  readonly missing: readonly string[];
  /** What went wrong; absent for a case that passed. */
  readonly failure?: string;
  /** Why it need not pass; absent for a case that must. */
  readonly exclusion?: string;
}

export type Status = 'pass' | 'fail' | 'excluded';

export function statusOf({ failure, exclusion }: Outcome): Status {
  if (failure === undefined) return 'pass';
  return exclusion === undefined ? 'fail' : 'excluded';
}

export interface ReferenceOutcome extends Outcome {
  /** Outputs that are tensors, and those of them whose whole shape is inferred when axes, shapes and the like are constants. */
  readonly outputs: number;
  readonly staticOutputs: number;
}

export interface ExecutorOutcome extends Outcome {
  readonly nodes: readonly NodeReport[];
}

/** Evaluates the model as an exporter without shape inference would write it, and holds what is inferred against the outputs. */
export function runReference(item: ConformanceCase): ReferenceOutcome {
  const sets = readSets(item);
  const { graph } = graphFromProto(withoutTypes(decodeModel(item.model)));
  const known = withConstants(graph, sets[0]!.inputs, (value, type) => (type?.dims?.length ?? value.dims.length) <= 1);
  const tensors = sets[0]!.outputs.filter(isTensor);
  const run = () => {
    for (const set of sets) {
      const outputs = evaluateValues(graph, named(graph, set.inputs));
      for (const [i, name] of graph.outputs.entries()) {
        const want = set.outputs[i]!;
        const wrong =
          difference(outputs.get(name)!, want) ??
          contradiction(typeIn(graph, name), want) ??
          (set === sets[0] ? contradiction(typeIn(known, name), want) : undefined);
        if (wrong !== undefined) return `output ${name}: ${wrong}`;
      }
    }
    return undefined;
  };
  return {
    ...facts(item, graph),
    ...verdict(item, graph, guarded(run)),
    outputs: tensors.length,
    staticOutputs: graph.outputs.filter((name) => isStatic(known.types.get(name)?.dims)).length,
  };
}

/** Runs the model on kernels, with all inputs as inputs and with all but the first as constants, as real models have them. */
export async function runExecutor(item: ConformanceCase, kernels: Kernels): Promise<ExecutorOutcome> {
  const [set] = readSets(item);
  const { inputs, outputs: expected } = set!;
  const { graph } = graphFromProto(decodeModel(item.model));
  const nodes: NodeReport[] = [];
  const run = async (own: Graph) => {
    const dims = new Map<string, readonly number[]>();
    const given = named(graph, inputs);
    for (const name of own.inputs) {
      const value = given.get(name)!;
      if (isTensor(value)) dims.set(name, value.dims);
    }
    const program = await compile(own, { mode: 'strict', kernels, inputDims: dims });
    try {
      const outputs = await program.runValues(new Map(own.inputs.map((name) => [name, given.get(name)!])));
      nodes.push(...program.report());
      for (const [i, name] of own.outputs.entries()) {
        const wrong = difference(outputs.get(name)!, expected[i]!);
        if (wrong !== undefined) return `output ${name}: ${wrong}`;
      }
      return undefined;
    } finally {
      program.dispose();
    }
  };
  let failure = await guardedAsync(() => run(graph));
  if (failure === undefined && graph.inputs.length > 1) {
    const first = graph.inputs[0];
    const fixed = await guardedAsync(() => run(withConstants(graph, inputs, (_value, _type, name) => name !== first)));
    if (fixed !== undefined) failure = `with constants: ${fixed}`;
  }
  return { ...facts(item, graph), ...verdict(item, graph, failure), nodes };
}

interface CaseSet {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** The files of a case, read by the types that the model declares. */
function readSets(item: ConformanceCase): CaseSet[] {
  const { graph } = graphFromProto(decodeModel(item.model));
  const read = (names: readonly string[], files: readonly Uint8Array[]) =>
    files.map((bytes, i) => decodeValue(bytes, typeIn(graph, names[i]!) ?? { dtype: 'float32' }));
  return item.sets.map(({ inputs, outputs }) => ({
    inputs: read(graph.inputs, inputs),
    outputs: read(graph.outputs, outputs),
  }));
}

function typeIn(graph: Graph, name: string): AnyType | undefined {
  return graph.types.get(name) ?? graph.containers?.get(name);
}

function named(graph: Graph, values: readonly Value[]): Map<string, Value> {
  return new Map(graph.inputs.map((name, i) => [name, values[i]!]));
}

/** No types but those of the inputs. */
function withoutTypes(proto: onnx.ModelProto): onnx.ModelProto {
  const graph = proto.graph!;
  const output = graph.output.map((info) => changed(info, { type: undefined }));
  return changed(proto, { graph: changed(graph, { output, value_info: [] }) });
}

/** The graph with the chosen input tensors as constants of the model. */
function withConstants(
  graph: Graph,
  inputs: readonly Value[],
  chosen: (value: Tensor, type: { readonly dims?: readonly unknown[] } | undefined, name: string) => boolean,
): Graph {
  const initializers = new Map(graph.initializers);
  graph.inputs.forEach((name, i) => {
    const value = inputs[i];
    if (value !== undefined && isTensor(value) && chosen(value, graph.types.get(name), name))
      initializers.set(name, value);
  });
  return withInference({ ...graph, initializers, inputs: graph.inputs.filter((name) => !initializers.has(name)) });
}

/** What inference says and the expected output denies. */
function contradiction(type: AnyType | undefined, want: Value): string | undefined {
  if (type === undefined) return 'its type is not inferred';
  return fits(want, type) ? undefined : `inferred as ${formatType(type)}`;
}

/** All operators of a graph and of its subgraphs. */
function usedOperators(graph: Graph): { readonly key: string; readonly runs: boolean }[] {
  return graph.nodes.flatMap((node) => {
    const inner = Object.values(node.attributes).flatMap((attribute) =>
      attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [],
    );
    const operator = findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1);
    const key = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    return [{ key, runs: isEvaluable(operator) }, ...inner.flatMap(usedOperators)];
  });
}

function facts({ name, suite }: ConformanceCase, graph: Graph) {
  const used = usedOperators(graph);
  return {
    name,
    suite,
    operators: [...new Set(used.map(({ key }) => key))],
    missing: [...new Set(used.filter(({ runs }) => !runs).map(({ key }) => key))],
  };
}

function verdict(
  { name }: ConformanceCase,
  graph: Graph,
  failure: string | undefined,
): Pick<Outcome, 'failure' | 'exclusion'> {
  const absent = usedOperators(graph).find(({ runs }) => !runs)?.key;
  const exclusion =
    exclusions.find((line) => line.name.test(name))?.reason ??
    (absent && notRegistered.find(({ operators }) => operators.includes(absent))?.reason);
  return { ...(failure !== undefined && { failure }), ...(exclusion !== undefined && { exclusion }) };
}

function explained(error: unknown): string {
  if (error instanceof FindingError) return error.message;
  return `a fault of ours: ${error instanceof Error ? error.message : String(error)}`;
}

function guarded(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    return explained(error);
  }
}

async function guardedAsync(work: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    return explained(error);
  }
}
