import { type Address, KernelMemoryExhausted, type Kernels } from '../../kernels/api.ts';
import { loadKernels } from '../../kernels/loader.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { requireOperators } from '../graph/missing-operators.ts';
import { attributing } from '../graph/operator-failure.ts';
import { findOperator } from '../operators/registry.ts';
import { interruptible, throwIfCancelled } from '../progress.ts';
import { elementCount } from '../tensor.ts';
import { aligned, lowerBound, placeIntervals } from './arena.ts';
import { Builder, type PlannedStep } from './builder.ts';
import { type LowerBody, lowerControl } from './control.ts';
import { reportWhole } from './decompose.ts';
import { type ExecutionNode, fuse, unfused, unfusedNode } from './fusion.ts';
import { inIntegers } from './integers.ts';
import type { Operand, StaticType } from './lowering.ts';
import { kernelMemoryExhausted, type MemoryBudget, requireLeast, requireMemory } from './memory-budget.ts';
import { elementBytes, fitsKernels } from './operand.ts';
import { plainOrder } from './order.ts';
import { type PreparedGraph, prepare } from './prepare.ts';
import type { CompileOptions, NodeReport, Program } from './program.ts';
import { type BuiltStep, GraphProgram } from './run.ts';

/** Weights that stay in kernel memory; what is packed beyond is staged step by step. */
const defaultResidentWeights = 1 << 30;

/**
 * Makes a graph ready to run for fixed input shapes: shapes, fusion, axis orders, placement of every buffer, packed
 * weights. The graph should have been through the passes (constant folding, batch-norm folding); nothing here needs it.
 * A model with QuantizeLinear and DequantizeLinear runs in integers.
 */
export async function compile(source: Graph, options: CompileOptions): Promise<Program> {
  requireOperators(source);
  const reference = options.reference === true;
  const observed = new Set(options.observed ?? []);
  const integers = reference || options.integers === false ? undefined : inIntegers(source, observed);
  const graph = integers?.graph ?? source;
  const { progress } = options;
  const prepared = interruptible(progress, () => prepare(graph, options.inputDims, !reference));
  const { constant, type, opset } = prepared;
  const kept = new Set([...observed, ...graph.outputs]);
  const plan = planBlock(prepared, kept, reference);

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
    const uses = usesOf(plan, graph.outputs);
    const builder = new Builder({
      workspace,
      winograd: options.winograd ?? kernels.features.mode === 'relaxed',
      blocks: uses.blocks,
      type,
      constant,
      opset,
      whole: kept,
      lastUse: (value) => uses.last.get(value) ?? -1,
      residentWeights: options.residentWeights ?? defaultResidentWeights,
    });
    const report = prepared.folded.map(({ name, op }): NodeReport => {
      return { node: name, op, how: 'constant', kernels: [], conversions: [] };
    });
    for (const value of graph.inputs) {
      builder.onHost(value);
      const input = type(value);
      // What is observed is looked at many times faster where kernels see it.
      if (observed.has(value) && !reference && input?.dtype === 'float32' && fitsKernels(input))
        builder.input(value, plainOrder(input.dims.length));
    }
    for (const value of [...graph.inputs, ...prepared.folded.flatMap((node) => node.outputs)]) {
      if (observed.has(value)) builder.observe(value);
    }
    lowerBlock(plan, (execution, bodies, lowerBody) => {
      throwIfCancelled(progress);
      const index = uses.at.get(execution)!;
      const lower = () => lowerExecution(builder, index, execution, prepared.declined, reference, bodies, lowerBody);
      report.push(...attributing(execution.node, type, lower));
      for (const value of execution.outputs) if (observed.has(value)) builder.observe(value);
    });
    for (const value of graph.outputs) builder.toHost(value);
    const built = build(builder, kernels, prepared, budget);
    const whole = reportWhole(report, prepared.whole);
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
      report: integers?.report(whole) ?? whole,
    });
  } catch (error) {
    workspace.dispose();
    if (options.kernels === undefined) kernels.dispose();
    if (error instanceof KernelMemoryExhausted) kernelMemoryExhausted(graph, error);
    throw error;
  }
}

