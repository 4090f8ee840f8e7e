import type { Placement } from '../backends/backend.ts';
import { backendNamed } from '../backends/registry.ts';
import type { Finding } from '../findings.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { Choice, Plan, Role } from '../plan.ts';
import { type Fusion, fusableActivation } from './activations.ts';
import { edgeKey } from './assignment.ts';
import { type HeldWeight, type IntegerForm, integerForm } from './integer-form.ts';
import { familyOf, type Placed, placeWhereRead } from './placement.ts';
import { namesOf } from './places.ts';
import { unheard } from './unheard.ts';
import { type Consumer, type Wiring, wire } from './wiring.ts';

/**
 * Which tensors are held in codes, and which of them share parameters: all that follows from graph and plan before any
 * data is seen. `calibrate` asks it what to observe, `assign` fills in the numbers.
 */
export interface Layout {
  /** Activations that are clamps of the output of the node before them, by that node's name. */
  readonly fusions: ReadonlyMap<string, Fusion>;
  /** Nodes that read codes, with their form; `data` are the inputs that they read so. */
  readonly nodes: ReadonlyMap<string, IntegerForm>;
  /** Compute nodes whose weights are held in codes, those that run in float included. */
  readonly weights: ReadonlyMap<string, IntegerForm>;
  /** Weights in codes of nodes that compute in float whatever the plan says. */
  readonly weightOnly: ReadonlyMap<string, readonly HeldWeight[]>;
  /** Codes of outputs, by `edgeKey(node, 'output[i]')`; of inputs read otherwise than written, by `edgeKey(node, 'input[i]')`. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** Codes of graph inputs, by value name. */
  readonly inputs: ReadonlyMap<string, Slot>;
  /** In the order of their first slot. */
  readonly groups: readonly Group[];
  readonly findings: readonly Finding[];
}

/** One tensor in codes. */
export interface Slot {
  readonly key: string;
  readonly choice: Choice;
  group: Group;
}

/** Slots that share scale and zero point. */
export interface Group {
  readonly name: string;
  readonly choice: Choice;
  readonly slots: Slot[];
  /** Values of the float graph whose elements decide the parameters. */
  readonly sources: Set<string>;
}

/** A choice that puts a tensor into codes. */
function coded(plan: Plan, node: string, role: Role): Choice | undefined {
  const choice = plan.nodes[node]?.[role];
  return choice === undefined || choice.format === 'float' ? undefined : choice;
}

function sameCodes(a: Choice, b: Choice): boolean {
  return a.format === b.format && a.scheme === b.scheme;
}

/** Whether a node both reads codes and leaves them: a product of integers then is computed in integers. */
export function runsOnCodes({ nodes, slots }: Layout, node: string): boolean {
  return nodes.has(node) && slots.has(edgeKey(node, 'output[0]'));
}

export function layOut(graph: Graph, plan: Plan): Layout {
  const floats: FloatNode[] = [];
  const wiring = wire(graph);
  const { placement } = backendNamed(plan.backend);
  const { reads, writes } = placement;
  const possible = writes === 'always' ? possibleFusions(graph, plan, wiring) : new Map<string, Fusion>();
  const fused = new Set(Array.from(possible.values(), (fusion) => fusion.activation));
  const weights = new Map<string, IntegerForm>();
  const weightOnly = new Map<string, readonly HeldWeight[]>();
  const candidates = new Map<string, IntegerForm>();
  const wantsActivations = Object.values(plan.nodes).some(hasActivations);
  for (const node of graph.nodes) {
    const form = integerForm(node, graph);
    const wanted = plan.nodes[node.name];
    if (
      wanted === undefined ||
      !Object.values(wanted).some((choice) => choice !== undefined && choice.format !== 'float')
    )
      continue;
    if ('reason' in form) {
      if (form.held && coded(plan, node.name, 'weight')) weightOnly.set(node.name, form.held);
      const held = weightOnly.has(node.name);
      if (!held || wantsActivations) floats.push({ name: node.name, op: node.op, reason: form.reason, held });
      continue;
    }
    if (form.kind === 'compute' && coded(plan, node.name, 'weight')) weights.set(node.name, form);
    if (!reads.includes(familyOf(node, form))) continue;
    const lacking = fused.has(node.name) ? undefined : lackingChoice(node, form, plan, graph, writes);
    if (lacking === undefined) candidates.set(node.name, form);
    else if (form.kind === 'compute') floats.push({ name: node.name, op: node.op, reason: lacking });
  }
  const placed =
    writes === 'always'
      ? placeAlways(graph, candidates, possible, wiring)
      : placeWhereRead(
          graph,
          wiring,
          placement,
          candidates,
          ({ name }) => coded(plan, name, 'output[0]') !== undefined,
        );
  const { nodes, fusions } = placed;
  const allocated = allocate(graph, plan, placed, wiring);
  const findings = [...floatFindings(floats), ...unheard(graph, plan, { nodes, fusions, ...allocated }, wiring)];
  return { fusions, nodes, weights, weightOnly, ...allocated, findings };
}

