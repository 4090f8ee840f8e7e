import { svg } from '../../dom.ts';
import type { LayerChange } from '../../protocol.ts';
import { elide, elideToWidth } from '../../text.ts';
import { type Card, cardSize, labelOf } from '../card.ts';
import { changeSigns } from './comparison.ts';
import type { Marks, Scene } from './scene.ts';

/** How much of a card is drawn: all of it, its operator in large letters, or its colour. */
export type Detail = 'full' | 'title' | 'block';

/** Below these scales text of a card is too small to be read. */
const readable = 0.5;
const recognisable = 0.2;

export function detailAt(scale: number): Detail {
  return scale >= readable ? 'full' : scale >= recognisable ? 'title' : 'block';
}

const fontSizes = { title: 13, name: 11, facts: 11, shape: 11, chip: 11, large: 34 } as const;

/** Widths of text in the page's font, to cut what does not fit. */
export class TextMeter {
  private readonly context = document.createElement('canvas').getContext('2d')!;
  private readonly family = getComputedStyle(document.body).fontFamily || 'sans-serif';

  width(size: keyof typeof fontSizes): (text: string) => number {
    const bold = size === 'title' || size === 'large' || size === 'chip';
    return (text) => {
      this.context.font = `${bold ? 600 : 400} ${fontSizes[size]}px ${this.family}`;
      return this.context.measureText(text).width;
    };
  }
}

/** The card of one node, its centre at the origin of its group. */
export function drawCard(scene: Scene, node: number, detail: Detail, meter: TextMeter): SVGGElement {
  const card = scene.cards[node]!;
  const about = scene.model.nodes[node]!;
  const { width, height } = card;
  const left = -width / 2;
  const top = -height / 2;
  const rounded = about.kind === 'layer' ? 5 : height / 2;
  const group = svg('g', {
    class: `card kind-${card.kind}`,
    role: 'button',
    tabindex: -1,
    transform: `translate(${scene.layout.x[node]} ${scene.layout.y[node]})`,
    'data-node': node,
    ...(about.kind === 'layer' ? { 'data-layer': elide(about.name, 1000) } : { 'data-terminal': about.kind }),
  });
  group.append(
    svg('title', {}, labelOf(about)),
    svg('rect', { class: 'body', x: left, y: top, width, height, rx: rounded }),
  );
  if (about.kind === 'layer') {
    const band = `M${left + 5} ${top}h${cardSize.band - 5}v${height}h${5 - cardSize.band}a5 5 0 0 1 -5 -5v${10 - height}a5 5 0 0 1 5 -5z`;
    group.append(svg('path', { class: 'band', d: band }));
    if (!about.layer.supported) group.classList.add('unsupported');
  }
  group.append(
    svg('rect', { class: 'ring', x: left - 3, y: top - 3, width: width + 6, height: height + 6, rx: rounded + 3 }),
  );
  if (detail === 'full') writeAll(group, scene, node, meter);
  if (detail === 'title') {
    const room = width - 24;
    const natural = meter.width('large')(elide(card.title, 60));
    const size = Math.max(20, Math.min(fontSizes.large, (fontSizes.large * room) / Math.max(1, natural)));
    const text = elideToWidth(card.title, (room * fontSizes.large) / size, meter.width('large'));
    group.append(svg('text', { class: 'large', x: 2, y: 0, 'font-size': size }, text));
  }
  return group;
}

function writeAll(group: SVGGElement, scene: Scene, node: number, meter: TextMeter): void {
  const card = scene.cards[node]!;
  const terminal = scene.model.nodes[node]!.kind !== 'layer';
  const left = terminal ? 0 : -card.width / 2 + cardSize.band + cardSize.padding;
  const room = card.width - 2 * cardSize.padding - (terminal ? 16 : cardSize.band);
  let y = -card.height / 2 + cardSize.padding + 12;
  // The number of decibels stands at the right of the title.
  const chipRoom = terminal ? 0 : 60;
  group.append(
    svg('text', { class: 'title', x: left, y }, elideToWidth(card.title, room - chipRoom, meter.width('title'))),
  );
  y += cardSize.title - 1;
  for (const { text, role } of card.lines) {
    group.append(svg('text', { class: role, x: left, y }, elideToWidth(text, room, meter.width(role))));
    y += cardSize.line;
  }
}

/** Shows a card's marks: its heat with the number, whether it is selected, found or passed over. */
export function markCard(
  group: SVGGElement,
  scene: Scene,
  node: number,
  marks: Marks,
  detail: Detail,
  meter: TextMeter,
): void {
  const heat = marks.heat?.ofNode.get(node);
  const searching = marks.hits.size > 0;
  const selected = marks.selected.has(node);
  group.classList.toggle('selected', selected);
  markChange(group, scene.cards[node]!, marks.changes.get(node)?.change);
  markRuled(group, scene.cards[node]!, marks.ruled.has(node));
  group.classList.toggle('hit', marks.hits.has(node));
  group.classList.toggle('passed-over', searching && !marks.hits.has(node) && !selected);
  group.classList.toggle('heated', heat !== undefined);
  for (const name of [...group.classList]) if (name.startsWith('heat-')) group.classList.remove(name);
  group.querySelector('.chip, .large-db')?.remove();
  group.querySelector('.large')?.setAttribute('y', '0');
  const about = scene.model.nodes[node]!;
  group.setAttribute('aria-pressed', String(selected));
  const said = [labelOf(about), heat && elide(heat.sqnr.text, 40), marks.changes.get(node)?.change];
  group.setAttribute('aria-label', said.filter(Boolean).join(', '));
  if (heat === undefined) return;
  group.classList.add(`heat-${heat.level}`);
  const { width, height } = scene.cards[node]!;
  if (detail === 'full') {
    const text = elide(heat.sqnr.text, 12);
    const chip = Math.min(72, meter.width('chip')(text) + 12);
    group.append(
      svg(
        'g',
        { class: 'chip', transform: `translate(${width / 2 - 7 - chip} ${-height / 2 + 7})` },
        svg('rect', { width: chip, height: 17, rx: 8.5 }),
        svg('text', { x: chip / 2, y: 12.5 }, text),
      ),
    );
  }
  if (detail === 'title' && height > 58) {
    group.querySelector('.large')?.setAttribute('y', '-14');
    group.append(svg('text', { class: 'large-db', x: 2, y: 19 }, elide(heat.sqnr.text, 12)));
  }
}

/** A second frame around the layers of the rule at the cursor: they may be selected or found as well. */
function markRuled(group: SVGGElement, { width, height }: Card, ruled: boolean): void {
  const frame = group.querySelector('.rule-frame');
  if (!ruled) frame?.remove();
  if (!ruled || frame !== null) return;
  const [x, y] = [-width / 2 - 7, -height / 2 - 7];
  group.append(svg('rect', { class: 'rule-frame', x, y, width: width + 14, height: height + 14, rx: 10 }));
}

/** A sign at the corner, so that colour is not all that tells a difference. */
function markChange(group: SVGGElement, { width, height }: Card, change: LayerChange['change'] | undefined): void {
  group.querySelector('.change')?.remove();
  for (const name of Object.keys(changeSigns)) group.classList.toggle(`is-${name}`, name === change);
  if (change === undefined) return;
  group.append(
    svg(
      'g',
      { class: 'change', transform: `translate(${-width / 2} ${-height / 2})` },
      svg('circle', { r: 9 }),
      svg('text', { y: 4.5 }, changeSigns[change]),
    ),
  );
}
