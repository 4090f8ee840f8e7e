import type { GraphNode } from '../graph/graph.ts';
import { tripCount } from '../operators/control/loop.ts';
import { scanInputs } from '../operators/control/scan.ts';
import { intsAttribute } from '../operators/shared/attributes.ts';
import { normalizeAxis } from '../operators/shared/types.ts';
import type { Builder } from './builder.ts';
import { convert } from './conversion.ts';
import type { Declined, Operand, StaticType } from './lowering.ts';
import { bytesOf, fitsKernels } from './operand.ts';
import { type Order, plainOrder } from './order.ts';
import type { PreparedGraph } from './prepare.ts';

/** Place in a program; known when the steps before it are. */
export interface Label {
  step: number;
}

/** A Loop or Scan in a program: steps `first` to `last` run once for each turn. */
export interface LoopPlan {
  readonly node: GraphNode;
  readonly id: number;
  first: number;
  last: number;
}

interface NoOperands {
  readonly reads: readonly [];
  readonly writes: readonly [];
}

/**
 * Control flow is steps of the same program: bodies lie one behind the other and jumps pass over what is not to run, so that
 * kernels, memory and captured values are those of the graph around them.
 */
export type ControlStep =
  /** Goes on at `to`; with `unless` only if that host value is false. */
  | (NoOperands & { readonly kind: 'jump'; readonly to: Label; readonly unless?: string })
  /** One host tensor under another name. */
  | (NoOperands & { readonly kind: 'assign'; readonly from: string; readonly to: string })
  /** Begins a loop; what lives from turn to turn is written here. */
  | { readonly kind: 'loop'; readonly loop: LoopPlan; readonly reads: readonly []; readonly writes: readonly Operand[] }
  /** Begins a turn, or leaves for `to` when `limit` turns are over or `condition` (host values) is false. */
  | (NoOperands & {
      readonly kind: 'turn';
      readonly loop: LoopPlan;
      readonly limit: string | number | undefined;
      readonly condition: string | undefined;
      /** Host value that is given the number of the turn. */
      readonly iteration: string | undefined;
      readonly to: Label;
    })
  | (NoOperands & { readonly kind: 'next'; readonly loop: LoopPlan; readonly to: Label })
  | (NoOperands & { readonly kind: 'end'; readonly loop: LoopPlan })
  /** Copies bytes from or to a place that moves on with every turn. */
  | {
      readonly kind: 'move';
      readonly loop: LoopPlan;
      readonly bytes: number;
      readonly reads: readonly [Operand];
      readonly writes: readonly [Operand];
      /** Bytes from one turn to the next. */
      readonly readStep: number;
      readonly writeStep: number;
    }
  /** Puts a host tensor on list `index` of the loop. */
  | (NoOperands & { readonly kind: 'collect'; readonly loop: LoopPlan; readonly index: number; readonly value: string })
  /** Makes a host tensor of such a list; `declared`: its elements' type if there are none. */
  | (NoOperands & {
      readonly kind: 'stack';
      readonly loop: LoopPlan;
      readonly index: number;
      readonly value: string;
      readonly declared: StaticType | undefined;
    });

const nothing: NoOperands = { reads: [], writes: [] };

/** Lowers the nodes of a body, inside a scope. */
export type LowerBody = (body: PreparedGraph) => void;

/** Lowers an If, Loop or Scan whose subgraphs were prepared; the reason if it has to run by its reference evaluation. */
export function lowerControl(
  builder: Builder,
  node: GraphNode,
  bodies: readonly PreparedGraph[],
  lowerBody: LowerBody,
): Declined {
  if (node.op === 'If') return lowerIf(builder, node, bodies, lowerBody);
  return node.op === 'Loop'
    ? lowerLoop(builder, node, bodies[0]!, lowerBody)
    : lowerScan(builder, node, bodies[0]!, lowerBody);
}

