import type { Address, Workspace } from '../../kernels/api.ts';
import type { GraphNode } from '../graph/graph.ts';
import { elementCount, type Tensor, type TensorData } from '../tensor.ts';
import type { ControlStep, LoopPlan } from './control.ts';
import { convert } from './conversion.ts';
import type { ExecutionNode } from './fusion.ts';
import type {
  ConcatPart,
  EmittedStep,
  InputOptions,
  Lower,
  Lowering,
  Operand,
  OutputOptions,
  Packed,
  StaticType,
  Storage,
} from './lowering.ts';
import { bytesOf, elementBytes, isDense, pitchOf } from './operand.ts';
import { channelsLastOrder, logicalStrides, type Order, plainOrder, reorder, sameOrder } from './order.ts';

/** Everything a program does, in order, before addresses are known. */
export type PlannedStep =
  | ({ readonly kind: 'kernel'; readonly nodes: readonly string[] } & EmittedStep)
  /** A host tensor into plain memory. */
  | {
      readonly kind: 'upload';
      readonly value: string;
      readonly writes: readonly [Operand];
      readonly reads: readonly [];
    }
  /** Plain memory into a host tensor. */
  | {
      readonly kind: 'download';
      readonly value: string;
      readonly reads: readonly [Operand];
      readonly writes: readonly [];
    }
  | { readonly kind: 'evaluate'; readonly node: GraphNode; readonly reads: readonly []; readonly writes: readonly [] }
  | {
      readonly kind: 'observe';
      readonly value: string;
      readonly reads: readonly Operand[];
      readonly writes: readonly [];
    }
  /** Packed weights that are kept outside kernel memory, brought to where the next step reads them. */
  | {
      readonly kind: 'stage';
      readonly bytes: Uint8Array;
      readonly writes: readonly [Operand];
      readonly reads: readonly [];
    }
  | ControlStep;

export interface BuilderContext {
  readonly workspace: Workspace;
  readonly winograd: boolean;
  /** The graph's nodes, and those of each body of its control flow. */
  readonly blocks: readonly (readonly ExecutionNode[])[];
  type(value: string): StaticType | undefined;
  constant(value: string): Tensor | undefined;
  /** Index of the last execution node that reads the value; Infinity for graph outputs. */
  lastUse(value: string): number;
  /** Values whose buffers must be whole (graph outputs and observed values): no slices of a concat. */
  readonly whole: ReadonlySet<string>;
  /** Packed weights beyond this many bytes are staged. */
  readonly residentWeights: number;
  opset(node: GraphNode): number;
}

/** Where a value is: on the host, in kernel memory in one or more orders, or both. */
interface Residence {
  readonly operands: Operand[];
  host: boolean;
}

/** A concat whose inputs are written into its output's buffer by their producers. */
interface Joint {
  readonly output: string;
  readonly dims: readonly number[];
  storage: Storage | undefined;
  /** First channel of each claimed input. */
  readonly start: ReadonlyMap<string, number>;
}

/** Collects the steps of a program and keeps account of where every value lies. */
export class Builder {
  readonly steps: PlannedStep[] = [];
  readonly storages: Storage[] = [];
  /** Constants to be written when addresses are known. */
  readonly constants: { readonly storage: Storage; readonly data: TensorData }[] = [];
  readonly context: BuilderContext;
  readonly loops: LoopPlan[] = [];
  packedBytes = 0;
  private residences = new Map<string, Residence>();
  private readonly joints = new Map<string, Joint>();
  private readonly claims = new Map<string, Joint>();
  /** Index of the execution node being lowered. */
  private at = -1;

  constructor(context: BuilderContext) {
    this.context = context;
    for (const nodes of context.blocks) {
      const made = new Set(nodes.flatMap(({ outputs }) => outputs));
      for (const node of nodes) this.claimSlices(node, made);
    }
  }

  /** A value that the host holds: a graph input, or the output of a reference evaluation. */
  onHost(value: string): void {
    this.residence(value).host = true;
  }

  /** Lowers one node; the reason if its operator declined. */
  lower(index: number, execution: ExecutionNode, lower: Lower): string | undefined {
    this.at = index;
    return lower(execution.node, new NodeLowering(this, execution));
  }

  /** Runs a node by its reference evaluation. */
  evaluate(index: number, { node, outputs }: ExecutionNode, reads: readonly string[]): void {
    this.at = index;
    for (const value of reads) this.toHost(value);
    this.steps.push({ kind: 'evaluate', node, reads: [], writes: [] });
    for (const value of outputs) if (value !== '') this.onHost(value);
  }

