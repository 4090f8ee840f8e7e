import type { Card } from '../card.ts';
import { levels } from '../sensitivity.ts';

/** The theme's colours for what is drawn on a canvas, which style sheets do not reach. */
export interface Palette {
  readonly edge: string;
  readonly accent: string;
  readonly hit: string;
  readonly rule: string;
  readonly change: string;
  readonly text: string;
  readonly border: string;
  /** Of cards among measured ones that were not measured. */
  readonly faint: string;
  readonly kind: (kind: Card['kind']) => string;
  readonly heat: readonly string[];
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.body);
  const read = (name: string) => style.getPropertyValue(name).trim() || '#888888';
  const kinds = new Map<string, string>();
  return {
    edge: read('--edge'),
    accent: read('--accent'),
    hit: read('--hit'),
    rule: read('--rule-line'),
    change: read('--changed'),
    text: read('--text'),
    border: read('--line'),
    faint: read('--faint'),
    kind: (kind) => {
      const known = kinds.get(kind) ?? read(`--kind-${kind}`);
      kinds.set(kind, known);
      return known;
    },
    heat: Array.from({ length: levels }, (_, level) => read(`--heat-${level}`)),
  };
}

/** Calls `changed` when the editor's theme changes: it swaps classes of the body and variables of the root. */
export function onThemeChange(changed: () => void): void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
}