function lowerIf(builder: Builder, node: GraphNode, bodies: readonly PreparedGraph[], lowerBody: LowerBody): Declined {
  const condition = node.inputs[0]!;
  builder.toHost(condition);
  const [otherwise, end]: Label[] = [{ step: -1 }, { step: -1 }];
  const targets = node.outputs.map((name, index) => {
    const known = name === '' ? undefined : builder.context.type(name);
    const same = bodies.every((body) => sameType(known, builder.context.type(body.graph.outputs[index]!)));
    return known && same && fitsKernels(known) ? builder.room(name) : undefined;
  });
  builder.steps.push({ kind: 'jump', to: otherwise!, unless: condition, ...nothing });
  for (const [branch, body] of bodies.entries()) {
    builder.scoped(() => {
      lowerBody(body);
      node.outputs.forEach((name, index) => {
        if (name !== '') deliver(builder, body.graph.outputs[index]!, targets[index] ?? name);
      });
    });
    if (branch === 0) {
      builder.steps.push({ kind: 'jump', to: end!, ...nothing });
      otherwise!.step = builder.steps.length;
    }
  }
  end!.step = builder.steps.length;
  node.outputs.forEach((name, index) => {
    if (name !== '') arrive(builder, name, targets[index]);
  });
  return undefined;
}

function lowerLoop(builder: Builder, node: GraphNode, body: PreparedGraph, lowerBody: LowerBody): Declined {
  const [limit, start, ...initial] = node.inputs as [string, string, ...string[]];
  const [iteration, holds, ...inner] = body.graph.inputs as [string, string, ...string[]];
  const [proceed, ...produced] = body.graph.outputs as [string, ...string[]];
  const turns = tripCount(node, builder.context.constant);
  for (const value of [limit, start]) if (value) builder.toHost(value);
  const loop = builder.loop(node);
  const states = initial.map((value, i) => carry(builder, value, inner[i]!, produced[i]!));
  const condition =
    turns === undefined && (start || !builder.context.constant(proceed)) ? `condition of ${node.name}` : undefined;
  // Where no condition is given, the body's own, a constant that holds, is the first.
  if (condition) builder.steps.push({ kind: 'assign', from: start || holds, to: condition, ...nothing });
  const scanned = produced.slice(states.length).map((value, i) => {
    const name = node.outputs[states.length + i] ?? '';
    if (name === '') return undefined;
    const [whole, part] = [builder.context.type(name), builder.context.type(value)];
    const fits = turns !== undefined && whole && part && fitsKernels(whole) && fitsKernels(part);
    return { value, name, target: fits ? builder.room(name) : undefined, index: i };
  });
  emitLoop(builder, loop, {
    carried: [...states.map(({ room }) => room), ...scanned.map((own) => own?.target)],
    turn: { limit: turns ?? (limit || undefined), condition, iteration },
    body() {
      builder.onHost(iteration);
      for (const { inner: value, room } of states) arrive(builder, value, room);
      lowerBody(body);
      for (const own of scanned) {
        if (!own) continue;
        if (own.target) moveOut(builder, loop, own.value, own.target, 0, false);
        else {
          builder.toHost(own.value);
          builder.steps.push({ kind: 'collect', loop, index: own.index, value: own.value, ...nothing });
        }
      }
      if (condition) {
        builder.toHost(proceed);
        builder.steps.push({ kind: 'assign', from: proceed, to: condition, ...nothing });
      }
      passOn(builder, states);
    },
  });
  states.forEach(({ inner: value, room }, i) => {
    const name = node.outputs[i] ?? '';
    if (name === '') return;
    if (!room) builder.steps.push({ kind: 'assign', from: value, to: name, ...nothing });
    arrive(builder, name, room);
  });
  for (const own of scanned) {
    if (!own) continue;
    if (!own.target) {
      const declared = body.type(own.value);
      builder.steps.push({ kind: 'stack', loop, index: own.index, value: own.name, declared, ...nothing });
    }
    arrive(builder, own.name, own.target);
  }
  return undefined;
}

