import { type Kernels, KernelsCancelled, type Step, type Workspace } from '../../kernels/api.ts';
import { fail } from '../findings.ts';
import { valuesRead } from '../graph/captures.ts';
import { evaluateGraph } from '../graph/evaluate.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { attributing } from '../graph/operator-failure.ts';
import { Cancelled, type Progress, throwIfCancelled } from '../progress.ts';
import { elementCount, type Tensor } from '../tensor.ts';
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
  | { readonly kind: 'observe'; readonly value: string; readonly operand?: Operand; readonly address?: number };

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
    if (this.running || this.disposed)
      throw new Error('A program runs once at a time, and not after it was disposed of.');
    const host = new Map<string, Tensor>();
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
    const results = new Map<string, Tensor>();
    for (const value of this.outputs) results.set(value, (host.get(value) ?? this.parts.constant(value))!);
    return results;
  }

  private async runWatched(host: Map<string, Tensor>, options: RunOptions): Promise<void> {
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

  private runStep(step: BuiltStep, host: Map<string, Tensor>, options: RunOptions): void {
    const { kernels } = this.parts;
    switch (step.kind) {
      case 'kernel': {
        if (step.node) attributing(step.node, this.parts.type, () => kernels.run(step.step));
        else kernels.run(step.step);
        return;
      }
      case 'upload': {
        const source = (host.get(step.value) ?? this.parts.constant(step.value))!.data as Uint8Array;
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

  private evaluate(node: GraphNode, host: Map<string, Tensor>, options: RunOptions): void {
    const reads = [...new Set(valuesRead(node))];
    const outputs = node.outputs.filter((value) => value !== '');
    const given = new Map<string, Tensor>();
    for (const value of reads) {
      const tensor = host.get(value) ?? this.parts.constant(value);
      if (tensor) given.set(value, tensor);
    }
    const single: Graph = {
      name: node.name,
      nodes: [node],
      inputs: [...given.keys()],
      outputs,
      initializers: new Map(),
      types: new Map(),
      opsets: this.parts.graph.opsets,
    };
    const progress = options.progress ?? this.parts.progress;
    const results = evaluateGraph(single, given, progress ? { progress: { ...progress, report() {} } } : {});
    for (const value of outputs) host.set(value, results.get(value)!);
  }

  private observe(step: Extract<BuiltStep, { kind: 'observe' }>, host: Map<string, Tensor>, options: RunOptions): void {
    if (!options.observe) return;
    if (!step.operand) {
      const tensor = (host.get(step.value) ?? this.parts.constant(step.value))!;
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

  private checkedInput(value: string, tensor: Tensor | undefined): Tensor {
    if (!tensor) {
      fail('run/input-missing', `Input “${value}” of the model was not given.`, {
        fix: `Give all inputs: ${this.parts.graph.inputs.join(', ')}.`,
      });
    }
    const declared = this.parts.graph.types.get(value);
    if (declared && declared.dtype !== tensor.dtype) {
      fail('run/input-type', `Input “${value}” is ${tensor.dtype}; the model wants ${declared.dtype}.`);
    }
    const dims = this.parts.type(value)?.dims;
    if (dims && (dims.length !== tensor.dims.length || dims.some((dim, axis) => dim !== tensor.dims[axis]))) {
      fail(
        'run/input-shape',
        `Input “${value}” has shape [${tensor.dims.join(', ')}]; the program was compiled for [${dims.join(', ')}].`,
      );
    }
    return tensor;
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
