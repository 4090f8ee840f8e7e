import type { Finding, TextRange } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import type { Choice, Plan } from '../plan.ts';
import type { Fusion } from './activations.ts';
import { edgeKey } from './assignment.ts';
import type { IntegerForm } from './integer-form.ts';
import type { Slot } from './layout.ts';
import { byPlace, namesOf, type PlacedLayer, rangeOfPlace } from './places.ts';
import type { Wiring } from './wiring.ts';

interface Allocated {
  readonly nodes: ReadonlyMap<string, IntegerForm>;
  readonly fusions: ReadonlyMap<string, Fusion>;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly inputs: ReadonlyMap<string, Slot>;
}

/**
 * What a spec says of a tensor and is not done, because the tensor has its codes from another role: a layer reads what
 * fits its format with the range it was written with, and an activation that folds has the codes of the layer before it.
 */
export function unheard(
  graph: Graph,
  plan: Plan,
  { nodes, fusions, slots, inputs }: Allocated,
  wiring: Wiring,
): Finding[] {
  const reading: PlacedLayer[] = [];
  const folded: PlacedLayer[] = [];
  const activations = new Set(Array.from(fusions.values(), ({ activation }) => activation));
  for (const node of graph.nodes) {
    const form = nodes.get(node.name);
    const roles = plan.nodes[node.name];
    if (form === undefined || roles === undefined) continue;
    if (activations.has(node.name)) {
      const slot = slots.get(edgeKey(node.name, 'output[0]'));
      const wanted = roles['output[0]'];
      if (slot && differs(wanted, slot.choice)) folded.push({ name: node.name, place: placeOf(wanted) });
      continue;
    }
    // What only moves codes has no range to state.
    if (form.kind === 'same-scale') continue;
    const unheardAt = form.data.find((index) => {
      const value = node.inputs[index]!;
      if (slots.has(edgeKey(node.name, `input[${index}]`))) return false;
      const producer = wiring.producer(value);
      const written =
        inputs.get(value) ?? slots.get(edgeKey(producer?.name ?? '', `output[${producer?.outputs.indexOf(value)}]`));
      return written !== undefined && differs(roles[`input[${index}]`], written.choice);
    });
    if (unheardAt !== undefined) reading.push({ name: node.name, place: placeOf(roles[`input[${unheardAt}]`]!) });
  }
  return [
    ...finding(
      reading,
      'Inputs are read with the range that they were written with',
      'A range of their own for `inputs` would need a conversion; it is done only where format or scheme differ.',
      'Say it of the outputs of the layers before them.',
    ),
    ...finding(
      folded,
      'Outputs have the codes of the layer before',
      'A Relu or Clip is then a bound on the codes of the layer before it.',
      'Say it of the outputs of those layers.',
    ),
  ];
}

/** A choice whose own words are not those that hold; defaults ask for nothing. */
function differs(wanted: Choice | undefined, held: Choice): wanted is Choice {
  if (wanted === undefined || wanted.format === 'float') return false;
  if (wanted.format !== held.format || wanted.scheme !== held.scheme) return true;
  return wanted.origin.observer !== undefined && JSON.stringify(wanted.observer) !== JSON.stringify(held.observer);
}

function placeOf({ origin }: Choice): TextRange | undefined {
  return origin.observer ?? origin.format;
}

function finding(layers: readonly PlacedLayer[], what: string, why: string, fix: string): Finding[] {
  return byPlace(layers).map((placed) => ({
    code: 'quantize/unheard',
    severity: 'information',
    what: `${what}, and not as the spec says of ${namesOf(placed)}.`,
    why,
    fix,
    ...rangeOfPlace(placed),
  }));
}
