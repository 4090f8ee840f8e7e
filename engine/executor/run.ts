import { type Kernels, KernelsCancelled, type Step, type Workspace } from '../../kernels/api.ts';
import { fail } from '../findings.ts';
import { valuesRead } from '../graph/captures.ts';
import { checkInput, evaluateValues, onlyTensors } from '../graph/evaluate.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { Cancelled, throwIfCancelled } from '../progress.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { isTensor, type Value } from '../value.ts';
import type { Operand, StaticType } from './lowering.ts';
import { plainOrder, sameOrder } from './order.ts';
import type { NodeReport, Program, RunOptions, ValueView } from './program.ts';

/** A step with its addresses. */
export type BuiltStep =
  | { readonly kind: 'kernel'; readonly nodes: readonly string[]; readonly kernel: string; readonly step: Step }
  | { readonly kind: 'upload'; readonly value: string; readonly address: number }
  | { readonly kind: 'download'; readonly value: string; readonly address: number }
  | { readonly kind: 'stage'; readonly bytes: Uint8Array; readonly address: number }
  | { readonly kind: 'evaluate'; readonly node: GraphNode }
  | { readonly kind: 'observe'; readonly value: string; readonly operand?: Operand; readonly address?: number };

export interface ProgramParts {
  readonly graph: Graph;
  readonly kernels: Kernels;
  readonly ownsKernels: boolean;
  readonly workspace: Workspace;
  readonly steps: readonly BuiltStep[];
  readonly peakBytes: number;
  readonly arenaBytes: number;
  constant(value: string): Tensor | undefined;
  type(value: string): StaticType | undefined;
  readonly report: readonly NodeReport[];
}

/** Milliseconds after which a run with `progress` lets the event loop turn, so that a cancellation can arrive. */
const breath = 50;

export class GraphProgram implements Program {
  readonly peakBytes: number;
  readonly arenaBytes: number;
  private readonly parts: ProgramParts;
  private readonly outputs: readonly string[];
  /** For each step, host values that nothing needs afterwards. */
  private readonly releases: readonly (readonly string[])[];
  private readonly singles = new Map<GraphNode, Graph>();
  private running = false;
  private disposed = false;

  constructor(parts: ProgramParts) {
    this.parts = parts;
    this.peakBytes = parts.peakBytes;
    this.arenaBytes = parts.arenaBytes;
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
        for (let index = 0; index < steps.length; index++) {
          this.runStep(steps[index]!, host, options);
          for (const value of this.releases[index]!) host.delete(value);
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
    for (const [index, step] of steps.entries()) {
      throwIfCancelled(progress);
      const start = performance.now();
      this.runStep(step, host, options);
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
    }
    throwIfCancelled(progress);
  }

  private runStep(step: BuiltStep, host: Map<string, Value>, options: RunOptions): void {
    const { kernels } = this.parts;
    switch (step.kind) {
      case 'kernel':
        kernels.run(step.step);
        return;
      case 'upload': {
        // What has a place in kernel memory is a tensor.
        const source = ((host.get(step.value) ?? this.parts.constant(step.value)) as Tensor).data as Uint8Array;
        const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
        kernels.u8(step.address, bytes.length).set(bytes);
        return;
      }
      case 'download':
        host.set(step.value, this.download(this.parts.type(step.value)!, step.address));
        return;
      case 'stage':
        kernels.u8(step.address, step.bytes.length).set(step.bytes);
        return;
      case 'evaluate':
        this.evaluate(step.node, host, options);
        return;
      case 'observe':
        this.observe(step, host, options);
        return;
    }
  }

  private download({ dtype, dims }: StaticType, address: number): Tensor {
    return { dtype, dims, data: this.view(dtype, address, elementCount(dims)).slice() };
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
    const results = evaluateValues(
      single,
      given,
      options.progress ? { progress: { signal: options.progress.signal, report() {} } } : {},
    );
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

/** After which step each host value may be forgotten. */
function hostReleases({ steps, graph }: ProgramParts): string[][] {
  const last = new Map<string, number>();
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'evaluate') {
      for (const value of [...valuesRead(step.node), ...step.node.outputs]) last.set(value, index);
    } else if (step.kind === 'upload' || step.kind === 'download' || step.kind === 'observe')
      last.set(step.value, index);
  }
  const releases: string[][] = steps.map(() => []);
  for (const [value, index] of last) if (!graph.outputs.includes(value)) releases[index]!.push(value);
  return releases;
}
