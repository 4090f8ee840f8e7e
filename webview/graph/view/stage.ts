import { svg, withAttributes } from '../../dom.ts';
import { fullText } from '../../text.ts';
import {
  type Box,
  type Camera,
  contains,
  fitScale,
  keepOver,
  opening,
  pan,
  type Size,
  seen,
  wholeGraph,
  zoomAt,
} from '../camera.ts';
import { nodesIn, piecesIn } from '../in-view.ts';
import type { ChoiceKind } from '../selection.ts';
import { drawBackdrop } from './backdrop.ts';
import { type Detail, detailAt, drawCard, markCard, TextMeter } from './cards.ts';
import { edgePaths } from './edges.ts';
import { listenToHands } from './gestures.ts';
import { Minimap } from './minimap.ts';
import { onThemeChange, readPalette } from './palette.ts';
import type { Marks, Scene } from './scene.ts';

/** With more cards than this in view they are painted as rectangles and are no elements. */
const mostElements = 450;
/** What is drawn beyond the view on each side, as a share of it: panning within it only moves what is there. */
const reserve = 0.4;
const glide = 220;
/** Edges of selected nodes that are drawn apart. */
const mostLit = 2000;

export interface StageEvents {
  /** A node was clicked; null: the background. */
  choose(node: number | null, kind: ChoiceKind): void;
  /** A frame was drawn around nodes. */
  enclose(nodes: readonly number[]): void;
  moved(camera: Camera): void;
}

/** The drawing area: the graph with its camera, the overview at its side. Knows nothing of messages. */
export class Stage {
  readonly element = document.createElement('div');
  private readonly root = svg('svg', { 'data-testid': 'graph', 'data-layers': 0, role: 'group' });
  private readonly world = svg('g');
  private readonly lines = svg('path', { class: 'edges' });
  private readonly arrows = svg('path', { class: 'arrows' });
  private readonly capturedLines = svg('path', { class: 'edges captured' });
  private readonly capturedArrows = svg('path', { class: 'arrows' });
  private readonly litLines = svg('path', { class: 'edges lit' });
  private readonly litArrows = svg('path', { class: 'arrows lit' });
  private readonly cardLayer = svg('g');
  private readonly frameLine = svg('rect', { class: 'selection-frame' });
  private readonly backdrop = document.createElement('canvas');
  private readonly minimap = new Minimap((x, y) => this.look({ ...this.camera, x, y }));
  private meter = new TextMeter();
  private palette = readPalette();
  private scene: Scene | null = null;
  private marks: Marks = { selected: new Set(), ruled: new Set(), hits: new Set(), changes: new Map(), heat: null };
  private view: Size = { width: 0, height: 0 };
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  /** What to look at once the stage has a size. */
  private awaited: Camera | 'opening' | null = null;
  private cards = new Map<number, SVGGElement>();
  private drawn: { box: Box; detail: Detail; painted: boolean } | null = null;
  /** The node that the keyboard is at. */
  private cursor = 0;
  private frame = 0;
  private glideFrame = 0;
  private minimapStale = true;
  /** The cards drawn show marks of before. */
  private remark = false;

  private readonly events: StageEvents;

  constructor(events: StageEvents) {
    this.events = events;
    this.element.className = 'stage';
    this.backdrop.setAttribute('aria-hidden', 'true');
    this.backdrop.className = 'backdrop';
    this.world.append(
      this.lines,
      this.arrows,
      this.capturedLines,
      this.capturedArrows,
      this.litLines,
      this.litArrows,
      this.cardLayer,
    );
    this.root.append(this.world, this.frameLine);
    this.element.append(this.backdrop, this.root, this.minimap.canvas);
    listenToHands(this.element, {
      pan: (dx, dy) => this.look(pan(this.camera, dx, dy)),
      zoom: (x, y, factor) => this.zoom(factor, x, y),
      click: (x, y, kind) => this.events.choose(this.nodeAt(x, y), kind),
      frame: (box) => this.drawFrame(box),
      framed: (box) => this.events.enclose(this.nodesInFrame(box)),
      doubleClick: (x, y) => {
        const node = this.nodeAt(x, y);
        if (node !== null) this.reveal(node, Math.max(1, this.camera.scale));
      },
    });
    new ResizeObserver(() => this.measure()).observe(this.element);
    onThemeChange(() => {
      this.palette = readPalette();
      this.meter = new TextMeter();
      this.redraw();
    });
  }

  show(scene: Scene, camera: Camera | null): void {
    this.scene = scene;
    this.cursor = scene.layout.rows[0]?.[0] ?? 0;
    this.root.setAttribute('data-layers', String(scene.message.layers.length));
    this.root.setAttribute('aria-label', `Graph of ${fullText(scene.message.title, 120)}`);
    this.awaited = camera ?? 'opening';
    this.measure();
    this.redraw();
  }

  /** @param cursor node that the keyboard is to be at; null: where it was */
  mark(marks: Marks, cursor: number | null): void {
    if (cursor !== null) this.cursor = cursor;
    this.marks = marks;
    this.remark = true;
    this.minimapStale = true;
    this.schedule();
  }

