import type { GraphMessage, LayerChange, LayerSensitivityView, SensitivityMessage } from '../../protocol.ts';
import { type Card, cardOf } from '../card.ts';
import { type Layout, layOut } from '../layout/layout.ts';
import { buildModel, type GraphModel } from '../model.ts';
import { searchIndex } from '../search.ts';
import { type HeatScale, heatScale } from '../sensitivity.ts';

/** A model made ready to draw. */
export interface Scene {
  readonly message: GraphMessage;
  readonly model: GraphModel;
  readonly cards: readonly Card[];
  readonly layout: Layout;
  readonly index: readonly string[];
  /** Pieces of the edges of captured values, which are drawn dashed. */
  readonly captured: ReadonlySet<number>;
}

export function sceneOf(message: GraphMessage): Scene {
  const model = buildModel(message);
  const cards = model.nodes.map(cardOf);
  const layout = layOut({ sizes: cards, edges: model.edges });
  const captured = new Set(model.edges.flatMap((edge, i) => (edge.captured ? layout.way(i) : [])));
  return { message, model, cards, layout, index: searchIndex(model.nodes), captured };
}

/** What is known of the layers' sensitivity, by node. */
export interface Heat {
  readonly scale: HeatScale;
  readonly basis: string;
  readonly layers: readonly LayerSensitivityView[];
  readonly ofNode: ReadonlyMap<number, LayerSensitivityView & { readonly level: number }>;
}

export function heatOf(scene: Scene, message: SensitivityMessage): Heat | null {
  if (message.state.kind !== 'done') return null;
  const { layers, basis } = message.state;
  const scale = heatScale(layers);
  const ofNode = new Map<number, LayerSensitivityView & { readonly level: number }>();
  for (const view of layers) {
    const node = scene.model.layerByName.get(view.layer);
    if (node !== undefined) ofNode.set(node, { ...view, level: scale.level(view.sqnr.value) });
  }
  return { scale, basis, layers, ofNode };
}

/** What a person has marked: drawn apart from the rest and kept when the scene is drawn again. */
export interface Marks {
  readonly selected: ReadonlySet<number>;
  /** Layers of the rule at the cursor of a spec. */
  readonly ruled: ReadonlySet<number>;
  readonly hits: ReadonlySet<number>;
  /** What is other than in the version beside it. */
  readonly changes: ReadonlyMap<number, LayerChange>;
  readonly heat: Heat | null;
}
