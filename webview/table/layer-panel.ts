import { type Child, element, withAttributes } from '../dom.ts';
import { elide, fullText, longestName } from '../text.ts';

export interface LayerPanel {
  readonly name: string;
  /** Of the heading, by the headings around it. */
  readonly heading: 'h2' | 'h3';
  /** Line below the name. */
  readonly about: string;
  readonly actions: readonly Child[];
  /** Figures by name; a dash is left out. */
  readonly figures: readonly (readonly [name: string, value: Child])[];
  readonly close: () => void;
}

/** The panel below a table that says everything of the selected layer; Escape closes it. */
export function layerPanel(
  { name, heading, about, actions, figures, close }: LayerPanel,
  ...more: readonly Child[]
): HTMLElement {
  const title = withAttributes(element(heading, '', element('bdi', '', elide(name, longestName))), {
    title: fullText(name),
  });
  const known = figures.filter(([, value]) => value !== '–');
  const panel = element(
    'section',
    'detail',
    element(
      'div',
      'detail-head',
      element('div', 'grow', title, element('p', 'small soft', about)),
      element('div', 'actions', ...actions),
    ),
    element(
      'dl',
      'figures',
      ...known.map(([key, value]) => element('div', '', element('dt', '', key), element('dd', '', value))),
    ),
    ...more,
  );
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  return withAttributes(panel, { 'aria-label': `Layer ${fullText(name)}`, 'data-testid': 'layer-detail' });
}
