import { element } from '../dom.ts';
import type { WebviewHost } from '../host.ts';
import type { GraphMessage, SensitivityMessage, ViewAction } from '../protocol.ts';
import { isLayer } from './model.ts';
import { findNodes, hitsText, nextHit } from './search.ts';
import { type Remembered, readRemembered } from './state.ts';
import { detailsOf } from './view/details.ts';
import { listenToKeys } from './view/keys.ts';
import { legendLine, showProgress } from './view/legend.ts';
import { type Heat, heatOf, type Scene, sceneOf } from './view/scene.ts';
import { Stage } from './view/stage.ts';
import { Toolbar } from './view/toolbar.ts';

/** Below this width the details lie over the graph, and are closed until something is selected. */
const narrow = 720;

/** The graph's page: what is shown, selected and searched, and its parts kept in step with it. */
export class GraphPage {
  readonly element: HTMLElement;
  private readonly stage: Stage;
  private readonly toolbar: Toolbar;
  private readonly legend = element('div', 'legend-slot');
  private readonly details = element('aside', 'details');
  private scene: Scene | null = null;
  private sensitivity: SensitivityMessage | null = null;
  private heat: Heat | null = null;
  private selected: number | null = null;
  private query = '';
  private hits: readonly number[] = [];
  private panel = window.innerWidth >= narrow;
  private past: Remembered | null;
  /** A layer that was to be revealed before its graph came. */
  private awaited: string | null = null;
  private saving = 0;
  private readonly host: WebviewHost;

  constructor(host: WebviewHost) {
    this.host = host;
    this.past = readRemembered(host.remembered);
    this.stage = new Stage({
      choose: (node) => this.select(node, node !== null),
      moved: (camera) => {
        this.toolbar.zoomed = camera.scale;
        this.save();
      },
    });
    this.toolbar = new Toolbar({
      query: (text) => this.search(text),
      step: (by) => this.step(by),
      zoom: (factor) => this.stage.zoom(factor),
      actualSize: () => this.stage.zoom(1 / this.stage.at.scale),
      fit: () => this.stage.fit(),
      action: (action) => this.act(action),
      togglePanel: () => this.showPanel(!this.panel),
      leaveSearch: () => this.focusGraph(),
    });
    this.details.setAttribute('data-testid', 'details');
    this.details.setAttribute('aria-label', 'Details');
    this.element = element(
      'div',
      'graph-page',
      this.toolbar.element,
      this.legend,
      element('div', 'graph-main', this.stage.element, this.details),
    );
    listenToKeys(this.stage, {
      model: () => (this.scene === null ? null : { model: this.scene.model, layout: this.scene.layout }),
      select: (node) => this.select(node, false),
      search: () => this.toolbar.focusSearch(),
      fit: () => this.stage.fit(),
      actualSize: () => this.stage.zoom(1 / this.stage.at.scale),
    });
  }

  showGraph(message: GraphMessage): void {
    const before = this.scene;
    const keep: Remembered | null =
      before === null ? this.past : before.message.title === message.title ? this.now() : null;
    const scene = sceneOf(message);
    this.scene = scene;
    this.past = null;
    const same = keep !== null && keep.title === message.title ? keep : null;
    if (same !== null && before === null) this.showPanel(same.panel);
    this.toolbar.show(message);
    this.selected = same?.selected == null ? null : (scene.model.layerByName.get(same.selected) ?? null);
    this.heat = this.sensitivity === null ? null : heatOf(scene, this.sensitivity);
    this.stage.show(scene, same?.camera ?? null);
    this.query = same?.query ?? '';
    this.toolbar.query = this.query;
    this.hits = findNodes(scene.index, this.query);
    this.update();
    this.details.classList.toggle('closed', !this.panel);
    if (this.awaited !== null) this.reveal(this.awaited);
  }

  showSensitivity(message: SensitivityMessage): void {
    const before = this.sensitivity?.state.kind;
    this.sensitivity = message;
    if (this.scene === null) return;
    const line = this.legend.firstElementChild;
    if (message.state.kind === 'running' && before === 'running' && line !== null) {
      showProgress(line, message.state);
      return;
    }
    // While a new measurement runs, the colours of the last one stay.
    if (message.state.kind !== 'running') this.heat = heatOf(this.scene, message);
    this.update();
  }

  reveal(layer: string): void {
    if (this.scene === null) {
      this.awaited = layer;
      return;
    }
    this.awaited = null;
    const node = this.scene.model.layerByName.get(layer);
    if (node === undefined) return;
    this.select(node, true);
    this.stage.reveal(node);
  }

  private select(node: number | null, open: boolean): void {
    if (this.scene === null) return;
    if (open && !this.panel) this.showPanel(true);
    if (node === this.selected) return;
    this.selected = node;
    this.update();
    const about = node === null ? undefined : this.scene.model.nodes[node];
    this.host.send({ kind: 'select', layer: isLayer(about) ? about.name : null });
  }

  private search(text: string): void {
    this.query = text;
    if (this.scene === null) return;
    this.hits = findNodes(this.scene.index, text);
    this.update();
  }

  private step(by: 1 | -1): void {
    const node = nextHit(this.hits, this.selected, by);
    if (node === null) return;
    this.select(node, false);
    this.stage.reveal(node);
  }

  private act(action: ViewAction): void {
    this.host.send({ kind: 'action', action });
  }

  private focusGraph(): void {
    if (this.scene === null || this.scene.model.nodes.length === 0) return;
    this.stage.focus(this.selected ?? this.scene.layout.rows[0]![0]!);
  }

  private showPanel(open: boolean): void {
    this.panel = open;
    this.details.classList.toggle('closed', !open);
    this.save();
  }

  /** Brings all parts in step with what is selected, searched and measured. */
  private update(): void {
    const { scene } = this;
    if (scene === null) return;
    this.stage.mark({ selected: this.selected, hits: new Set(this.hits), heat: this.heat });
    this.toolbar.found = hitsText(this.hits, this.selected, this.query);
    this.legend.replaceChildren(legendLine(scene, this.sensitivity, this.heat, (action) => this.act(action)));
    const content = detailsOf(scene, this.selected, this.heat, {
      jump: (node) => {
        this.select(node, true);
        this.stage.reveal(node);
      },
      send: (message) => this.host.send(message),
    });
    this.details.replaceChildren(content);
    this.save();
  }

  private now(): Remembered {
    const about = this.selected === null ? undefined : this.scene?.model.nodes[this.selected];
    return {
      title: this.scene?.message.title ?? '',
      camera: this.stage.at,
      selected: isLayer(about) ? about.name : null,
      query: this.query,
      panel: this.panel,
    };
  }

  /** Remembers a moment later: a drag changes the camera at every frame. */
  private save(): void {
    if (this.scene === null) return;
    clearTimeout(this.saving);
    this.saving = window.setTimeout(() => this.host.remember(this.now()), 150);
  }
}
