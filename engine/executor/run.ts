import { type Kernels, KernelsCancelled, type Step, type Workspace } from '../../kernels/api.ts';
import { fail } from '../findings.ts';
import { valuesRead } from '../graph/captures.ts';
import { checkInput, evaluateValues, onlyTensors } from '../graph/evaluate.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { attributing } from '../graph/operator-failure.ts';
import { iterationLimit, stacked } from '../operators/control/loop.ts';
import { describe } from '../operators/shared/attributes.ts';
import { scalarOf } from '../operators/shared/numbers.ts';
import { Cancelled, type Progress, throwIfCancelled } from '../progress.ts';
import { elementCount, int64Tensor, type Tensor } from '../tensor.ts';
import { isTensor, type Value } from '../value.ts';
import type { ControlStep, LoopPlan } from './control.ts';
import type { Operand, StaticType } from './lowering.ts';
import { plainOrder, sameOrder } from './order.ts';
import type { NodeReport, Program, RunOptions, ValueView } from './program.ts';

/** A step with its addresses. */
export type BuiltStep =
  | {
      readonly kind: 'kernel';
      readonly nodes: readonly string[];
      /** The first of `nodes`, for what is said when it fails. */
      readonly node: GraphNode | undefined;
      readonly kernel: string;
      readonly step: Step;
    }
  | { readonly kind: 'upload'; readonly value: string; readonly address: number }
  | { readonly kind: 'download'; readonly value: string; readonly address: number }
  | { readonly kind: 'stage'; readonly bytes: Uint8Array; readonly address: number }
  | { readonly kind: 'evaluate'; readonly node: GraphNode }
  | { readonly kind: 'observe'; readonly value: string; readonly operand?: Operand; readonly address?: number }
  | { readonly kind: 'jump'; readonly to: number; readonly unless?: string }
  | (Omit<Extract<ControlStep, { kind: 'turn' }>, 'to'> & { readonly to: number })
  | (Omit<Extract<ControlStep, { kind: 'next' }>, 'to'> & { readonly to: number })
  | Extract<ControlStep, { kind: 'assign' | 'loop' | 'end' | 'collect' | 'stack' }>
  | {
      readonly kind: 'move';
      readonly loop: LoopPlan;
      readonly bytes: number;
      readonly from: number;
      readonly to: number;
      readonly readStep: number;
      readonly writeStep: number;
    };

/** A loop under way. */
interface LoopState {
  turn: number;
  readonly lists: Tensor[][];
}

export interface ProgramParts {
  readonly graph: Graph;
  readonly kernels: Kernels;
  readonly ownsKernels: boolean;
  readonly progress: Progress | undefined;
  readonly workspace: Workspace;
  readonly steps: readonly BuiltStep[];
  readonly peakBytes: number;
  readonly arenaBytes: number;
  readonly arenaBound: number;
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
  readonly report: readonly NodeReport[];
}

/** Milliseconds after which a run with `progress` lets the event loop turn, so that a cancellation can arrive. */
const breath = 50;

export class GraphProgram implements Program {
  readonly peakBytes: number;
  readonly arenaBytes: number;
  readonly arenaBound: number;
  private readonly parts: ProgramParts;
  private readonly outputs: readonly string[];
  /** For each step, host values that nothing needs afterwards. */
  private readonly releases: readonly (readonly string[])[];
  private readonly loops: LoopState[] = [];
  private readonly singles = new Map<GraphNode, Graph>();
  private running = false;
  private disposed = false;

  constructor(parts: ProgramParts) {
    this.parts = parts;
    this.peakBytes = parts.peakBytes;
    this.arenaBytes = parts.arenaBytes;
    this.arenaBound = parts.arenaBound;
    this.outputs = parts.graph.outputs;
    this.releases = hostReleases(parts);
  }

  report(): readonly NodeReport[] {
    return this.parts.report;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.parts.workspace.dispose();
    if (this.parts.ownsKernels) this.parts.kernels.dispose();
  }

  async run(inputs: ReadonlyMap<string, Tensor>, options: RunOptions = {}): Promise<ReadonlyMap<string, Tensor>> {
    return onlyTensors(await this.runValues(inputs, options));
  }

  async runValues(inputs: ReadonlyMap<string, Value>, options: RunOptions = {}): Promise<ReadonlyMap<string, Value>> {
    if (this.running || this.disposed)
      throw new Error('A program runs once at a time, and not after it was disposed of.');
    const host = new Map<string, Value>();
    for (const value of this.parts.graph.inputs) host.set(value, this.checkedInput(value, inputs.get(value)));
    this.running = true;
    try {
      if (options.progress || options.onStep) await this.runWatched(host, options);
      else {
        const { steps } = this.parts;
        for (let index = 0; index < steps.length; ) {
          const next = this.runStep(steps[index]!, host, options);
          for (const value of this.releases[index]!) host.delete(value);
          index = next ?? index + 1;
        }
      }
    } catch (error) {
      throw error instanceof KernelsCancelled ? new Cancelled() : error;
    } finally {
      this.running = false;
    }
    const results = new Map<string, Value>();
    for (const value of this.outputs) results.set(value, (host.get(value) ?? this.parts.constant(value))!);
    return results;
  }

