import { element } from '../host.ts';
import { fullText, safeText, splitName } from '../text.ts';

type Child = Node | string;

/** An element whose texts come from a model or a spec: made harmless on their way in. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = element(
    tag,
    className,
    ...children.map((child) => (typeof child === 'string' ? safeText(child) : child)),
  );
  if (className === '') node.removeAttribute('class');
  return node;
}

export function withAttributes<T extends Element>(node: T, attributes: Readonly<Record<string, string | number>>): T {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

export function svg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Node[]
): SVGElement {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  withAttributes(node, attributes);
  node.append(...children);
  return node;
}

/** A name that keeps its end in sight where it is too long for its place, with all of it as the tooltip. */
export function nameLabel(name: string): HTMLElement {
  const [head, tail] = splitName(name);
  const label = el('bdi', 'name', el('span', 'name-head', head), ...(tail ? [el('span', 'name-tail', tail)] : []));
  label.title = fullText(name);
  return label;
}

export type Mark = 'good' | 'bad' | 'warn' | 'plain';

const signs: Readonly<Record<Mark, string>> = { good: '✓', bad: '✗', warn: '!', plain: 'i' };

/** A sign and a word; the colour only repeats them. */
export function badge(mark: Mark, text: string): HTMLElement {
  const sign = withAttributes(el('span', 'sign', signs[mark]), { 'aria-hidden': 'true' });
  return el('span', `badge ${mark}`, sign, text);
}

/** A control of the toolkit. */
export function button(label: string, run: () => void, appearance = 'secondary'): HTMLElement {
  const node = document.createElement('vscode-button');
  node.setAttribute('appearance', appearance);
  node.textContent = safeText(label);
  node.addEventListener('click', run);
  return node;
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  const id = `section-${title.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const heading = withAttributes(el('h2', '', title), { id });
  return withAttributes(el('section', '', heading, ...children), { 'aria-labelledby': id });
}

export function facts(rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  return el('dl', 'facts', ...rows.flatMap(([name, value]) => [el('dt', '', name), el('dd', '', value)]));
}
