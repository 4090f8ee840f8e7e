import { beforeAll, describe, expect, it } from 'vitest';
import { FindingError } from '../../engine/findings.ts';
import { evaluateGraph } from '../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Graph, Model } from '../../engine/graph/graph.ts';
import { inferTypes } from '../../engine/graph/infer.ts';
import { decodeModel, decodeTensor } from '../../engine/onnx/codec.ts';
import { changed, type onnx } from '../../engine/onnx/proto.ts';
import { tensorFromProto } from '../../engine/onnx/tensor-proto.ts';
import { findOperator, operators } from '../../engine/operators/registry.ts';
import { isStatic } from '../../engine/operators/shared/types.ts';
import type { Tensor, ValueType } from '../../engine/tensor.ts';
import { hasShared } from '../shared.ts';
import { type ConformanceCase, conformanceCases } from './archive.ts';
import { difference } from './compare.ts';
import { exclusions, foreign, notInSuite, notRegistered } from './exclusions.ts';

interface Outcome {
  readonly name: string;
  readonly suite: string;
  readonly operators: readonly string[];
  /** Operators that are not registered or cannot be evaluated. */
  readonly missing: readonly string[];
  readonly excluded: boolean;
  /** What went wrong; absent for a case that passed or was not run. */
  readonly failure?: string;
  readonly outputs: number;
  /** Outputs whose whole shape is inferred when axes, shapes and the like are constants, as they are in real models. */
  readonly staticOutputs: number;
}

/** The model as an exporter without shape inference would write it: no types but those of the inputs. */
function withoutTypes(proto: onnx.ModelProto): onnx.ModelProto {
  const graph = proto.graph!;
  const output = graph.output.map((info) => changed(info, { type: undefined }));
  return changed(proto, { graph: changed(graph, { output, value_info: [] }) });
}

/** All operators of a graph and of its subgraphs. */
function usedOperators(graph: Graph): { key: string; runs: boolean }[] {
  return graph.nodes.flatMap((node) => {
    const inner = Object.values(node.attributes).flatMap((attribute) =>
      attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [],
    );
    const operator = findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1);
    const key = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    return [{ key, runs: operator?.evaluate !== undefined }, ...inner.flatMap(usedOperators)];
  });
}

function runCase(item: ConformanceCase): Outcome {
  const proto = decodeModel(item.model);
  const excluded = exclusions.some(({ name }) => name.test(item.name));
  const model = graphFromProto(withoutTypes(proto));
  const used = usedOperators(model.graph);
  const common = {
    name: item.name,
    suite: item.suite,
    operators: [...new Set(used.map(({ key }) => key))],
    missing: [...new Set(used.filter(({ runs }) => !runs).map(({ key }) => key))],
    excluded,
    outputs: model.graph.outputs.length,
    staticOutputs: 0,
  };
  if (common.missing.length > 0) return common;
  const known = typesWithConstants(item, model);
  const staticOutputs = model.graph.outputs.filter((name) => isStatic(known.get(name)?.dims)).length;
  const failure = failureOf(item, model, known);
  return failure === undefined ? { ...common, staticOutputs } : { ...common, staticOutputs, failure };
}

const read = (bytes: Uint8Array): Tensor => tensorFromProto(decodeTensor(bytes));

/** Types when every vector and scalar among the inputs (axes, shapes, pads, scales, …) is a constant of the model. */
function typesWithConstants(item: ConformanceCase, { graph }: Model): ReadonlyMap<string, ValueType> {
  const initializers = new Map(graph.initializers);
  graph.inputs.forEach((name, i) => {
    const small = (graph.types.get(name)?.dims?.length ?? 2) <= 1;
    if (small && item.sets[0]?.inputs[i] && !item.name.includes('sequence'))
      initializers.set(name, read(item.sets[0].inputs[i]));
  });
  return inferTypes({ ...graph, inputs: graph.inputs.filter((name) => !initializers.has(name)), initializers }).types;
}

