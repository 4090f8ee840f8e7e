import { type Camera, type Size, seen } from '../camera.ts';
import type { Palette } from './palette.ts';
import type { Marks, Scene } from './scene.ts';

const mostWidth = 110;
const mostScale = 0.14;
const inset = 8;

/**
 * The whole graph as a strip at the side, as the editor shows a file: where the view is, where the sensitive layers and
 * the hits are. Heights and widths have scales of their own, so that a model of a thousand layers keeps its width.
 */
export class Minimap {
  readonly canvas = document.createElement('canvas');
  private readonly picture = document.createElement('canvas');
  private scaleX = 1;
  private scaleY = 1;
  private size: Size = { width: 0, height: 0 };
  private ratio = 1;

  private readonly moveTo: (x: number, y: number) => void;

  constructor(moveTo: (x: number, y: number) => void) {
    this.moveTo = moveTo;
    this.canvas.className = 'minimap';
    this.canvas.setAttribute('aria-hidden', 'true');
    this.canvas.addEventListener('pointerdown', (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.go(event);
      event.stopPropagation();
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.go(event);
    });
  }

  private go(event: PointerEvent): void {
    const bounds = this.canvas.getBoundingClientRect();
    this.moveTo(
      (event.clientX - bounds.left - inset) / this.scaleX,
      (event.clientY - bounds.top - inset) / this.scaleY,
    );
  }

  /** Draws the graph anew; only when the graph, its marks, the theme or the size of the stage changed. */
  paint(scene: Scene, marks: Marks, palette: Palette, stage: Size): void {
    const { layout, cards } = scene;
    this.scaleX = Math.min(mostScale, (mostWidth - 2 * inset) / Math.max(1, layout.width));
    this.scaleY = Math.min(mostScale, (stage.height - 24 - 2 * inset) / Math.max(1, layout.height));
    this.ratio = window.devicePixelRatio || 1;
    this.size = {
      width: Math.ceil(layout.width * this.scaleX) + 2 * inset,
      height: Math.ceil(layout.height * this.scaleY) + 2 * inset,
    };
    for (const canvas of [this.canvas, this.picture]) {
      canvas.width = this.size.width * this.ratio;
      canvas.height = this.size.height * this.ratio;
    }
    this.canvas.style.width = `${this.size.width}px`;
    this.canvas.style.height = `${this.size.height}px`;
    const context = this.picture.getContext('2d')!;
    context.setTransform(this.ratio, 0, 0, this.ratio, inset * this.ratio, inset * this.ratio);
    const block = (node: number, colour: string, least: number) => {
      const width = Math.max(2, cards[node]!.width * this.scaleX);
      const height = Math.max(least, cards[node]!.height * this.scaleY);
      context.fillStyle = colour;
      context.fillRect(
        layout.x[node]! * this.scaleX - width / 2,
        layout.y[node]! * this.scaleY - height / 2,
        width,
        height,
      );
    };
    const heat = marks.heat?.ofNode;
    cards.forEach((card, node) => {
      const known = heat?.get(node);
      const plain = heat === undefined ? palette.kind(card.kind) : palette.faint;
      block(node, known === undefined ? plain : palette.heat[known.level]!, 1);
    });
    for (const node of marks.hits) block(node, palette.hit, 3);
    for (const node of marks.changes.keys()) block(node, palette.change, 3);
    for (const node of marks.ruled) block(node, palette.rule, 3);
    for (const node of marks.selected) block(node, palette.accent, 3);
  }

  /** Shows where the view is. Hidden while all of the graph is in view. */
  locate(camera: Camera, view: Size, layout: Size, palette: Palette): void {
    const box = seen(camera, view);
    const all = box.left <= 0 && box.top <= 0 && box.right >= layout.width && box.bottom >= layout.height;
    this.canvas.classList.toggle('idle', all || layout.height === 0);
    if (all) return;
    const context = this.canvas.getContext('2d')!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.picture, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const clampX = (x: number) => Math.min(Math.max(x * this.scaleX + inset, 1.5), this.size.width - 1.5);
    const clampY = (y: number) => Math.min(Math.max(y * this.scaleY + inset, 1.5), this.size.height - 1.5);
    const left = clampX(box.left);
    const top = clampY(box.top);
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.strokeRect(left, top, Math.max(4, clampX(box.right) - left), Math.max(4, clampY(box.bottom) - top));
  }
}