function lowerScan(builder: Builder, node: GraphNode, body: PreparedGraph, lowerBody: LowerBody): Declined {
  const sequences = scanInputs(node);
  const count = node.inputs.length - sequences;
  const { inputs: inner, outputs: produced } = body.graph;
  const known = (value: string) => {
    const type = builder.context.type(value);
    return type !== undefined && fitsKernels(type);
  };
  const outside = [...node.inputs, ...node.outputs].filter((name) => name !== '');
  if (![...outside, ...inner, ...produced].every(known)) return 'its states or slices have no place in kernel memory';
  const axisOf = (value: string, list: 'scan_input_axes' | 'scan_output_axes', i: number) =>
    normalizeAxis(node, intsAttribute(node, list)?.[i] ?? 0, builder.type(value).dims.length);
  const isReversed = (list: 'scan_input_directions' | 'scan_output_directions', i: number) =>
    intsAttribute(node, list)?.[i] === 1;
  const loop = builder.loop(node);
  const states = node.inputs.slice(0, count).map((value, i) => carry(builder, value, inner[i]!, produced[i]!));
  const scanned = node.inputs.slice(count).map((value, i) => {
    const axis = axisOf(value, 'scan_input_axes', i);
    return {
      length: builder.type(value).dims[axis]!,
      whole: builder.input(value, firstAxis(builder, value, axis)),
      slice: builder.room(inner[count + i]!),
      name: inner[count + i]!,
    };
  });
  const stacked = produced.slice(count).map((value, i) => {
    const name = node.outputs[count + i] ?? '';
    if (name === '') return undefined;
    return { value, name, target: builder.room(name, firstAxis(builder, name, axisOf(name, 'scan_output_axes', i))) };
  });
  const turns = scanned[0]?.length ?? 0;
  emitLoop(builder, loop, {
    carried: [...states.map(({ room }) => room), ...stacked.map((own) => own?.target)],
    turn: { limit: turns, condition: undefined, iteration: undefined },
    body() {
      scanned.forEach(({ whole, slice, name }, i) => {
        const { dtype, dims } = builder.type(name);
        const bytes = bytesOf(dtype, dims);
        const back = isReversed('scan_input_directions', i);
        const from = back ? { ...whole, offset: whole.offset + (turns - 1) * bytes } : whole;
        const steps = { readStep: back ? -bytes : bytes, writeStep: 0 };
        builder.steps.push({ kind: 'move', loop, bytes, reads: [from], writes: [slice], ...steps });
        builder.reside(name, slice);
      });
      for (const { inner: value, room } of states) arrive(builder, value, room);
      lowerBody(body);
      stacked.forEach((own, i) => {
        if (own) moveOut(builder, loop, own.value, own.target, turns, isReversed('scan_output_directions', i));
      });
      passOn(builder, states);
    },
  });
  states.forEach(({ room }, i) => {
    if (node.outputs[i]) arrive(builder, node.outputs[i], room);
  });
  for (const own of stacked) if (own) arrive(builder, own.name, own.target);
  return undefined;
}

function sameType(a: StaticType | undefined, b: StaticType | undefined): boolean {
  return a !== undefined && b !== undefined && a.dtype === b.dtype && a.dims.join() === b.dims.join();
}

function firstAxis(builder: Builder, value: string, axis: number): Order {
  return [axis, ...plainOrder(builder.type(value).dims.length).filter((own) => own !== axis)];
}

/** Brings a value to `target`, a place in memory or another name on the host. */
function deliver(builder: Builder, value: string, target: Operand | string): void {
  if (typeof target === 'string') {
    builder.toHost(value);
    builder.steps.push({ kind: 'assign', from: value, to: target, ...nothing });
  } else if (builder.isInMemory(value)) {
    const source = builder.input(value, target.order);
    builder.steps.push({ kind: 'kernel', nodes: [], ...convert(source, target) });
  } else builder.steps.push({ kind: 'upload', value, writes: [target], reads: [] });
}

