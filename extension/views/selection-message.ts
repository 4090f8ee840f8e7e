import type { LayerSummary, ModelSummary } from '../../engine/graph/summary.ts';
import { amount, bytes } from '../../engine/report/quantities.ts';
import type { NewRule } from '../../language/editor/add-rule.ts';
import { describeLayers } from '../../language/editor/describe-layers.ts';
import { networkOf } from '../../language/selectors/network.ts';
import type { SelectionMessage } from '../../webview/protocol.ts';

/** Layers that were selected in a graph, and what a rule can say of them. Pure: it can be tested without an editor. */
export interface SelectedLayers {
  readonly message: SelectionMessage;
  /** What a rule chooses the format of; null: nothing of these layers has one. */
  readonly role: 'weights' | 'activations' | null;
}

/** @param names as the page sends them; what is no layer of the model does not count */
export function selectedLayers(summary: ModelSummary, names: readonly string[]): SelectedLayers {
  const network = networkOf(summary);
  const set = new Set(names.flatMap((name) => network.indexOf.get(name) ?? []));
  const layers = [...set].map((index) => network.layers[index]!);
  const role = roleOf(layers);
  const sum = (pick: (layer: LayerSummary) => number) => layers.reduce((total, layer) => total + pick(layer), 0);
  const [parameters, macs] = [sum((layer) => layer.parameters), sum((layer) => layer.macs)];
  const weights = sum((layer) => layer.weightBytes + layer.biasBytes);
  return {
    role,
    message: {
      kind: 'selection',
      layers: names,
      totals: [
        ['Parameters', parameters === 0 ? '' : amount(parameters)],
        ['MACs', macs === 0 ? '' : amount(macs)],
        ['Weights', weights === 0 ? '' : bytes(weights)],
      ],
      heads: describeLayers(set, network),
      refusal: role === null ? refusal(layers.length) : null,
    },
  };
}

function roleOf(layers: readonly LayerSummary[]): SelectedLayers['role'] {
  if (layers.some(({ weightInput }) => weightInput !== null)) return 'weights';
  return layers.some(({ quantization }) => quantization !== null) ? 'activations' : null;
}

function refusal(count: number): string {
  const subject = count === 1 ? 'This layer has' : 'These layers have';
  return `${subject} no integer form and ${count === 1 ? 'stays' : 'stay'} float: there is no format to choose.`;
}

/** The rule that a person asked for; undefined where it was not offered. */
export function ruleFor({ message, role }: SelectedLayers, head: number, keepFloat: boolean): NewRule | undefined {
  const text = message.heads[head];
  return text === undefined || role === null ? undefined : { head: text, says: keepFloat ? 'keep float' : role };
}
