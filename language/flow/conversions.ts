import type { CheckedSpec } from '../context.ts';
import { valueText } from '../resolve/fields.ts';
import type { RoleState, Statement } from '../resolve/rules.ts';
import { blamed, orderOf } from './blame.ts';
import { isCoded, observerOf } from './codes.ts';
import { constant } from './flow.ts';
import { type Held, heldIn } from './held.ts';

/** Conversions between layers that a statement adds: without it both sides would be held alike. */
export interface Conversions {
  readonly statement: Statement;
  /** Nodes of the export. */
  quantize: number;
  dequantize: number;
  /** What they convert, by format before and after. */
  readonly steps: Map<string, Step>;
  /** The layers between which the first stands; an empty name: the model's input. */
  readonly between: readonly [string, string];
}

export interface Step {
  nodes: number;
  elements: number;
  /** Format names; `float32` for float. */
  readonly from: string;
  readonly to: string;
}

/**
 * Conversions by the statement that adds them, in the order of the file. What a network needs anyway is not counted: codes at
 * its inputs, floats at its outputs, floats for operators without an integer form.
 */
export function conversionsOf(spec: CheckedSpec): readonly Conversions[] {
  const held = heldIn(spec);
  // Where tensors are rounded as they are read, conversions are the backend's own.
  if (held?.placement.writes !== 'always') return [];
  const { flow, codes, rules, network } = held;
  const { runs, written, wanted } = codes;
  const found = new Map<Statement, Conversions>();
  let order: ReadonlyMap<Statement, number> | undefined;
  const near = nearCodes(held);
  const floats = new Set<number>();
  /** Readers of one tensor in the same codes share the nodes that round it. */
  const shared = new Set<string>();

  const add = (before: number, after: number, sides: readonly (Statement | undefined)[], kinds: readonly string[]) => {
    order ??= orderOf(spec.definitions.quantize!);
    const statement = blamed(sides, order);
    if (!statement) return;
    const name = (slot: number) => network.layers[slot]?.name ?? '';
    const entry = found.get(statement) ?? {
      statement,
      quantize: 0,
      dequantize: 0,
      steps: new Map<string, Step>(),
      between: [name(before), name(after)] as const,
    };
    found.set(statement, entry);
    const elements = flow.elements(before);
    for (let i = 1; i < kinds.length; i++) {
      const [from, to] = [kinds[i - 1]!, kinds[i]!];
      const step = entry.steps.get(`${from} ${to}`) ?? { nodes: 0, elements: 0, from, to };
      entry.steps.set(`${from} ${to}`, step);
      step.nodes++;
      step.elements += elements;
      if (kinds[i] === float32) entry.dequantize++;
      else entry.quantize++;
    }
  };

  const format = (kind: number) => codes.kinds[kind]!.format;
  for (let i = 0; i < flow.layers; i++) {
    const form = flow.forms[i];
    if (!form || flow.uncertain[i] === 1) continue;
    const state = rules.states[i]!;
    const sources = flow.sources[i]!;
    for (let k = 0; k < sources.length; k++) {
      const source = sources[k]!;
      if (source === constant) continue;
      const isInput = source >= flow.layers;
      const before = rules.states[source]?.outputs;
      if (runs[i] === 1 && codes.readsOwn(i, k)) {
        const reads = form.kind === 'same-scale' ? state.outputs : state.inputs;
        const key = `${source} ${wanted[i]} ${valueText(observerOf(reads))}`;
        // What only moves codes shares its scale with others.
        if (form.kind !== 'same-scale' && shared.has(key)) continue;
        shared.add(key);
        if (written[source] !== 0) {
          const sides = [...deciders(reads), ...(before ? deciders(before) : [])];
          add(source, i, sides, [format(written[source]!), float32, format(wanted[i]!)]);
        } else if (!isInput && flow.forms[source] && near.behind[source] === 1) {
          const lacking = lackingRole(held, source);
          if (lacking) add(source, i, lackers(lacking, reads), [float32, format(wanted[i]!)]);
        }
      } else if (runs[i] === 0 && !isInput && written[source] !== 0 && near.ahead[i] === 1 && !floats.has(source)) {
        const lacking = lackingRole(held, i);
        if (!lacking) continue;
        // One DequantizeLinear serves all that read floats.
        floats.add(source);
        add(source, i, lackers(lacking, before!), [format(written[source]!), float32]);
      }
    }
  }
  order ??= new Map();
  return [...found.values()].sort((a, b) => order!.get(a.statement)! - order!.get(b.statement)!);
}

const float32 = 'float32';

function deciders({ by }: RoleState): readonly (Statement | undefined)[] {
  return [by.format, by.scheme];
}

/** Who is to be told that a role is float: what says so, or, where nothing speaks of it, what puts the other side into codes. */
function lackers(lacking: RoleState, other: RoleState): readonly (Statement | undefined)[] {
  return lacking.by.format ? [lacking.by.format] : deciders(other);
}

/** The role that keeps a layer from running on codes, by what the spec says of it. */
function lackingRole({ flow, rules }: Held, layer: number): RoleState | undefined {
  const { weights, inputs, outputs } = rules.states[layer]!;
  const roles = flow.forms[layer]!.kind === 'compute' ? [weights, inputs, outputs] : [inputs, outputs];
  return roles.find((role) => !isCoded(role));
}

/** By layer: whether something before it, or after it, runs on codes. */
function nearCodes({ network, codes: { runs } }: Held): { readonly behind: Uint8Array; readonly ahead: Uint8Array } {
  const n = network.layers.length;
  const [behind, ahead] = [new Uint8Array(n), new Uint8Array(n)];
  for (let i = 0; i < n; i++) {
    for (const other of network.producers[i]!) if (runs[other] === 1 || behind[other] === 1) behind[i] = 1;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (const other of network.consumers[i]!) if (runs[other] === 1 || ahead[other] === 1) ahead[i] = 1;
  }
  return { behind, ahead };
}
