import { svg } from '../../dom.ts';

const shapes = {
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4M6 6h4v4H6z',
  copy: 'M5 5V2h9v9h-3M2 5h9v9H2z',
  previous: 'M3 10l5-5 5 5',
  next: 'M3 6l5 5 5-5',
  search: 'M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2zM11 11l3.5 3.5',
  close: 'M3 3l10 10M13 3L3 13',
  panel: 'M2 2h12v12H2zM10 2v12',
} as const;

/** A line drawing in the colour of the text around it. */
export function icon(name: keyof typeof shapes): SVGSVGElement {
  const drawing = svg('svg', { class: 'icon', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' });
  drawing.append(svg('path', { d: shapes[name] }));
  return drawing;
}
