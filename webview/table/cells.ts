import { element, svg, withAttributes } from '../dom.ts';
import { fullText, splitName } from '../text.ts';

/** A name that keeps its end in sight where it is too long for its place, with all of it as the tooltip. */
export function nameLabel(name: string, tailLength?: number): HTMLElement {
  const [head, tail] = splitName(name, tailLength);
  const label = element(
    'bdi',
    'name',
    element('span', 'name-head', head),
    ...(tail ? [element('span', 'name-tail', tail)] : []),
  );
  label.title = fullText(name);
  return label;
}

/** A text that is cut at its end where it is too long for its place, with all of it as the tooltip. */
export function clip(text: string, className = ''): HTMLElement {
  return withAttributes(element('span', `clip ${className}`.trim(), text), { title: fullText(text) });
}

export function formatChip(format: string): HTMLElement {
  return withAttributes(element('span', format.includes('float') ? 'chip float' : 'chip', format), {
    title: fullText(format),
  });
}

/** A bar under a number: its share of `whole`, and behind it what it was before. */
export function miniBar(value: number, whole: number, ghost = 0): SVGElement {
  const width = (part: number) => (whole > 0 && part > 0 ? Math.max(1, (100 * part) / whole) : 0).toFixed(1);
  return svg(
    'svg',
    { class: 'mini', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'track', width: 100, height: 3 }),
    svg('rect', { class: 'ghost', width: width(ghost), height: 3 }),
    svg('rect', { class: 'fill', width: width(value), height: 3 }),
  );
}