  private async runWatched(host: Map<string, Value>, options: RunOptions): Promise<void> {
    const { steps } = this.parts;
    const { progress } = options;
    let rested = performance.now();
    for (let index = 0; index < steps.length; ) {
      const step = steps[index]!;
      throwIfCancelled(progress);
      const start = performance.now();
      const next = this.runStep(step, host, options);
      for (const value of this.releases[index]!) host.delete(value);
      const end = performance.now();
      if (step.kind === 'kernel')
        options.onStep?.({ nodes: step.nodes, kernel: step.kernel, milliseconds: end - start });
      else if (step.kind === 'evaluate') {
        options.onStep?.({ nodes: [step.node.name], kernel: 'evaluate', milliseconds: end - start });
      } else options.onStep?.({ nodes: [], kernel: step.kind, milliseconds: end - start });
      progress?.report('run', index + 1, steps.length);
      if (progress && end - rested > breath) {
        await new Promise<void>((resolve) => {
          setTimeout(resolve);
        });
        rested = performance.now();
      }
      index = next ?? index + 1;
    }
    throwIfCancelled(progress);
  }

  /** Index of the step that comes next, if it is not the one behind. */
  private runStep(step: BuiltStep, host: Map<string, Value>, options: RunOptions): number | undefined {
    const { kernels } = this.parts;
    switch (step.kind) {
      case 'kernel': {
        if (step.node) attributing(step.node, this.parts.type, () => kernels.run(step.step));
        else kernels.run(step.step);
        return undefined;
      }
      case 'upload': {
        // What has a place in kernel memory is a tensor.
        const source = ((host.get(step.value) ?? this.parts.constant(step.value)) as Tensor).data as Uint8Array;
        const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
        kernels.u8(step.address, bytes.length).set(bytes);
        return undefined;
      }
      case 'download':
        host.set(step.value, this.download(this.parts.type(step.value)!, step.address));
        return undefined;
      case 'stage':
        kernels.u8(step.address, step.bytes.length).set(step.bytes);
        return undefined;
      case 'evaluate':
        this.evaluate(step.node, host, options);
        return undefined;
      case 'observe':
        this.observe(step, host, options);
        return undefined;
      default:
        return this.runControl(step, host);
    }
  }

  private runControl(step: ControlBuiltStep, host: Map<string, Value>): number | undefined {
    // Control flow that sequences pass through is not compiled.
    const value = (name: string) => (host.get(name) ?? this.parts.constant(name)) as Tensor;
    switch (step.kind) {
      case 'jump':
        return step.unless === undefined || scalarOf(value(step.unless)) === 0 ? step.to : undefined;
      case 'assign':
        host.set(step.to, value(step.from));
        return undefined;
      case 'move': {
        const { turn } = this.loops[step.loop.id]!;
        const from = step.from + turn * step.readStep;
        new Uint8Array(this.parts.kernels.memory.buffer).copyWithin(
          step.to + turn * step.writeStep,
          from,
          from + step.bytes,
        );
        return undefined;
      }
      case 'loop':
        this.loops[step.loop.id] = { turn: 0, lists: step.loop.node.outputs.map(() => []) };
        return undefined;
      case 'turn': {
        const { turn } = this.loops[step.loop.id]!;
        const { limit, condition, iteration, loop } = step;
        const most = typeof limit === 'string' ? scalarOf(value(limit)) : (limit ?? Number.POSITIVE_INFINITY);
        if (turn >= most || (condition && scalarOf(value(condition)) === 0)) return step.to;
        if (turn >= iterationLimit) fail('run/endless', `${describe(loop.node)} was stopped after ${turn} iterations.`);
        if (iteration) host.set(iteration, int64Tensor([], [turn]));
        return undefined;
      }
      case 'next':
        this.loops[step.loop.id]!.turn++;
        return step.to;
      case 'end':
        return undefined;
      case 'collect':
        this.loops[step.loop.id]!.lists[step.index]!.push(value(step.value));
        return undefined;
      case 'stack':
        host.set(step.value, stacked(this.loops[step.loop.id]!.lists[step.index]!, step.declared));
        return undefined;
    }
  }

  private download({ dtype, dims }: StaticType, address: number): Tensor {
    const count = elementCount(dims);
    if (dtype === 'int64') {
      // Memory is aligned to 64 bytes, of which a buffer of its own needs 8.
      const bytes = this.parts.kernels.u8(address, 8 * count).slice();
      return { dtype, dims, data: new BigInt64Array(bytes.buffer) };
    }
    return { dtype, dims, data: this.view(dtype, address, count).slice() };
  }