  /** Runs `work` and forgets then where it put values: what follows may be reached on another way. */
  scoped<T>(work: () => T): T {
    const before = new Map(
      [...this.residences].map(([value, own]) => [value, { ...own, operands: [...own.operands] }]),
    );
    const result = work();
    for (const [value, { operands }] of this.residences) {
      const constants = operands.filter(({ storage }) => storage.constant);
      if (constants.length > 0) before.set(value, { operands: constants, host: false });
    }
    this.residences = before;
    return result;
  }

  /** Whether the value lies in kernel memory or is a constant; otherwise it is on the host alone. */
  isInMemory(value: string): boolean {
    return this.context.constant(value) !== undefined || (this.residences.get(value)?.operands.length ?? 0) > 0;
  }

  /** Memory for the value, in plain order unless another is given; says nothing of when it is there. */
  room(value: string, order?: Order): Operand {
    const { dtype, dims } = this.type(value);
    return this.denseOperand(this.storage(bytesOf(dtype, dims), value), dtype, dims, order ?? plainOrder(dims.length));
  }

  loop(node: GraphNode): LoopPlan {
    const loop = { node, id: this.loops.length, first: -1, last: -1 };
    this.loops.push(loop);
    return loop;
  }

  /** Says that the value lies there. */
  reside(value: string, operand: Operand): void {
    operand.storage.values.add(value);
    this.residence(value).operands.push(operand);
  }

  /** Makes sure the value exists as a host tensor. */
  toHost(value: string): void {
    if (this.context.constant(value)) return;
    const residence = this.residence(value);
    if (residence.host) return;
    const operand = this.input(value, plainOrder(this.type(value).dims.length));
    this.steps.push({ kind: 'download', value, reads: [operand], writes: [] });
    residence.host = true;
  }

  /** Shows the value to the observer: in memory if it is there (plain or channels-last), else on the host. */
  observe(value: string): void {
    const operands = this.residence(value).operands;
    if (operands.length === 0) {
      this.steps.push({ kind: 'observe', value, reads: [], writes: [] });
      return;
    }
    const { dims } = this.type(value);
    const rank = dims.length;
    const found = operands.find(
      (operand) =>
        isDense(operand) &&
        (sameOrder(dims, operand.order, plainOrder(rank)) || sameOrder(dims, operand.order, channelsLastOrder(rank))),
    );
    this.steps.push({ kind: 'observe', value, reads: [found ?? this.input(value, plainOrder(rank))], writes: [] });
  }

  type(value: string): StaticType {
    const type = this.context.type(value);
    if (!type) throw new Error(`The shape of value “${value}” is not static.`);
    return type;
  }

  order(value: string): Order {
    const residence = this.residences.get(value);
    return residence?.operands[0]?.order ?? plainOrder(this.type(value).dims.length);
  }

  input(value: string, wanted?: Order, options: InputOptions = {}): Operand {
    const { dtype, dims } = this.type(value);
    const residence = this.residence(value);
    const order = wanted ?? this.order(value);
    const fits = (operand: Operand) =>
      sameOrder(dims, operand.order, order) &&
      (isDense(operand) || (options.pitched === true && pitchOf({ ...operand, order }) !== undefined));
    const found = residence.operands.find(fits);
    if (found) return isDense(found) ? { ...found, order, strides: logicalStrides(dims, order) } : { ...found, order };
    const constant = this.context.constant(value);
    if (constant) return this.constantOperand(value, constant, order);
    let home = residence.operands[0];
    if (!home) {
      if (!residence.host) throw new Error(`Value “${value}” is read before it is computed.`);
      home = this.denseOperand(this.storage(bytesOf(dtype, dims), value), dtype, dims, plainOrder(dims.length));
      this.steps.push({ kind: 'upload', value, writes: [home], reads: [] });
      residence.operands.push(home);
      if (fits(home)) return { ...home, order, strides: logicalStrides(dims, order) };
    }
    const target = this.denseOperand(this.storage(bytesOf(dtype, dims), value), dtype, dims, order);
    this.steps.push({ kind: 'kernel', nodes: [], ...convert(home, target) });
    residence.operands.push(target);
    return target;
  }

  output(value: string, order: Order, options: OutputOptions): Operand {
    const { dtype, dims } = this.type(value);
    const residence = this.residence(value);
    const joint = this.claims.get(value);
    if (options.pitched && joint && order[order.length - 1] === 1) {
      const slice = this.sliceOf(joint, value, order);
      residence.operands.push(slice);
      return slice;
    }
    const bytes = bytesOf(dtype, dims);
    const over = options.overwrite?.find(
      (operand) =>
        operand.storage.bytes === bytes && operand.offset === 0 && isDense(operand) && this.dies(operand.storage),
    );
    if (over) over.storage.values.add(value);
    const operand = this.denseOperand(over?.storage ?? this.storage(bytes, value), dtype, dims, order);
    residence.operands.push(operand);
    return operand;
  }

