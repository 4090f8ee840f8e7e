import { type Child, element, withAttributes } from '../dom.ts';

export type Mark = 'good' | 'bad' | 'warn' | 'plain';

const signs: Readonly<Record<Mark, string>> = { good: '✓', bad: '✗', warn: '!', plain: 'i' };

/** A sign and a word; the colour only repeats them. */
export function badge(mark: Mark, text: string): HTMLElement {
  const sign = withAttributes(element('span', 'sign', signs[mark]), { 'aria-hidden': 'true' });
  return element('span', `badge ${mark}`, sign, text);
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  const id = `section-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const heading = withAttributes(element('h2', '', title), { id });
  return withAttributes(element('section', '', heading, ...children), { 'aria-labelledby': id });
}

export function facts(rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  return element(
    'dl',
    'facts',
    ...rows.flatMap(([name, value]) => [element('dt', '', name), element('dd', '', value)]),
  );
}
