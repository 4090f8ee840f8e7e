import type { Finding } from '../findings.ts';
import { type AffineParameters, type CodeRange, quantizeValue } from '../formats/affine.ts';
import type { NumberFormat } from '../formats/format.ts';
import { encodeTensor } from '../formats/held-tensor.ts';
import { formatNamed } from '../formats/registry.ts';
import { withScales } from '../formats/scales.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { isLazy } from '../lazy-tensor.ts';
import type { Limits } from '../observers/observer.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import type { Plan } from '../plan.ts';
import { Breather, interruptible, type Progress, turn } from '../progress.ts';
import { AccumulatorFindings, channelsHeldByBias, largestSum } from './accumulators.ts';
import type { Clamp } from './activations.ts';
import { edgeKey, type QuantizedModel, type QuantizedTensor } from './assignment.ts';
import type { Statistics } from './calibrate.ts';
import type { CodeStore } from './code-store.ts';
import { foldDeadChannels } from './dead-channels.ts';
import { junctionsOf, withGains } from './equalize.ts';
import { hasIntegerCodes, isIntegerFactor } from './integer-products.ts';
import { type Group, type Layout, layOut, runsOnCodes, type Slot } from './layout.ts';
import { fallbackFindings, heldRoundedInstead, type RoundedLayer, roundedInstead } from './method-fallback.ts';
import { type Parameters, parametersOf, withParameters } from './normal-form.ts';
import { joined, limitsIn } from './value-limits.ts';
import { choiceOfHeld, isByMoments, momentsName, quantizeHeld } from './weight-only.ts';
import { quantizeParameters } from './weights.ts';
import { wire } from './wiring.ts';

export interface AssignResult extends QuantizedModel {
  /** Why layers stayed float, what was folded, what is close to a limit. */
  readonly findings: readonly Finding[];
}

export interface AssignOptions {
  readonly progress?: Progress;
  /** Where codes that data decided are kept. Default: in memory. */
  readonly store?: CodeStore;
}

/**
 * Turns a plan and the statistics of calibration into codes: scales and zero points of every activation in codes,
 * codes of weights and biases, and the graph rewritten to match (constant channels folded, plain biases). The rewritten
 * graph is still a float graph: an activation that its producer clamps for is there, and does nothing to codes.
 */
export async function assign(
  source: Graph,
  plan: Plan,
  statistics: Statistics,
  { progress, store }: AssignOptions = {},
): Promise<AssignResult> {
  const layout = layOut(source, plan);
  const graph = withGains(source, layout, junctionsOf(source, plan, layout), statistics.gains ?? new Map());
  const shared = groupParameters(layout, statistics, limitsIn(graph));
  const codesOf = (slot: Slot | undefined) => slot && { slot, parameters: shared.get(slot.group)! };
  const byValue = new Map<string, Slot>(layout.inputs);
  for (const node of graph.nodes)
    node.outputs.forEach((value, i) => {
      const slot = layout.slots.get(edgeKey(node.name, `output[${i}]`));
      if (slot !== undefined) byValue.set(value, slot);
    });
  const inputOf = (node: GraphNode, index: number) =>
    codesOf(layout.slots.get(edgeKey(node.name, `input[${index}]`)) ?? byValue.get(node.inputs[index]!));

  const initial = new Map<string, Parameters>();
  for (const node of graph.nodes) {
    const form = layout.weights.get(node.name);
    if (form !== undefined) initial.set(node.name, parametersOf(node, form, graph));
  }
  const { parameters, findings } = foldDeadChannels(initial, {
    graph: graph,
    wiring: wire(graph),
    forms: layout.weights,
    fusions: layout.fusions,
    input(node) {
      const read = layout.nodes.has(node.name) ? inputOf(node, 0) : undefined;
      return read && extentOf(formatNamed(read.slot.choice.format), read.parameters);
    },
    output: (node) => codesOf(layout.slots.get(edgeKey(node.name, 'output[0]'))),
  });

  const breather = new Breather(progress);
  const fallbacks: RoundedLayer[] = [];
  const accumulators = new AccumulatorFindings(plan.arithmetic);
  const clampedBy = new Map(Array.from(layout.fusions.values(), ({ activation, clamp }) => [activation, clamp]));
  const entries = new Map<string, QuantizedTensor>();
  for (const [at, node] of graph.nodes.entries()) {
    const form = layout.weights.get(node.name);
    const choice = plan.nodes[node.name]?.weight;
    if (form !== undefined && choice !== undefined) {
      const input = runsOnCodes(layout, node.name) ? inputOf(node, 0) : undefined;
      const inputScale = input && hasIntegerCodes(input.slot.choice.format) ? input.parameters.scale : undefined;
      const rounded = roundedInstead({ node, form, choice, graph, samples: statistics.samples });
      if (rounded !== undefined) fallbacks.push(rounded);
      const task = {
        node,
        form,
        choice,
        parameters: parameters.get(node.name)!,
        ...(inputScale !== undefined && { inputScale }),
        ...(statistics.moments.has(node.name) && { moments: statistics.moments.get(node.name)! }),
        ...(statistics.means?.has(node.name) && { means: statistics.means.get(node.name)! }),
        ...(store && { store }),
      };
      const own = interruptible(progress, () => quantizeParameters(task));
      parameters.set(node.name, own.parameters);
      accumulators.heldByBias(node.name, channelsHeldByBias(own), choice.origin.format);
      // Codes of lazy weights would be worked out once more for this.
      const summed = inputScale !== undefined && isIntegerFactor(own.weight) && !isLazy(own.parameters.weight);
      if (input && form.weightAxis !== undefined && summed) {
        const { zeroPoint } = input.parameters;
        const reads = { zeroPoint, range: codeRange(formatNamed(input.slot.choice.format)) };
        const weight = { ...own.weight, codes: own.weight.codes as Int8Array };
        const { dims } = own.parameters.weight;
        accumulators.sum(node.name, largestSum(weight, dims, own.bias, reads, form.weightAxis), choice.origin.format);
      }
      progress?.report('assign', at + 1, graph.nodes.length);
      // A method may take a second for a layer: let messages in, a cancellation among them.
      if (choice.method) await turn();
      await breather.pause();
      entries.set(edgeKey(node.name, 'weight'), own.weight);
      if (own.bias !== undefined) entries.set(edgeKey(node.name, 'bias'), own.bias);
    }
    const weights = layout.weightOnly.get(node.name);
    if (weights !== undefined && choice !== undefined) {
      const chosen = choiceOfHeld(choice);
      const { samples, moments } = statistics;
      const lacks = isByMoments(choice) && weights.some(({ role }) => !moments.has(momentsName(node.name, role)));
      const rounded = heldRoundedInstead(node.name, choice, chosen, { lacks, samples });
      if (rounded !== undefined) fallbacks.push(rounded);
      for (const held of weights) {
        const task = {
          node,
          held,
          choice: chosen,
          graph,
          moments: moments.get(momentsName(node.name, held.role)),
          store,
        };
        entries.set(
          edgeKey(node.name, held.role),
          interruptible(progress, () => quantizeHeld(task)),
        );
        await breather.pause();
      }
      progress?.report('assign', at + 1, graph.nodes.length);
    }
    for (const index of layout.nodes.get(node.name)?.data ?? []) {
      const slot = layout.slots.get(edgeKey(node.name, `input[${index}]`));
      if (slot !== undefined) entries.set(slot.key, edgeEntry(slot, shared, graph, node.inputs[index]!));
    }
    const clamp = layout.fusions.get(node.name)?.clamp ?? clampedBy.get(node.name);
    node.outputs.forEach((_, i) => {
      const slot = layout.slots.get(edgeKey(node.name, `output[${i}]`));
      if (slot !== undefined) entries.set(slot.key, activationEntry(slot, shared, clamp));
    });
  }
  const inputs = new Map(
    Array.from(layout.inputs, ([value, slot]) => [value, activationEntry(slot, shared, undefined)]),
  );
  return {
    graph: withParameters(graph, layout.weights, parameters),
    assignment: { arithmetic: plan.arithmetic, entries, inputs },
    findings: [...layout.findings, ...findings, ...fallbackFindings(fallbacks), ...accumulators.findings()],
  };
}