  alias(
    value: string,
    of: Operand,
    order: Order,
    view?: { readonly offset: number; readonly strides: readonly number[] },
  ): void {
    const { dtype, dims } = this.type(value);
    of.storage.values.add(value);
    this.residence(value).operands.push({
      storage: of.storage,
      offset: of.offset + (view?.offset ?? 0),
      dtype,
      dims,
      order,
      strides: view?.strides ?? logicalStrides(dims, order),
    });
  }

  concat(output: string, parts: readonly string[], order: Order, axis: number): ConcatPart[] {
    const { dtype, dims } = this.type(output);
    const joint = this.joints.get(output);
    const joined = joint?.storage !== undefined && axis === 1 && order[order.length - 1] === 1;
    const storage = joined ? joint.storage! : this.storage(bytesOf(dtype, dims), output);
    storage.values.add(output);
    const whole = this.denseOperand(storage, dtype, dims, order);
    let start = 0;
    const result = parts.map((value) => {
      const partDims = this.type(value).dims;
      const inPlace = joined && this.residence(value).operands.some((operand) => operand.storage === storage);
      const target = inPlace
        ? undefined
        : { ...whole, dims: partDims, offset: start * whole.strides[axis]! * elementBytes(dtype)! };
      start += partDims[axis]!;
      return { value, target };
    });
    this.residence(output).operands.push(whole);
    return result;
  }

  scratch(bytes: number): Operand {
    return this.denseOperand(this.storage(bytes), 'uint8', [bytes], [0]);
  }

  data(values: TensorData, dims: readonly number[] = [values.length]): Operand {
    const dtype = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'uint8';
    const storage = this.storage((values as Uint8Array).byteLength, undefined, true);
    this.constants.push({ storage, data: values });
    return this.denseOperand(storage, dtype, dims, plainOrder(dims.length));
  }

  pack<T extends { readonly address: Address; readonly bytes: number }>(make: (workspace: Workspace) => T): Packed<T> {
    const { workspace } = this.context;
    const value = make(workspace);
    this.packedBytes += value.bytes;
    if (this.packedBytes <= this.context.residentWeights) return { value, staged: undefined, get: () => value };
    const bytes = workspace.kernels.u8(value.address, value.bytes).slice();
    workspace.free(value.address);
    this.packedBytes -= value.bytes;
    const slot = this.scratch(value.bytes);
    this.steps.push({ kind: 'stage', bytes, writes: [slot], reads: [] });
    return { value, staged: slot, get: () => ({ ...value, address: slot.storage.address }) };
  }

  emit(step: EmittedStep, nodes: readonly string[]): void {
    this.steps.push({ kind: 'kernel', nodes, ...step });
  }

  /** Memory for a value that goes to the host as it is, and the step that brings it there. */
  hostRoom(value: string, bytes: number): { readonly target: Operand; fetch(): void } {
    const { dims } = this.type(value);
    const target = this.scratch(bytes * elementCount(dims));
    return {
      target,
      fetch: () => {
        this.steps.push({ kind: 'download', value, reads: [target], writes: [] });
        this.onHost(value);
      },
    };
  }

  private residence(value: string): Residence {
    let residence = this.residences.get(value);
    if (!residence) {
      residence = { operands: [], host: false };
      this.residences.set(value, residence);
    }
    return residence;
  }

  private storage(bytes: number, value?: string, constant = false): Storage {
    const storage: Storage = {
      id: this.storages.length,
      bytes,
      first: Number.POSITIVE_INFINITY,
      last: -1,
      constant,
      values: new Set(value === undefined ? [] : [value]),
      shared: false,
      address: 0,
    };
    this.storages.push(storage);
    return storage;
  }

  private denseOperand(storage: Storage, dtype: StaticType['dtype'], dims: readonly number[], order: Order): Operand {
    return { storage, offset: 0, dtype, dims, order, strides: logicalStrides(dims, order) };
  }

  private constantOperand(value: string, tensor: Tensor, order: Order): Operand {
    const { dtype, dims } = this.type(value);
    const storage = this.storage(bytesOf(dtype, dims), value, true);
    const source = tensor.data as Float32Array;
    const data = sameOrder(dims, order, plainOrder(dims.length)) ? source : source.slice();
    if (data !== source) reorder(dims, plainOrder(dims.length), order, source, data);
    this.constants.push({ storage, data });
    const operand = this.denseOperand(storage, dtype, dims, order);
    this.residence(value).operands.push(operand);
    return operand;
  }

