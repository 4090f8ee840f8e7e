import { type Camera, type Size, seen } from '../camera.ts';
import { nodesIn, piecesIn } from '../in-view.ts';
import { piece, stride } from '../layout/layout.ts';
import type { Palette } from './palette.ts';
import type { Marks, Scene } from './scene.ts';

/** Smallest height of a card in pixels, so that a layer of ten thousand still leaves a trace. */
const trace = 1;

/** Draws the graph from far away: cards as rectangles of their colour, edges as straight lines. Costs little per node. */
export function drawBackdrop(
  context: CanvasRenderingContext2D,
  scene: Scene,
  marks: Marks,
  palette: Palette,
  camera: Camera,
  view: Size,
): void {
  const { layout, cards } = scene;
  const { scale } = camera;
  const toX = (x: number) => (x - camera.x) * scale + view.width / 2;
  const toY = (y: number) => (y - camera.y) * scale + view.height / 2;
  const box = seen(camera, view);

  context.beginPath();
  piecesIn(layout, box, (index) => {
    const at = index * stride;
    const x1 = layout.pieces[at + piece.x1]!;
    const x2 = layout.pieces[at + piece.x2]!;
    const top = layout.pieces[at + piece.top]!;
    const bottom = layout.pieces[at + piece.bottom]!;
    context.moveTo(toX(x1), toY(top));
    if (Math.abs(x2 - x1) * scale > 1) {
      context.lineTo(toX(x1), toY(layout.pieces[at + piece.bend]!));
      context.lineTo(toX(x2), toY(layout.pieces[at + piece.land]!));
    }
    context.lineTo(toX(x2), toY(bottom));
  });
  context.strokeStyle = palette.edge;
  context.lineWidth = Math.max(0.5, Math.min(1, 6 * scale));
  context.stroke();

  // One path per colour: changing colours is what costs.
  const byColour = new Map<string, number[]>();
  nodesIn(layout, cards, box, (node) => {
    const heat = marks.heat?.ofNode.get(node);
    const plain = marks.heat === null ? palette.kind(cards[node]!.kind) : palette.faint;
    const colour = heat === undefined ? plain : palette.heat[heat.level]!;
    const list = byColour.get(colour);
    if (list === undefined) byColour.set(colour, [node]);
    else list.push(node);
  });
  const rectangle = (node: number, grow: number) => {
    const width = Math.max(2, cards[node]!.width * scale) + 2 * grow;
    const height = Math.max(trace, cards[node]!.height * scale) + 2 * grow;
    context.rect(toX(layout.x[node]!) - width / 2, toY(layout.y[node]!) - height / 2, width, height);
  };
  context.globalAlpha = marks.hits.size > 0 ? 0.4 : 1;
  for (const [colour, nodes] of byColour) {
    context.beginPath();
    for (const node of nodes) rectangle(node, 0);
    context.fillStyle = colour;
    context.fill();
  }
  context.globalAlpha = 1;
  const mark = (nodes: Iterable<number>, colour: string) => {
    context.beginPath();
    for (const node of nodes) rectangle(node, 1);
    context.fillStyle = colour;
    context.fill();
  };
  mark(marks.hits, palette.hit);
  mark(marks.changes.keys(), palette.change);
  mark(marks.ruled, palette.rule);
  mark(marks.selected, palette.accent);
}
