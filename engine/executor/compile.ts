import { type Address, KernelMemoryExhausted, type Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph } from '../graph/graph.ts';
import { attributing } from '../graph/operator-failure.ts';
import { findOperator } from '../operators/registry.ts';
import { interruptible, throwIfCancelled } from '../progress.ts';
import { elementCount } from '../tensor.ts';
import { aligned, lowerBound, placeIntervals } from './arena.ts';
import { Builder, type PlannedStep } from './builder.ts';
import { type ExecutionNode, fuse, unfused, unfusedNode } from './fusion.ts';
import type { Operand, StaticType } from './lowering.ts';
import { kernelMemoryExhausted, type MemoryBudget, requireLeast, requireMemory } from './memory-budget.ts';
import { elementBytes } from './operand.ts';
import { type PreparedGraph, prepare } from './prepare.ts';
import type { CompileOptions, NodeReport, Program } from './program.ts';
import { type BuiltStep, GraphProgram } from './run.ts';

/** Weights that stay in kernel memory; what is packed beyond is staged step by step. */
const defaultResidentWeights = 1 << 30;

/**
 * Makes a graph ready to run for fixed input shapes: shapes, fusion, axis orders, placement of every buffer, packed
 * weights. The graph should have been through the passes (constant folding, batch-norm folding); nothing here needs it.
 */
export async function compile(graph: Graph, options: CompileOptions): Promise<Program> {
  const reference = options.reference === true;
  const { progress } = options;
  const prepared = interruptible(progress, () => prepare(graph, options.inputDims, !reference));
  const { constant, type, opset } = prepared;
  const observed = new Set(options.observed ?? []);
  const kept = new Set([...observed, ...graph.outputs]);
  const nodes = reference
    ? unfused(prepared.graph)
    : fuse(prepared.graph, { constant, type, kept, opset: graph.opsets.get('') ?? 1 });

  const kernels =
    options.kernels ??
    (await loadKernels({
      mode: options.mode,
      threads: options.threads ?? 1,
      startThread: options.startThread,
      cancelCell: progress?.cancelCell,
    }));
  const workspace = kernels.workspace();
  const budget: MemoryBudget = {
    model: graph.name,
    limit: kernels.limitBytes,
    inUse: () => kernels.allocatedBytes,
    left: options.memoryLeft ?? (() => undefined),
  };
  try {
    if (!reference) requireLeast(prepared, budget);
    const lastUses = usesOf(nodes, graph.outputs);
    const builder = new Builder({
      workspace,
      mode: kernels.features.mode,
      nodes,
      type,
      constant,
      opset,
      whole: kept,
      lastUse: (value) => lastUses.get(value) ?? -1,
      residentWeights: options.residentWeights ?? defaultResidentWeights,
    });
    const report = prepared.folded.map(({ name, op }): NodeReport => {
      return { node: name, op, how: 'constant', kernels: [], conversions: [] };
    });
    for (const value of graph.inputs) builder.onHost(value);
    for (const value of [...graph.inputs, ...prepared.folded.flatMap((node) => node.outputs)]) {
      if (observed.has(value)) builder.observe(value);
    }
    for (const [index, execution] of nodes.entries()) {
      throwIfCancelled(progress);
      report.push(
        ...attributing(execution.node, type, () => lowerExecution(builder, index, execution, type, reference)),
      );
      for (const value of execution.outputs) if (observed.has(value)) builder.observe(value);
    }
    for (const value of graph.outputs) builder.toHost(value);
    const built = build(builder, kernels, prepared, budget);
    return new GraphProgram({
      graph: prepared.graph,
      kernels,
      ownsKernels: options.kernels === undefined,
      progress,
      workspace,
      steps: built.steps,
      peakBytes: workspace.bytes + kernels.scratchBytes,
      arenaBytes: built.arenaBytes,
      arenaBound: built.arenaBound,
      constant,
      type,
      report,
    });
  } catch (error) {
    workspace.dispose();
    if (options.kernels === undefined) kernels.dispose();
    if (error instanceof KernelMemoryExhausted) kernelMemoryExhausted(graph, error);
    throw error;
  }
}

/** Index of the last execution node that reads each value; Infinity for the graph's outputs. */
function usesOf(nodes: readonly ExecutionNode[], outputs: readonly string[]): Map<string, number> {
  const uses = new Map<string, number>();
  nodes.forEach(({ node, epilogue }, index) => {
    for (const value of valuesRead(node)) uses.set(value, index);
    if (epilogue.residual) uses.set(epilogue.residual, index);
  });
  for (const value of outputs) uses.set(value, Number.POSITIVE_INFINITY);
  return uses;
}