function codeRange(format: NumberFormat): CodeRange {
  return [format.low, format.high];
}

/** Bounds at levels: rounding and bounding are then the same in either order. */
function onGrid({ min, max }: Clamp, format: NumberFormat, parameters: AffineParameters): Clamp {
  const { encode, decode } = format.coder(parameters, codeRange(format));
  return { min: decode(encode(min)), max: decode(encode(max)) };
}

/** The values that codes reach to, either way. */
function extentOf(format: NumberFormat, parameters: AffineParameters): { lowest: number; highest: number } {
  const { encode, decode } = format.coder(parameters, codeRange(format));
  return { lowest: decode(encode(Number.NEGATIVE_INFINITY)), highest: decode(encode(Number.POSITIVE_INFINITY)) };
}

function groupParameters(
  layout: Layout,
  statistics: Statistics,
  limitsOf: (value: string) => Limits,
): Map<Group, AffineParameters> {
  const shared = new Map<Group, AffineParameters>();
  for (const group of layout.groups) {
    const observer = statistics.observers.get(group.name);
    if (observer === undefined)
      throw new Error(`The statistics are of another graph or plan: ${group.name} is missing.`);
    const { format, scheme, scale } = group.choice;
    const limits = joined([...group.sources].map(limitsOf));
    const own = observer.finish(formatNamed(format), scheme, undefined, limits);
    shared.set(group, withScales([own], scale, codeRange(formatNamed(format)))[0]!);
  }
  return shared;
}

function activationEntry(
  slot: Slot,
  shared: ReadonlyMap<Group, AffineParameters>,
  clamp: Clamp | undefined,
): QuantizedTensor {
  const format = formatNamed(slot.choice.format);
  const parameters = shared.get(slot.group)!;
  const whole = codeRange(format);
  const ordered = format.kind === 'integer';
  const range: CodeRange =
    clamp && ordered
      ? [quantizeValue(clamp.min, parameters, whole), quantizeValue(clamp.max, parameters, whole)]
      : whole;
  return {
    format: format.name,
    scale: Float32Array.of(parameters.scale),
    zeroPoint: Int32Array.of(parameters.zeroPoint),
    range,
    ...(clamp && !ordered && { clamp: onGrid(clamp, format, parameters) }),
    ...(slot.group.slots.length > 1 && { group: slot.group.name }),
  };
}

/** An input read in other codes than it was written in; a constant operand carries its codes. */
function edgeEntry(
  slot: Slot,
  shared: ReadonlyMap<Group, AffineParameters>,
  graph: Graph,
  value: string,
): QuantizedTensor {
  const entry = activationEntry(slot, shared, undefined);
  const constant = graph.initializers.get(value);
  if (constant === undefined) return entry;
  const format = formatNamed(entry.format);
  const codes = encodeTensor(format, numbersOf(constant), constant.dims, entry);
  return { ...entry, codes };
}