function failureOf(item: ConformanceCase, model: Model, known: ReadonlyMap<string, ValueType>): string | undefined {
  try {
    const { graph } = model;
    for (const set of item.sets) {
      const outputs = evaluateGraph(graph, new Map(graph.inputs.map((name, i) => [name, read(set.inputs[i]!)])));
      for (const [i, name] of graph.outputs.entries()) {
        const want = read(set.outputs[i]!);
        const wrong =
          difference(outputs.get(name)!, want) ??
          contradiction(graph.types.get(name), want) ??
          (set === item.sets[0] ? contradiction(known.get(name), want) : undefined);
        if (wrong !== undefined) return `output ${name}: ${wrong}`;
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof FindingError) return error.message;
    throw error;
  }
}

/** What shape inference says and the expected output denies. */
function contradiction(type: ValueType | undefined, want: Tensor): string | undefined {
  if (type === undefined) return 'its type is not inferred';
  const inferred = `inferred as ${type.dtype} [${type.dims?.map((dim) => dim ?? '?')}]`;
  if (type.dtype !== want.dtype) return inferred;
  if (type.dims === undefined) return undefined;
  const fits =
    type.dims.length === want.dims.length &&
    type.dims.every((dim, i) => typeof dim !== 'number' || dim === want.dims[i]);
  return fits ? undefined : inferred;
}

describe.skipIf(!hasShared)('the ONNX operator suite (needs the shared archive)', () => {
  let outcomes: readonly Outcome[] = [];
  beforeAll(() => {
    // The models of the suite “light” come without data; test/engine/graph infers their shapes.
    outcomes = conformanceCases()
      .filter(({ sets }) => sets.length > 0)
      .map(runCase);
  });

  it('passes every case whose operators are registered and that no line excludes', () => {
    const run = outcomes.filter(({ missing, excluded }) => missing.length === 0 && !excluded);
    const failures = run.filter(({ failure }) => failure !== undefined);
    const count = (list: readonly unknown[]) => String(list.length).padStart(5);
    const covered = new Set(run.flatMap((outcome) => outcome.operators));
    console.log(
      [
        `${count(outcomes)} cases, ${count(run.filter(({ failure }) => failure === undefined))} pass, ${count(failures)} fail`,
        `${count(outcomes.filter(({ excluded }) => excluded))} excluded, ${count(outcomes.filter(({ missing }) => missing.length > 0))} with operators that are not registered`,
        `${count([...covered])} operators covered of ${operators.filter(({ domain }) => domain === '').length} registered in the ONNX domain`,
        `${run.reduce((sum, { staticOutputs }) => sum + staticOutputs, 0)} of ${run.reduce((sum, { outputs }) => sum + outputs, 0)} output shapes known before running`,
      ].join('\n'),
    );
    expect(failures.map(({ name, failure }) => `${name}: ${failure}`)).toEqual([]);
    expect(run.length).toBeGreaterThan(1400);
  });

  it('knows 97 of 100 output shapes before anything runs', () => {
    const run = outcomes.filter(({ missing }) => missing.length === 0);
    const known = run.reduce((sum, { staticOutputs }) => sum + staticOutputs, 0);
    expect(known / run.reduce((sum, { outputs }) => sum + outputs, 0)).toBeGreaterThan(0.97);
  });

  it('excludes nothing that passes, and nothing that is not there', () => {
    for (const { name, reason } of exclusions) {
      const cases = outcomes.filter((outcome) => name.test(outcome.name));
      expect(cases, `${name} matches no case (${reason})`).not.toEqual([]);
      expect(
        cases.filter(({ failure, missing }) => failure === undefined && missing.length === 0).map((own) => own.name),
        `${name} excludes cases that pass`,
      ).toEqual([]);
    }
  });

  it('says of every operator of the suite that is not registered why', () => {
    const missing = new Set(outcomes.flatMap((outcome) => outcome.missing));
    expect([...missing].sort()).toEqual(notRegistered.flatMap((line) => line.operators).sort());
  });

  it('covers the registered operators that have cases in it', () => {
    const covered = new Set(outcomes.flatMap((outcome) => outcome.operators));
    const uncovered = operators
      .filter(({ domain, op }) => domain === '' && !covered.has(op) && !foreign.includes(op))
      .map(({ op }) => op);
    // No case of the suite has them; test/engine/operators holds tests of our own.
    expect(uncovered.sort()).toEqual(notInSuite);
  });
});