  get at(): Camera {
    return this.camera;
  }

  zoom(factor: number, x = this.view.width / 2, y = this.view.height / 2): void {
    if (this.scene === null) return;
    const least = fitScale(this.scene.layout, this.view) * 0.6;
    this.look(zoomAt(this.camera, this.view, x, y, factor, least));
  }

  fit(): void {
    if (this.scene !== null) this.glideTo(wholeGraph(this.scene.layout, this.view));
  }

  panBy(dx: number, dy: number): void {
    this.look(pan(this.camera, dx * this.view.width, dy * this.view.height));
  }

  /** Brings a node to the middle, at a scale that lets it be read; does not move if it is in view and readable. */
  reveal(node: number, scale?: number): void {
    if (this.scene === null) return;
    const { layout } = this.scene;
    const target = { x: layout.x[node]!, y: layout.y[node]!, scale: scale ?? Math.max(this.camera.scale, 0.75) };
    const { width, height } = this.scene.cards[node]!;
    const card: Box = {
      left: target.x - width / 2,
      right: target.x + width / 2,
      top: target.y - height / 2,
      bottom: target.y + height / 2,
    };
    if (target.scale === this.camera.scale && contains(seen(this.camera, this.view, -0.06), card)) return;
    this.glideTo(target);
  }

  /** Whether any of a node's card is in view. */
  shows(node: number): boolean {
    if (this.scene === null) return false;
    const { layout, cards } = this.scene;
    const { left, right, top, bottom } = seen(this.camera, this.view);
    const [x, y] = [layout.x[node]!, layout.y[node]!];
    const { width, height } = cards[node]!;
    return x + width / 2 > left && x - width / 2 < right && y + height / 2 > top && y - height / 2 < bottom;
  }

  /** Moves the keyboard to a node. */
  focus(node: number): void {
    this.cursor = node;
    // The node may be out of view and have no element yet.
    this.remark = true;
    this.render();
    this.cards.get(node)?.focus({ preventScroll: true });
  }

  /** The node that has the keyboard. */
  get focused(): number | null {
    const active = document.activeElement?.closest('[data-node]');
    return active === null || active === undefined ? null : Number(active.getAttribute('data-node'));
  }

  private drawFrame(box: Box | null): void {
    const { left, right, top, bottom } = box ?? { left: 0, right: 0, top: 0, bottom: 0 };
    withAttributes(this.frameLine, { x: left, y: top, width: right - left, height: bottom - top });
  }

  /** Nodes whose cards a frame on the stage touches, in the order of reading. */
  private nodesInFrame({ left, right, top, bottom }: Box): number[] {
    const found: number[] = [];
    if (this.scene === null) return found;
    const from = this.inGraph(left, top);
    const to = this.inGraph(right, bottom);
    const box = { left: from.x, top: from.y, right: to.x, bottom: to.y };
    const { layout, cards } = this.scene;
    nodesIn(layout, cards, box, (node) => {
      // Ranks are found by what reaches furthest in them.
      const half = cards[node]!.height / 2;
      if (layout.y[node]! + half >= box.top && layout.y[node]! - half <= box.bottom) found.push(node);
    });
    return found;
  }

  /** The graph's point under a pixel of the stage. */
  private inGraph(x: number, y: number): { readonly x: number; readonly y: number } {
    const { camera, view } = this;
    return { x: (x - view.width / 2) / camera.scale + camera.x, y: (y - view.height / 2) / camera.scale + camera.y };
  }

  private nodeAt(x: number, y: number): number | null {
    if (this.scene === null) return null;
    const { x: gx, y: gy } = this.inGraph(x, y);
    // From far away a finger is larger than a card.
    const reach = 3 / this.camera.scale;
    const { layout, cards } = this.scene;
    let nearest: number | null = null;
    let best = Number.POSITIVE_INFINITY;
    const box = { left: gx - reach, right: gx + reach, top: gy - reach, bottom: gy + reach };
    nodesIn(layout, cards, box, (node) => {
      const dx = Math.max(0, Math.abs(gx - layout.x[node]!) - cards[node]!.width / 2);
      const dy = Math.max(0, Math.abs(gy - layout.y[node]!) - cards[node]!.height / 2);
      const away = Math.hypot(dx, dy);
      if (away <= reach && away < best) {
        best = away;
        nearest = node;
      }
    });
    return nearest;
  }

  private look(camera: Camera): void {
    if (this.scene === null) return;
    cancelAnimationFrame(this.glideFrame);
    this.move(camera);
  }

  private move(camera: Camera): void {
    this.camera = keepOver(camera, this.scene!.layout);
    this.events.moved(this.camera);
    this.schedule();
  }