/** The nodes of a graph as they will run, and the bodies of its control flow. */
interface Block {
  readonly prepared: PreparedGraph;
  readonly nodes: readonly ExecutionNode[];
  readonly bodies: ReadonlyMap<GraphNode, readonly Block[]>;
}

function planBlock(prepared: PreparedGraph, kept: ReadonlySet<string>, reference: boolean): Block {
  const { graph, constant, type } = prepared;
  const inner = (body: PreparedGraph) => planBlock(body, new Set([...kept, ...body.graph.outputs]), reference);
  return {
    prepared,
    nodes: reference ? unfused(graph) : fuse(graph, { constant, type, kept, opset: graph.opsets.get('') ?? 1 }),
    bodies: new Map([...prepared.bodies].map(([node, bodies]) => [node, bodies.map(inner)])),
  };
}

type LowerOne = (execution: ExecutionNode, bodies: readonly PreparedGraph[], lowerBody: LowerBody) => void;

/** Calls `lower` for each node in order; it may have the bodies of control flow lowered in its turn. */
function lowerBlock(block: Block, lower: LowerOne): void {
  for (const execution of block.nodes) {
    const bodies = block.bodies.get(execution.node) ?? [];
    lower(
      execution,
      bodies.map(({ prepared }) => prepared),
      (body) => lowerBlock(bodies.find(({ prepared }) => prepared === body)!, lower),
    );
  }
}

interface Uses {
  readonly blocks: (readonly ExecutionNode[])[];
  /** Place of each node in the order in which all are lowered. */
  readonly at: ReadonlyMap<ExecutionNode, number>;
  /** Place of the last node that reads a value; Infinity for the graph's outputs. */
  readonly last: ReadonlyMap<string, number>;
}

function usesOf(plan: Block, outputs: readonly string[]): Uses {
  const blocks: (readonly ExecutionNode[])[] = [];
  const at = new Map<ExecutionNode, number>();
  const last = new Map<string, number>();
  let place = 0;
  const count = ({ nodes, bodies, prepared }: Block): void => {
    blocks.push(nodes);
    for (const execution of nodes) {
      const { node, epilogue } = execution;
      at.set(execution, place);
      for (const value of valuesRead(node)) last.set(value, place);
      if (epilogue.residual) last.set(epilogue.residual, place);
      place++;
      for (const body of bodies.get(node) ?? []) count(body);
      // A later turn of a loop reads again what lies outside of it.
      if (bodies.has(node)) for (const value of valuesRead(node)) last.set(value, place);
      place++;
    }
    for (const value of prepared.graph.outputs) last.set(value, place);
    place++;
  };
  count(plan);
  for (const value of outputs) last.set(value, Number.POSITIVE_INFINITY);
  return { blocks, at, last };
}

/** Lowers a node with what is fused into it; where its kernel declines, node by node. */
function lowerExecution(
  builder: Builder,
  index: number,
  execution: ExecutionNode,
  declined: ReadonlyMap<string, string>,
  reference: boolean,
  bodies: readonly PreparedGraph[],
  lowerBody: LowerBody,
): NodeReport[] {
  const before = builder.steps.length;
  let reason: string | undefined;
  if (reference) reason = 'reference evaluation was asked for';
  else if (bodies.length > 0) {
    const { node } = execution;
    reason = lowerControl(builder, node, bodies, lowerBody);
    if (reason === undefined) return [{ node: node.name, op: node.op, how: 'control', kernels: [], conversions: [] }];
  } else reason = lowerNode(builder, index, execution, declined);
  if (reason === undefined) return describe(execution, undefined, builder, before);
  const [first, ...others] = execution.composed ?? [execution.node, ...execution.absorbed];
  if (execution.composed) {
    return [first!, ...others].flatMap((node) =>
      lowerExecution(builder, index, unfusedNode(node), declined, reference, [], lowerBody),
    );
  }
  const alone = unfusedNode(first!);
  builder.evaluate(index, alone, valuesRead(first!));
  return [
    ...describe(alone, reason, builder, before),
    ...others.flatMap((node) => lowerExecution(builder, index, unfusedNode(node), declined, reference, [], lowerBody)),
  ];
}

