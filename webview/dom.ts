import { safeText } from './text.ts';

/** A string becomes text, never markup, and is made harmless on its way in: it may come from a model or a spec. */
export type Child = Node | string;

export type Attributes = Readonly<Record<string, string | number>>;

/** Replaces the page's content. */
export function replaceContent(...children: readonly Child[]): void {
  document.body.replaceChildren(...children.map(safe));
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (className !== '') node.className = className;
  node.append(...children.map(safe));
  return node;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const node = withAttributes(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes);
  node.append(...children.map(safe));
  return node;
}

export function withAttributes<T extends Element>(node: T, attributes: Attributes): T {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** A button of the toolkit; `appearance` as the toolkit names it. An `aria-label` is its tooltip too. */
export function button(
  label: Child,
  appearance: 'primary' | 'secondary' | 'icon',
  press: () => void,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElement {
  const control = withAttributes(document.createElement('vscode-button'), { appearance, ...attributes });
  if (attributes['aria-label'] !== undefined) control.title = attributes['title'] ?? attributes['aria-label'];
  control.append(safe(label));
  control.addEventListener('click', press);
  return control;
}

function safe(child: Child): Child {
  return typeof child === 'string' ? safeText(child) : child;
}
