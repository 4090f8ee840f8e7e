import { element } from '../dom.ts';
import type { WebviewHost } from '../host.ts';
import type {
  ComparisonMessage,
  GraphMessage,
  LayerChange,
  RuleAtCursorMessage,
  SelectionMessage,
  SensitivityMessage,
  ViewAction,
} from '../protocol.ts';
import { isLayer } from './model.ts';
import { findNodes, hitsText, nextHit } from './search.ts';
import { alike, type ChoiceKind, chosen, nothing, only, type Selection, withAll } from './selection.ts';
import { type Remembered, readRemembered } from './state.ts';
import { comparisonLine } from './view/comparison.ts';
import { detailsOf } from './view/details.ts';
import { listenToKeys } from './view/keys.ts';
import { legendLine, showProgress } from './view/legend.ts';
import { ruleNote } from './view/rule-note.ts';
import { type Heat, heatOf, type Scene, sceneOf } from './view/scene.ts';
import { Stage } from './view/stage.ts';
import { Toolbar } from './view/toolbar.ts';

/** Below this width, as beside a spec, the details lie below the graph, and are closed until something is selected. */
const narrow = 720;

/** The graph's page: what is shown, selected and searched, and its parts kept in step with it. */
export class GraphPage {
  readonly element: HTMLElement;
  private readonly stage: Stage;
  private readonly toolbar: Toolbar;
  private readonly legend = element('div', 'legend-slot');
  private readonly compared = element('div', 'legend-slot');
  private readonly details = element('aside', 'details');
  private readonly note = element('div', 'rule-note-slot');
  private scene: Scene | null = null;
  private sensitivity: SensitivityMessage | null = null;
  private heat: Heat | null = null;
  private selection: Selection = nothing;
  /** What the host says of the selected layers; null: nothing yet. */
  private answer: SelectionMessage | null = null;
  /** Which of the heads offered a rule is written with. */
  private head = 0;
  private comparison: ComparisonMessage | null = null;
  private changes: ReadonlyMap<number, LayerChange> = new Map();
  private ruleAtCursor: RuleAtCursorMessage | null = null;
  private ruled: ReadonlySet<number> = new Set();
  private query = '';
  private hits: readonly number[] = [];
  private panel = window.innerWidth >= narrow;
  private past: Remembered | null;
  /** Layers that were to be revealed before their graph came. */
  private awaited: readonly string[] | null = null;
  private saving = 0;
  private readonly host: WebviewHost;