/** Lowers one node to kernels, or says why it runs by its reference evaluation. */
function lowerNode(
  builder: Builder,
  index: number,
  execution: ExecutionNode,
  declined: ReadonlyMap<string, string>,
): string | undefined {
  const { node, outputs } = execution;
  const { context } = builder;
  const operator = findOperator(node.domain, node.op, execution.opset ?? context.opset(node));
  if (!operator?.lower) return declined.get(node.name) ?? 'no kernel for this operator';
  for (const value of [...node.inputs, ...outputs]) {
    if (value === '' || context.constant(value)) continue;
    const known = context.type(value);
    if (!known) return `the shape of “${value}” is only known while running`;
    const isIndex = operator.givesIndices && known.dtype === 'int64' && outputs.includes(value);
    if (elementBytes(known.dtype) === undefined && !isIndex) return `no kernels for ${known.dtype}`;
    if (elementCount(known.dims) === 0) return `“${value}” is empty`;
  }
  return builder.lower(index, execution, (target, lowering) => operator.lower!(target, lowering));
}

function describe(
  { node, absorbed, composed }: ExecutionNode,
  reason: string | undefined,
  builder: Builder,
  before: number,
): NodeReport[] {
  const steps = builder.steps.slice(before).filter((step) => step.kind === 'kernel');
  const own = steps.filter((step) => step.nodes.length > 0).map((step) => step.kernel);
  const slow = isHandful(node, builder) ? 'host' : 'reference';
  const main: NodeReport = {
    node: node.name,
    op: node.op,
    how: reason !== undefined ? slow : own.length > 0 ? 'kernel' : 'free',
    kernels: own,
    conversions: steps.filter((step) => step.nodes.length === 0).map((step) => step.kernel),
    ...(reason !== undefined && { reason }),
    ...(reason === undefined && readsCodes(node, builder.context.type) && { integer: true as const }),
  };
  const inside = { how: 'fused', into: node.name, kernels: [], conversions: [] } as const;
  const others = [...(composed ?? []).slice(0, -1), ...absorbed];
  return [main, ...others.map((other): NodeReport => ({ node: other.name, op: other.op, ...inside }))];
}

/** Numbers that are computed as fast on the host as a kernel would be started. */
const handful = 64;

function isHandful(node: GraphNode, { context }: Builder): boolean {
  return [...node.inputs, ...node.outputs].every((value) => {
    const type = value === '' ? undefined : context.type(value);
    return value === '' || (type !== undefined && elementCount(type.dims) <= handful);
  });
}

/** Whether a node computes on 8-bit codes. */
function readsCodes(node: GraphNode, type: (value: string) => StaticType | undefined): boolean {
  const dtype = type(node.inputs[0] ?? '')?.dtype;
  return (dtype === 'int8' || dtype === 'uint8') && node.op !== 'DequantizeLinear';
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
  // What a loop finds when it begins must be there in every turn. Inner loops come first.
  for (const loop of [...builder.loops].reverse()) {
    for (const storage of builder.storages) {
      if (storage.first <= loop.first && storage.last >= loop.first) storage.last = Math.max(storage.last, loop.last);
    }
  }
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
    case 'jump':
      return { kind: 'jump', to: step.to.step, ...(step.unless !== undefined && { unless: step.unless }) };
    case 'turn':
      return { ...step, to: step.to.step };
    case 'next':
      return { ...step, to: step.to.step };
    case 'move': {
      const { loop, bytes, readStep, writeStep } = step;
      return { kind: 'move', loop, bytes, from: at(step.reads[0]), to: at(step.writes[0]), readStep, writeStep };
    }
    default:
      return step;
  }
}