/** Whether any input or output of a layer is to be in codes. */
function hasActivations(roles: Plan['nodes'][string]): boolean {
  return Object.entries(roles).some(
    ([role, choice]) => role !== 'weight' && role !== 'bias' && choice !== undefined && choice.format !== 'float',
  );
}

/** Codes wherever a node can run on them. */
function placeAlways(
  graph: Graph,
  candidates: ReadonlyMap<string, IntegerForm>,
  possible: ReadonlyMap<string, Fusion>,
  wiring: Wiring,
): Placed {
  const nodes = settle(graph, candidates, wiring);
  return {
    nodes,
    writing: new Set(nodes.keys()),
    inputs: new Set(
      graph.inputs.filter((value) => wiring.consumers(value).some((reader) => readsCodes(nodes, reader))),
    ),
    fusions: new Map([...possible].filter(([producer]) => nodes.has(producer))),
  };
}

function readsCodes(nodes: ReadonlyMap<string, IntegerForm>, { node, index }: Consumer): boolean {
  return nodes.get(node.name)?.data.includes(index) === true;
}

/** A node that a plan would have in codes, and why it is in none. */
interface FloatNode {
  readonly name: string;
  readonly op: string;
  readonly reason: string;
  /** Its weights are in codes all the same. */
  readonly held?: boolean;
}

/** One for each operator and reason: a transformer has the same one dozens of times. */
function floatFindings(nodes: readonly FloatNode[]): Finding[] {
  const kindOf = ({ op, reason }: FloatNode) => `${op} ${reason}`;
  return [...new Set(nodes.map(kindOf))].map((kind) => {
    const alike = nodes.filter((node) => kindOf(node) === kind);
    const { op, reason, held } = alike[0]!;
    const one = held ? 'computes in float' : 'stays float';
    const many = held ? 'compute in float' : 'stay float';
    const stays = alike.length === 1 ? one : `${many}, each for the same reason`;
    return {
      code: 'quantize/stays-float',
      severity: 'information',
      what: `${op} ${namesOf(alike)} ${stays}: ${reason}.`,
      why: held
        ? 'Its weights are in codes and are dequantised when it runs; what it reads and answers are floats.'
        : 'Its inputs are dequantised before it and its output is quantised again where the next layer wants codes.',
    };
  });
}

/** Activations that the node before them can take over where both are to be in codes. */
function possibleFusions(graph: Graph, plan: Plan, wiring: Wiring): Map<string, Fusion> {
  const fusions = new Map<string, Fusion>();
  for (const node of graph.nodes) {
    const form = integerForm(node, graph);
    if ('reason' in form || form.kind === 'same-scale' || form.kind === 'activation') continue;
    if (lackingChoice(node, form, plan, graph, 'always') !== undefined) continue;
    const fusion = fusableActivation(node, graph, wiring);
    if (fusion !== undefined && coded(plan, fusion.activation, 'output[0]')) fusions.set(node.name, fusion);
  }
  return fusions;
}

/** What the plan leaves float although the node needs it in codes to run on them; undefined when nothing is lacking. */
function lackingChoice(
  node: GraphNode,
  form: IntegerForm,
  plan: Plan,
  graph: Graph,
  writes: Placement['writes'],
): string | undefined {
  if (form.kind === 'compute' && !coded(plan, node.name, 'weight')) return 'the spec keeps its weight float';
  for (const index of form.data) {
    const value = node.inputs[index]!;
    if (graph.types.get(value)?.dtype !== 'float32') return `its input ${index} is not float32`;
    const constant = graph.initializers.has(value);
    if (!constant && !coded(plan, node.name, `input[${index}]`)) return `the spec keeps its input ${index} float`;
  }
  if (writes === 'always' && !coded(plan, node.name, 'output[0]')) return 'the spec keeps its output float';
  return undefined;
}

/**
 * Removes candidates that codes never reach (data movement between float layers) and those that lead from a graph
 * input to float layers only, until nothing changes.
 */
function settle(graph: Graph, forms: ReadonlyMap<string, IntegerForm>, wiring: Wiring): Map<string, IntegerForm> {
  const kept = new Map(forms);
  const inputs = new Set(graph.inputs);
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const node of graph.nodes) {
      const form = kept.get(node.name);
      if (form === undefined || form.kind === 'compute') continue;
      const reached = form.data.some((index) => {
        const value = node.inputs[index]!;
        return inputs.has(value) || kept.has(wiring.producer(value)?.name ?? '');
      });
      if (!reached) kept.delete(node.name);
    }
    dropFutile(graph, kept, wiring);
  }
  return kept;
}

