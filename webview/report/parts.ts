import { type Child, element, withAttributes } from '../dom.ts';
import { fullText, splitName } from '../text.ts';

/** A name that keeps its end in sight where it is too long for its place, with all of it as the tooltip. */
export function nameLabel(name: string): HTMLElement {
  const [head, tail] = splitName(name);
  const label = element(
    'bdi',
    'name',
    element('span', 'name-head', head),
    ...(tail ? [element('span', 'name-tail', tail)] : []),
  );
  label.title = fullText(name);
  return label;
}

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
