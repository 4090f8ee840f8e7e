import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../engine/executor/compile.ts';
import type { NodeReport } from '../../engine/executor/program.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { inferTypes } from '../../engine/graph/infer.ts';
import { decodeModel, decodeTensor } from '../../engine/onnx/codec.ts';
import { tensorFromProto } from '../../engine/onnx/tensor-proto.ts';
import { findOperator } from '../../engine/operators/registry.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { hasShared } from '../shared.ts';
import { type ConformanceCase, conformanceCases } from './archive.ts';
import { difference } from './compare.ts';
import { exclusions } from './exclusions.ts';

const read = (bytes: Uint8Array): Tensor => tensorFromProto(decodeTensor(bytes));

interface Outcome {
  readonly name: string;
  readonly failures: readonly string[];
  readonly report: readonly NodeReport[];
}

/** The graph with all inputs but the first as constants, as weights, axes and shapes are in real models. */
function withConstants(graph: Graph, inputs: readonly Tensor[]): Graph {
  const initializers = new Map(graph.initializers);
  graph.inputs.forEach((name, index) => {
    if (index > 0) initializers.set(name, inputs[index]!);
  });
  const fixed = { ...graph, initializers, inputs: graph.inputs.slice(0, 1) };
  return { ...fixed, types: inferTypes(fixed).types };
}

/** Every operator is there, and nothing goes in or out but tensors. */
function isRunnable(graph: Graph): boolean {
  return (
    [...graph.inputs, ...graph.outputs].every((name) => graph.types.has(name)) &&
    graph.nodes.every((node) => findOperator(node.domain, node.op, graph.opsets.get(node.domain) ?? 1)?.evaluate)
  );
}

async function runCase(item: ConformanceCase, kernels: Kernels): Promise<Outcome | undefined> {
  const { graph } = graphFromProto(decodeModel(item.model));
  const [set] = item.sets;
  if (!set || !isRunnable(graph) || exclusions.some(({ name }) => name.test(item.name))) return undefined;
  const inputs = set.inputs.map(read);
  const expected = set.outputs.map(read);
  const failures: string[] = [];
  const report: NodeReport[] = [];
  const variants = graph.inputs.length > 1 ? [graph, withConstants(graph, inputs)] : [graph];
  for (const [variant, own] of variants.entries()) {
    const dims = new Map(own.inputs.map((name, index) => [name, inputs[index]!.dims]));
    const program = await compile(own, { mode: 'strict', kernels, inputDims: dims });
    const outputs = await program.run(new Map(own.inputs.map((name, index) => [name, inputs[index]!])));
    report.push(...program.report());
    program.dispose();
    own.outputs.forEach((name, index) => {
      const wrong = difference(outputs.get(name)!, expected[index]!);
      if (wrong) failures.push(`${item.name}${variant === 1 ? ' with constants' : ''}: ${wrong}`);
    });
  }
  return { name: item.name, failures, report };
}

describe.skipIf(!hasShared)('the ONNX operator suite on kernels (needs the shared archive)', () => {
  let kernels: Kernels;
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    kernels = await loadKernels({ mode: 'strict' });
    for (const item of conformanceCases()) {
      const outcome = await runCase(item, kernels);
      if (outcome) outcomes.push(outcome);
    }
  }, 120_000);
  afterAll(() => kernels.dispose());

  it('gives the expected outputs, with weights and shapes as inputs and as constants', () => {
    expect(outcomes.flatMap(({ failures }) => failures)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(1400);
  });

  it('runs a good part of it on kernels, and says of every other node why not', () => {
    const nodes = outcomes.flatMap(({ report }) => report);
    const onKernels = new Set(nodes.filter(({ how }) => how === 'kernel' || how === 'free').map(({ op }) => op));
    expect(onKernels.size).toBeGreaterThan(60);
    expect(nodes.filter(({ how, reason }) => how === 'reference' && !reason)).toEqual([]);
  });
});