/** Nodes that only move codes are of use between others that compute with them. */
function dropFutile(graph: Graph, kept: Map<string, IntegerForm>, wiring: Wiring): void {
  const computes = (form: IntegerForm) => form.kind === 'compute' || form.kind === 'elementwise';
  const fed = new Set<string>();
  for (const node of graph.nodes) {
    const form = kept.get(node.name);
    if (form === undefined) continue;
    const before = form.data.some((index) => fed.has(wiring.producer(node.inputs[index]!)?.name ?? ''));
    if (computes(form) || before) fed.add(node.name);
  }
  const used = new Set<string>();
  for (const node of graph.nodes.toReversed()) {
    const form = kept.get(node.name);
    if (form === undefined) continue;
    const after = node.outputs.some((value) =>
      wiring.consumers(value).some((consumer) => used.has(consumer.node.name)),
    );
    if (computes(form) || after) used.add(node.name);
  }
  for (const name of kept.keys()) if (!fed.has(name) && !used.has(name)) kept.delete(name);
}

/** Makes the slots and joins those that must share parameters. */
function allocate(
  graph: Graph,
  plan: Plan,
  { nodes, writing, inputs: entering, fusions }: Placed,
  wiring: Wiring,
): Pick<Layout, 'slots' | 'inputs' | 'groups'> {
  const slots = new Map<string, Slot>();
  const inputs = new Map<string, Slot>();
  const byValue = new Map<string, Slot>();
  const groups = new Set<Group>();
  const open = (key: string, name: string, choice: Choice, sources: readonly string[]): Slot => {
    const group: Group = { name, choice, slots: [], sources: new Set(sources) };
    const slot: Slot = { key, choice, group };
    group.slots.push(slot);
    groups.add(group);
    return slot;
  };
  const join = (a: Slot, b: Slot) => {
    if (a.group === b.group) return;
    const gone = b.group;
    groups.delete(gone);
    for (const slot of gone.slots) {
      slot.group = a.group;
      a.group.slots.push(slot);
    }
    for (const value of gone.sources) a.group.sources.add(value);
  };

  for (const value of graph.inputs) {
    const reader = wiring.consumers(value).find((own) => readsCodes(nodes, own));
    if (reader === undefined || !entering.has(value)) continue;
    const slot = open(value, value, coded(plan, reader.node.name, `input[${reader.index}]`)!, [value]);
    inputs.set(value, slot);
    byValue.set(value, slot);
  }
  for (const node of graph.nodes) {
    const form = nodes.get(node.name);
    if (form === undefined && !writing.has(node.name)) continue;
    const producer = wiring.producer(node.inputs[0] ?? '');
    if (producer !== undefined && fusions.get(producer.name)?.activation === node.name) {
      // The clamp of the node before it: the same codes, decided by what comes out here.
      const written = byValue.get(node.inputs[0]!)!;
      const key = edgeKey(node.name, 'output[0]');
      const slot = open(key, key, written.choice, [node.outputs[0]!]);
      slots.set(key, slot);
      byValue.set(node.outputs[0]!, slot);
      join(written, slot);
      continue;
    }
    const sameScale = form?.kind === 'same-scale';
    const choice = coded(plan, node.name, 'output[0]');
    if (choice !== undefined && writing.has(node.name)) {
      node.outputs.forEach((value, index) => {
        if (value === '') return;
        const key = edgeKey(node.name, `output[${index}]`);
        // What only moves codes adds no values of its own; what a fused activation clamps is seen behind it.
        const slot = open(key, value, choice, sameScale || fusions.has(node.name) ? [] : [value]);
        slots.set(key, slot);
        byValue.set(value, slot);
      });
      const output = byValue.get(node.outputs[0]!)!;
      for (const value of node.outputs.slice(1)) if (value !== '') join(output, byValue.get(value)!);
    }
    for (const index of form?.data ?? []) {
      const value = node.inputs[index]!;
      const written = byValue.get(value);
      const constant = graph.initializers.has(value);
      const wanted = sameScale || constant ? choice : coded(plan, node.name, `input[${index}]`);
      if (wanted === undefined) continue;
      let read = written;
      if (read === undefined || !sameCodes(read.choice, wanted)) {
        const key = edgeKey(node.name, `input[${index}]`);
        read = open(key, key, wanted, [value]);
        slots.set(key, read);
      }
      if (sameScale) join(read, byValue.get(node.outputs[0]!)!);
    }
  }
  return { slots, inputs, groups: [...groups] };
}