  private glideTo(target: Camera): void {
    cancelAnimationFrame(this.glideFrame);
    const from = this.camera;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.look(target);
      return;
    }
    const began = performance.now();
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, now - began) / glide);
      const eased = 1 - (1 - t) ** 3;
      const scale = from.scale * (target.scale / from.scale) ** eased;
      this.move({ x: from.x + (target.x - from.x) * eased, y: from.y + (target.y - from.y) * eased, scale });
      if (t < 1) this.glideFrame = requestAnimationFrame(step);
    };
    this.glideFrame = requestAnimationFrame(step);
  }

  /** Takes the size that there is now. */
  measure(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    if (width !== this.view.width || height !== this.view.height) {
      this.view = { width, height };
      const ratio = window.devicePixelRatio || 1;
      this.backdrop.width = width * ratio;
      this.backdrop.height = height * ratio;
      this.redraw();
    }
    if (this.scene === null || this.awaited === null) return;
    const { layout } = this.scene;
    const start = layout.x[layout.rows[0]?.[0] ?? 0] ?? 0;
    this.camera = this.awaited === 'opening' ? opening(layout, this.view, start) : this.awaited;
    this.awaited = null;
    this.look(this.camera);
  }

  private redraw(): void {
    this.drawn = null;
    this.minimapStale = true;
    this.schedule();
  }

  private schedule(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  private render(): void {
    const { scene, view, camera } = this;
    if (scene === null || view.width === 0) return;
    const { scale } = camera;
    const shift = `translate(${view.width / 2 - camera.x * scale} ${view.height / 2 - camera.y * scale}) scale(${scale})`;
    this.world.setAttribute('transform', shift);
    const detail = detailAt(scale);
    if (this.remark || this.drawn?.detail !== detail || !contains(this.drawn.box, seen(camera, view))) {
      this.drawElements(detail);
    }
    this.world.style.setProperty('--stroke', String(Math.max(1.3, 0.9 / scale)));
    this.paintBackdrop();
    if (this.minimapStale) {
      this.minimap.paint(scene, this.marks, this.palette, view);
      this.minimapStale = false;
    }
    this.minimap.locate(camera, view, scene.layout, this.palette);
  }

  private paintBackdrop(): void {
    const ratio = window.devicePixelRatio || 1;
    const context = this.backdrop.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.view.width, this.view.height);
    if (this.drawn?.painted) {
      drawBackdrop(context, this.scene!, this.marks, this.palette, this.camera, this.view);
    }
  }

  /** Makes the elements of what is in view and around it; elements that stay are kept, with their focus. */
  private drawElements(detail: Detail): void {
    const scene = this.scene!;
    const { layout, cards } = scene;
    const box = seen(this.camera, this.view, reserve);
    const wanted = new Set<number>();
    nodesIn(layout, cards, box, (node) => wanted.add(node));
    const painted = wanted.size > mostElements;
    if (painted) wanted.clear();
    if (this.cursor < cards.length) wanted.add(this.cursor);

    const focused = this.focused;
    const stale = this.drawn === null || this.drawn.detail !== detail;
    for (const [node, element] of this.cards) {
      if (wanted.has(node) && !stale) continue;
      element.remove();
      this.cards.delete(node);
    }
    // In the order of the rows, which is the order of reading.
    for (const node of wanted) {
      const kept = this.cards.get(node);
      const element = kept ?? drawCard(scene, node, detail, this.meter);
      if (kept === undefined || this.remark) markCard(element, scene, node, this.marks, detail, this.meter);
      element.setAttribute('tabindex', node === this.cursor ? '0' : '-1');
      if (kept !== undefined) continue;
      this.cards.set(node, element);
      this.cardLayer.append(element);
    }
    this.remark = false;
    if (focused !== null && this.focused !== focused) this.cards.get(focused)?.focus({ preventScroll: true });

    const pieces: number[] = [];
    const captured: number[] = [];
    if (!painted) piecesIn(layout, box, (index) => (scene.captured.has(index) ? captured : pieces).push(index));
    setPaths(this.lines, this.arrows, edgePaths(layout, pieces));
    setPaths(this.capturedLines, this.capturedArrows, edgePaths(layout, captured));
    setPaths(this.litLines, this.litArrows, edgePaths(layout, this.litPieces(box)));
    this.root.setAttribute('class', `detail-${detail}${this.marks.heat === null ? '' : ' has-heat'}`);
    this.drawn = { box, detail, painted };
  }

  /** Pieces of the selected nodes' edges that reach into the box. */
  private litPieces(box: Box): Set<number> {
    const lit = new Set<number>();
    const { selected } = this.marks;
    if (selected.size === 0) return lit;
    const { layout, model } = this.scene!;
    const inBox = new Set<number>();
    piecesIn(layout, box, (index) => inBox.add(index));
    // Ways share their upper parts: of a value read thousands of times the trunk is walked a thousand times at most.
    let walked = 0;
    for (const node of selected) {
      for (const edge of [...model.incoming[node]!, ...model.outgoing[node]!]) {
        if (++walked > mostLit) return lit;
        for (const index of layout.way(edge)) if (inBox.has(index)) lit.add(index);
      }
    }
    return lit;
  }
}

function setPaths(lines: SVGPathElement, arrows: SVGPathElement, data: { lines: string; arrows: string }): void {
  lines.setAttribute('d', data.lines);
  arrows.setAttribute('d', data.arrows);
}