  private view(dtype: StaticType['dtype'], address: number, count: number): ValueView['data'] {
    const { kernels } = this.parts;
    switch (dtype) {
      case 'float32':
        return kernels.f32(address, count);
      case 'int32':
        return kernels.i32(address, count);
      case 'int8':
        return kernels.s8(address, count);
      default:
        return kernels.u8(address, count);
    }
  }

  private evaluate(node: GraphNode, host: Map<string, Value>, options: RunOptions): void {
    const single = this.graphOf(node, host);
    const given = new Map<string, Value>();
    for (const value of single.inputs) given.set(value, (host.get(value) ?? this.parts.constant(value))!);
    const progress = options.progress ?? this.parts.progress;
    const results = evaluateValues(single, given, progress ? { progress: { ...progress, report() {} } } : {});
    for (const value of single.outputs) host.set(value, results.get(value)!);
  }

  /** The node as a graph of its own; made when it is first evaluated, since what is on the host then is there in every run. */
  private graphOf(node: GraphNode, host: ReadonlyMap<string, Value>): Graph {
    const known = this.singles.get(node);
    if (known !== undefined) return known;
    const single: Graph = {
      name: node.name,
      nodes: [node],
      // What the bodies of a node define themselves is read, too, but comes from nowhere.
      inputs: [...new Set(valuesRead(node))].filter((value) => host.has(value) || this.parts.constant(value)),
      outputs: node.outputs.filter((value) => value !== ''),
      initializers: new Map(),
      types: new Map(),
      opsets: this.parts.graph.opsets,
    };
    this.singles.set(node, single);
    return single;
  }

  private observe(step: Extract<BuiltStep, { kind: 'observe' }>, host: Map<string, Value>, options: RunOptions): void {
    if (!options.observe) return;
    if (!step.operand) {
      const tensor = (host.get(step.value) ?? this.parts.constant(step.value))!;
      if (!isTensor(tensor)) return;
      const { data } = tensor;
      if (
        data instanceof Float32Array ||
        data instanceof Int32Array ||
        data instanceof Uint8Array ||
        data instanceof Int8Array
      ) {
        options.observe(step.value, { data, dims: tensor.dims, layout: 'plain' });
      }
      return;
    }
    const { dtype, dims, order } = step.operand;
    options.observe(step.value, {
      data: this.view(dtype, step.address!, elementCount(dims)),
      dims,
      layout: sameOrder(dims, order, plainOrder(dims.length)) ? 'plain' : 'channels-last',
      memory: { kernels: this.parts.kernels, address: step.address! },
    });
  }

  private checkedInput(value: string, given: Value | undefined): Value {
    if (!given) {
      fail('run/input-missing', `Input “${value}” of the model was not given.`, {
        fix: `Give all inputs: ${this.parts.graph.inputs.join(', ')}.`,
      });
    }
    const dims = this.parts.type(value)?.dims;
    if (
      dims &&
      isTensor(given) &&
      (dims.length !== given.dims.length || dims.some((dim, i) => dim !== given.dims[i]))
    ) {
      fail(
        'run/input-shape',
        `Input “${value}” has shape [${given.dims.join(', ')}]; the program was compiled for [${dims.join(', ')}].`,
      );
    }
    checkInput(this.parts.graph, value, given);
    return given;
  }
}

type ControlBuiltStep = Extract<
  BuiltStep,
  { kind: 'jump' | 'assign' | 'move' | 'loop' | 'turn' | 'next' | 'end' | 'collect' | 'stack' }
>;

/** After which step each host value may be forgotten. */
function hostReleases({ steps, graph }: ProgramParts): string[][] {
  const first = new Map<string, number>(graph.inputs.map((value) => [value, -1]));
  const last = new Map<string, number>();
  for (const [index, step] of steps.entries()) {
    for (const value of hostValues(step)) {
      if (!first.has(value)) first.set(value, index);
      last.set(value, index);
    }
    // What was there before a loop is needed in its every turn.
    if (step.kind === 'end') {
      for (const [value, at] of last)
        if (at >= step.loop.first && first.get(value)! <= step.loop.first) last.set(value, index);
    }
  }
  const releases: string[][] = steps.map(() => []);
  for (const [value, index] of last) if (!graph.outputs.includes(value)) releases[index]!.push(value);
  return releases;
}

/** Host values that a step reads or makes. */
function hostValues(step: BuiltStep): readonly string[] {
  switch (step.kind) {
    case 'evaluate':
      return [...valuesRead(step.node), ...step.node.outputs];
    case 'upload':
    case 'download':
    case 'observe':
    case 'collect':
    case 'stack':
      return [step.value];
    case 'assign':
      return [step.from, step.to];
    case 'jump':
      return step.unless === undefined ? [] : [step.unless];
    case 'turn':
      return [step.limit, step.condition, step.iteration].filter((value) => typeof value === 'string');
    default:
      return [];
  }
}