  /** Nobody reads any of the storage's values after the node being lowered. */
  private dies(storage: Storage): boolean {
    if (storage.constant || storage.shared) return false;
    for (const value of storage.values) if (this.context.lastUse(value) > this.at) return false;
    return true;
  }

  /** Decides which inputs of a channel concat may be written by their producers into the joint buffer. */
  private claimSlices({ node }: ExecutionNode, made: ReadonlySet<string>): void {
    if (node.op !== 'Concat' || node.domain !== '' || node.attributes['axis']?.kind !== 'int') return;
    const output = node.outputs[0]!;
    const type = this.context.type(output);
    const axis = Number(node.attributes['axis'].value);
    if (!type || elementBytes(type.dtype) === undefined || type.dims.length < 3) return;
    if (axis !== 1 && axis !== 1 - type.dims.length) return;
    const start = new Map<string, number>();
    let channel = 0;
    for (const value of node.inputs) {
      const part = this.context.type(value);
      if (!part) return;
      const once = node.inputs.indexOf(value) === node.inputs.lastIndexOf(value);
      if (
        once &&
        made.has(value) &&
        !this.claims.has(value) &&
        !this.context.whole.has(value) &&
        !this.context.constant(value)
      ) {
        start.set(value, channel);
      }
      channel += part.dims[1]!;
    }
    const joint: Joint = { output, dims: type.dims, storage: undefined, start };
    this.joints.set(output, joint);
    for (const value of start.keys()) this.claims.set(value, joint);
  }

  private sliceOf(joint: Joint, value: string, order: Order): Operand {
    const { dtype, dims } = this.type(value);
    if (!joint.storage) {
      joint.storage = this.storage(bytesOf(dtype, joint.dims), joint.output);
      joint.storage.shared = true;
    }
    joint.storage.values.add(value);
    const strides = logicalStrides(joint.dims, order);
    const offset = joint.start.get(value)! * elementBytes(dtype)!;
    return { storage: joint.storage, offset, dtype, dims, order, strides };
  }
}

/** The face of the builder that an operator's `lower` sees. */
class NodeLowering implements Lowering {
  readonly opset: number;
  readonly winograd: boolean;
  readonly epilogue: ExecutionNode['epilogue'];
  private readonly builder: Builder;
  private readonly execution: ExecutionNode;
  private readonly staged: Operand[] = [];

  constructor(builder: Builder, execution: ExecutionNode) {
    this.builder = builder;
    this.execution = execution;
    this.opset = execution.opset ?? builder.context.opset(execution.node);
    this.winograd = builder.context.winograd;
    this.epilogue = execution.epilogue;
  }
  type(value: string): StaticType {
    return this.builder.type(value);
  }
  constant(value: string): Tensor | undefined {
    return this.builder.context.constant(value);
  }
  outputType(index: number): StaticType {
    return this.builder.type(this.execution.outputs[index]!);
  }
  order(value: string): Order {
    return this.builder.order(value);
  }
  input(value: string, order?: Order, options?: InputOptions): Operand {
    return this.builder.input(value, order, options);
  }
  output(index: number, order: Order, options: OutputOptions = {}): Operand {
    return this.builder.output(this.execution.outputs[index]!, order, options);
  }
  outputOnHost(index: number, elementBytes: number): { readonly target: Operand; fetch(): void } {
    return this.builder.hostRoom(this.execution.outputs[index]!, elementBytes);
  }
  alias(
    index: number,
    of: Operand,
    order: Order,
    view?: { readonly offset: number; readonly strides: readonly number[] },
  ): void {
    this.builder.alias(this.execution.outputs[index]!, of, order, view);
  }
  concat(order: Order, axis: number): readonly ConcatPart[] {
    return this.builder.concat(this.execution.outputs[0]!, this.execution.node.inputs, order, axis);
  }
  scratch(bytes: number): Operand {
    return this.builder.scratch(bytes);
  }
  data(values: Float32Array | Int32Array | Uint8Array | Int8Array): Operand {
    return this.builder.data(values);
  }
  pack<T extends { readonly address: Address; readonly bytes: number }>(make: (workspace: Workspace) => T): Packed<T> {
    const packed = this.builder.pack(make);
    if (packed.staged) this.staged.push(packed.staged);
    return packed;
  }
  emit(step: EmittedStep): void {
    const nodes = new Set([this.execution.node.name, ...this.execution.absorbed.map((node) => node.name)]);
    this.builder.emit({ ...step, reads: [...step.reads, ...this.staged] }, [...nodes]);
  }
}