  constructor(host: WebviewHost) {
    this.host = host;
    this.past = readRemembered(host.remembered);
    this.stage = new Stage({
      choose: (node, kind) => this.choose(node, kind, node !== null),
      enclose: (nodes) => this.select(withAll(this.selection, nodes), true),
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
      this.compared,
      this.legend,
      element('div', 'graph-main', element('div', 'stage-place', this.stage.element, this.note), this.details),
    );
    listenToKeys(this.stage, {
      model: () => (this.scene === null ? null : { model: this.scene.model, layout: this.scene.layout }),
      select: (node, kind) => this.choose(node, kind, false),
      selectAll: () => this.selectAll(),
      selectAlike: () => this.selectAlike(),
      addRule: () => this.addRule(false),
      stepChange: (by) => this.stepChange(by),
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
    this.selection = withAll(nothing, this.nodesOf(same?.selected ?? []));
    this.ruled = new Set(this.nodesOf(this.ruleAtCursor?.layers ?? []));
    this.changes = this.changesIn(this.comparison);
    this.tell();
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

  reveal(layers: readonly string[]): void {
    if (this.scene === null) {
      this.awaited = layers;
      return;
    }
    this.awaited = null;
    const nodes = this.nodesOf(layers);
    if (nodes.length === 0 && layers.length > 0) return;
    this.select(withAll(nothing, nodes), window.innerWidth >= narrow);
    if (nodes.length > 0) this.stage.reveal(nodes[0]!);
  }

  /** The host's word on what is selected. */
  showAnswer(message: SelectionMessage): void {
    const names = this.selectedLayers();
    if (names.length !== message.layers.length || names.some((name, i) => name !== message.layers[i])) return;
    this.answer = message;
    this.drawDetails();
  }

  showComparison(message: ComparisonMessage): void {
    this.comparison = message;
    this.changes = this.changesIn(message);
    this.update();
  }

  private changesIn(message: ComparisonMessage | null): ReadonlyMap<number, LayerChange> {
    const changes = (message?.layers ?? []).flatMap((change) =>
      this.nodesOf([change.layer]).map((node) => [node, change] as const),
    );
    return new Map(changes.sort(([a], [b]) => a - b));
  }

  showRuleAtCursor(message: RuleAtCursorMessage): void {
    this.ruleAtCursor = message;
    this.ruled = new Set(this.nodesOf(message.layers));
    if (this.scene === null) return;
    this.update();
    // Whoever looks for something here is not to be taken elsewhere.
    const [first] = this.ruled;
    if (first !== undefined && !document.hasFocus() && ![...this.ruled].some((node) => this.stage.shows(node))) {
      this.stage.reveal(first);
    }
  }

  private choose(node: number | null, kind: ChoiceKind, open: boolean): void {
    if (this.scene === null) return;
    // A click beside a card that was to take more ends nothing.
    if (node === null) {
      this.select(kind === 'alone' ? nothing : this.selection, false);
      return;
    }
    const opens = open && !this.panel;
    this.select(chosen(this.selection, node, kind, this.scene.model), open);
    // The panel may have taken its place.
    if (opens) this.stage.reveal(node, this.stage.at.scale);
  }

  private select(selection: Selection, open: boolean): void {
    if (this.scene === null) return;
    if (open && !this.panel) this.showPanel(true);
    const { nodes, last } = this.selection;
    if (
      last === selection.last &&
      nodes.size === selection.nodes.size &&
      [...nodes].every((n) => selection.nodes.has(n))
    )
      return;
    this.selection = selection;
    this.tell();
    this.update();
  }

  /** Tells the host what is selected now, and forgets what it said of the selection before. */
  private tell(): void {
    this.answer = null;
    this.head = 0;
    this.host.send({ kind: 'select', layers: this.selectedLayers() });
  }

  /** In the order of the model. */
  private selectedLayers(): string[] {
    const nodes = this.scene?.model.nodes ?? [];
    return [...this.selection.nodes]
      .sort((a, b) => a - b)
      .flatMap((node) => {
        const about = nodes[node];
        return isLayer(about) ? [about.name] : [];
      });
  }

  private nodesOf(layers: readonly string[]): number[] {
    return layers.flatMap((layer) => this.scene?.model.layerByName.get(layer) ?? []);
  }

  private selectAll(): void {
    if (this.scene === null) return;
    const layers = this.scene.model.nodes.flatMap((node, i) => (isLayer(node) ? [i] : []));
    this.select(withAll(nothing, this.hits.length > 0 ? this.hits : layers), true);
  }

  private selectAlike(): void {
    if (this.scene === null) return;
    const { layers } = alike(this.selection.nodes, this.scene.model);
    this.select(withAll(this.selection, layers), false);
  }

  private addRule(keepFloat: boolean): void {
    if (this.answer === null || this.answer.refusal !== null || this.answer.heads.length === 0) return;
    this.host.send({ kind: 'addRule', head: this.head, keepFloat });
  }

  private search(text: string): void {
    this.query = text;
    if (this.scene === null) return;
    this.hits = findNodes(this.scene.index, text);
    this.update();
  }

  private step(by: 1 | -1): void {
    this.goTo(nextHit(this.hits, this.selection.last, by), false);
  }

  private stepChange(by: 1 | -1): void {
    this.goTo(nextHit([...this.changes.keys()], this.selection.last, by), true);
  }

  private goTo(node: number | null, open: boolean): void {
    if (node === null) return;
    this.select(only(node), open);
    this.stage.reveal(node);
  }

  private act(action: ViewAction): void {
    this.host.send({ kind: 'action', action });
  }

  private focusGraph(): void {
    if (this.scene === null || this.scene.model.nodes.length === 0) return;
    this.stage.focus(this.selection.last ?? this.scene.layout.rows[0]![0]!);
  }

  private showPanel(open: boolean): void {
    this.panel = open;
    this.details.classList.toggle('closed', !open);
    this.stage.measure();
    this.save();
  }

  /** Brings all parts in step with what is selected, searched and measured. */
  private update(): void {
    const { scene } = this;
    if (scene === null) return;
    const { nodes, last } = this.selection;
    this.stage.mark(
      { selected: nodes, ruled: this.ruled, hits: new Set(this.hits), changes: this.changes, heat: this.heat },
      last,
    );
    this.toolbar.found = hitsText(this.hits, last, this.query);
    this.legend.replaceChildren(legendLine(scene, this.sensitivity, this.heat, (action) => this.act(action)));
    const compared = comparisonLine(this.comparison, (by) => this.stepChange(by));
    this.compared.replaceChildren(...(compared ? [compared] : []));
    const note = ruleNote(this.ruleAtCursor, this.ruled.size, () =>
      this.select(
        withAll(
          nothing,
          [...this.ruled].sort((a, b) => a - b),
        ),
        true,
      ),
    );
    this.note.replaceChildren(...(note ? [note] : []));
    this.drawDetails();
    this.save();
  }

  private drawDetails(): void {
    const { scene, heat, answer, head, changes } = this;
    if (scene === null) return;
    const content = detailsOf(
      { scene, selection: this.selection, heat, answer, head, changes },
      {
        jump: (node) => {
          this.select(only(node), true);
          this.stage.reveal(node);
        },
        send: (message) => this.host.send(message),
        takeHead: (taken) => {
          this.head = taken;
        },
        selectAlike: () => this.selectAlike(),
        clear: () => this.select(nothing, false),
        addRule: (keepFloat) => this.addRule(keepFloat),
      },
    );
    this.details.replaceChildren(content);
  }

  private now(): Remembered {
    return {
      title: this.scene?.message.title ?? '',
      camera: this.stage.at,
      selected: this.selectedLayers(),
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