/** Lowers a node with what is fused into it; where its kernel declines, node by node. */
function lowerExecution(
  builder: Builder,
  index: number,
  execution: ExecutionNode,
  type: (value: string) => StaticType | undefined,
  reference: boolean,
): NodeReport[] {
  const before = builder.steps.length;
  const reason = reference ? 'reference evaluation was asked for' : lowerNode(builder, index, execution, type);
  if (reason === undefined) return describe(execution, undefined, builder, before);
  const alone = unfusedNode(execution.node);
  builder.evaluate(index, alone, valuesRead(execution.node));
  return [
    ...describe(alone, reason, builder, before),
    ...execution.absorbed.flatMap((node) => lowerExecution(builder, index, unfusedNode(node), type, reference)),
  ];
}

/** Lowers one node to kernels, or says why it runs by its reference evaluation. */
function lowerNode(
  builder: Builder,
  index: number,
  execution: ExecutionNode,
  type: (value: string) => StaticType | undefined,
): string | undefined {
  const { node, outputs } = execution;
  const operator = findOperator(node.domain, node.op, builder.context.opset(node));
  if (!operator?.lower) return 'no kernel for this operator';
  for (const value of [...node.inputs, ...outputs]) {
    if (value === '' || builder.context.constant(value)) continue;
    const known = type(value);
    if (!known) return `the shape of “${value}” is only known while running`;
    if (elementBytes(known.dtype) === undefined) return `no kernels for ${known.dtype}`;
    if (elementCount(known.dims) === 0) return `“${value}” is empty`;
  }
  return builder.lower(index, execution, (target, lowering) => operator.lower!(target, lowering));
}

function describe(
  { node, absorbed }: ExecutionNode,
  reason: string | undefined,
  builder: Builder,
  before: number,
): NodeReport[] {
  const steps = builder.steps.slice(before).filter((step) => step.kind === 'kernel');
  const own = steps.filter((step) => step.nodes.length > 0).map((step) => step.kernel);
  const main: NodeReport = {
    node: node.name,
    op: node.op,
    how: reason !== undefined ? 'reference' : own.length > 0 ? 'kernel' : 'free',
    kernels: own,
    conversions: steps.filter((step) => step.nodes.length === 0).map((step) => step.kernel),
    ...(reason !== undefined && { reason }),
  };
  const inside = { how: 'fused', into: node.name, kernels: [], conversions: [] } as const;
  return [main, ...absorbed.map((other): NodeReport => ({ node: other.name, op: other.op, ...inside }))];
}

/** Places every storage, writes the constants and builds the kernel steps with their addresses. */
function build(
  builder: Builder,
  kernels: Kernels,
  { graph, type }: PreparedGraph,
  budget: MemoryBudget,
): { steps: BuiltStep[]; arenaBytes: number; arenaBound: number } {
  const { workspace } = builder.context;
  builder.steps.forEach((step, index) => {
    for (const { storage } of [...step.reads, ...step.writes]) {
      storage.first = Math.min(storage.first, index);
      storage.last = Math.max(storage.last, index);
    }
  });
  const placed = builder.storages.filter((storage) => !storage.constant && storage.last >= 0);
  const arena = placeIntervals(placed);
  const constants = builder.constants.filter(({ storage }) => storage.last >= 0);
  requireMemory(budget, arena.bytes, sum(constants.map(({ storage }) => aligned(storage.bytes))));
  const base = arena.bytes > 0 ? workspace.alloc(arena.bytes) : 0;
  placed.forEach((storage, index) => {
    storage.address = base + arena.offsets[index]!;
  });
  for (const { storage } of constants) storage.address = workspace.alloc(storage.bytes);
  for (const { storage, data } of constants) {
    const source = data as Uint8Array;
    kernels.u8(storage.address, storage.bytes).set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  const at = (operand: Operand) => operand.storage.address + operand.offset;
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const steps = builder.steps.map((step): BuiltStep => {
    if (step.kind !== 'kernel') return place(step, at);
    const node = byName.get(step.nodes[0] ?? '');
    const make = () => step.build(workspace, at);
    const built = node ? attributing(node, type, make) : make();
    return { kind: 'kernel', nodes: step.nodes, node, kernel: step.kernel, step: built };
  });
  return { steps, arenaBytes: arena.bytes, arenaBound: lowerBound(placed) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function place(step: Exclude<PlannedStep, { kind: 'kernel' }>, at: (operand: Operand) => Address): BuiltStep {
  switch (step.kind) {
    case 'upload':
      return { kind: 'upload', value: step.value, address: at(step.writes[0]) };
    case 'download':
      return { kind: 'download', value: step.value, address: at(step.reads[0]) };
    case 'stage':
      return { kind: 'stage', bytes: step.bytes, address: at(step.writes[0]) };
    case 'evaluate':
      return { kind: 'evaluate', node: step.node };
    case 'observe': {
      const operand = step.reads[0];
      return { kind: 'observe', value: step.value, ...(operand && { operand, address: at(operand) }) };
    }
  }
}