function arrive(builder: Builder, name: string, place: Operand | undefined): void {
  if (place) builder.reside(name, place);
  else builder.onHost(name);
}

/** A value that a loop carries from turn to turn. */
interface State {
  /** What the body reads it as, and what it gives for the next turn. */
  readonly inner: string;
  readonly produced: string;
  /** Where it lies; absent: on the host. */
  readonly room: Operand | undefined;
}

function carry(builder: Builder, initial: string, inner: string, produced: string): State {
  const type = builder.context.type(inner);
  const fits = type && fitsKernels(type) && sameType(type, builder.context.type(produced));
  const room = fits && sameType(type, builder.context.type(initial)) ? builder.room(inner) : undefined;
  deliver(builder, initial, room ?? inner);
  return { inner, produced, room };
}

/** At the end of a turn: every state takes its next value. A value that lies in the room of a state is read before that is written. */
function passOn(builder: Builder, states: readonly State[]): void {
  const rooms = new Set(states.map(({ room }) => room?.storage));
  const names = new Set(states.map(({ inner }) => inner));
  const sources = states.map(({ produced, room }): Operand | string => {
    if (!room) {
      builder.toHost(produced);
      if (!names.has(produced)) return produced;
      builder.steps.push({ kind: 'assign', from: produced, to: `next ${produced}`, ...nothing });
      return `next ${produced}`;
    }
    if (!builder.isInMemory(produced)) return produced;
    const source = builder.input(produced, room.order);
    if (isSamePlace(source, room) || !rooms.has(source.storage)) return source;
    const copy = builder.room(produced);
    builder.steps.push({ kind: 'kernel', nodes: [], ...convert(source, copy) });
    return copy;
  });
  states.forEach(({ inner, room }, i) => {
    const source = sources[i]!;
    if (!room) builder.steps.push({ kind: 'assign', from: source as string, to: inner, ...nothing });
    else if (typeof source === 'string') {
      builder.steps.push({ kind: 'upload', value: source, writes: [room], reads: [] });
    } else if (!isSamePlace(source, room)) builder.steps.push({ kind: 'kernel', nodes: [], ...convert(source, room) });
  });
}

/** A state that was computed in place needs no copy. */
function isSamePlace(a: Operand, b: Operand): boolean {
  return a.storage === b.storage && a.offset === b.offset;
}

interface LoopParts {
  /** What lives from turn to turn in memory. */
  readonly carried: readonly (Operand | undefined)[];
  readonly turn: {
    readonly limit: string | number | undefined;
    readonly condition: string | undefined;
    readonly iteration: string | undefined;
  };
  body(): void;
}

function emitLoop(builder: Builder, loop: LoopPlan, { carried, turn, body }: LoopParts): void {
  const [start, end]: Label[] = [{ step: -1 }, { step: -1 }];
  loop.first = builder.steps.length;
  builder.steps.push({ kind: 'loop', loop, reads: [], writes: carried.filter((room) => room !== undefined) });
  start!.step = builder.steps.length;
  builder.steps.push({ kind: 'turn', loop, ...turn, to: end!, ...nothing });
  builder.scoped(body);
  builder.steps.push({ kind: 'next', loop, to: start!, ...nothing });
  end!.step = builder.steps.length;
  builder.steps.push({ kind: 'end', loop, ...nothing });
  loop.last = builder.steps.length - 1;
}

/** Copies a value of the body to its part of a stack, which has the stacked axis first in memory. */
function moveOut(builder: Builder, loop: LoopPlan, value: string, stack: Operand, turns: number, back: boolean): void {
  const source = builder.input(value, plainOrder(builder.type(value).dims.length));
  const bytes = bytesOf(source.dtype, source.dims);
  const target = back ? { ...stack, offset: stack.offset + (turns - 1) * bytes } : stack;
  const steps = { readStep: 0, writeStep: back ? -bytes : bytes };
  builder.steps.push({ kind: 'move', loop, bytes, reads: [source], writes: [target], ...steps });
}
