import { button, element } from '../../dom.ts';
import type { SensitivityMessage, ViewAction } from '../../protocol.ts';
import { fullText } from '../../text.ts';
import { kindWords } from '../operators.ts';
import type { Heat, Scene } from './scene.ts';

/** The line below the toolbar: what the colours mean, or how far their measurement is. */
export function legendLine(
  scene: Scene,
  message: SensitivityMessage | null,
  heat: Heat | null,
  act: (action: ViewAction) => void,
): HTMLElement {
  const line = element('div', 'legend');
  line.setAttribute('data-testid', 'legend');
  const state = message?.state ?? { kind: 'none' };
  line.setAttribute('data-state', state.kind);
  if (state.kind === 'running') {
    const bar = element('span', 'bar', element('span', 'bar-fill'));
    bar.setAttribute('role', 'progressbar');
    bar.setAttribute('aria-label', 'Measuring sensitivity');
    line.append(
      document.createElement('vscode-progress-ring'),
      element('span', 'basis'),
      bar,
      button('Cancel', 'secondary', () => act('cancelSensitivity'), { 'data-action': 'cancelSensitivity' }),
    );
    showProgress(line, state);
    return line;
  }
  if (state.kind === 'failed') {
    const text = element('span', 'basis', element('strong', '', fullText(state.what)));
    if (state.fix !== undefined) text.append(' ', fullText(state.fix));
    line.setAttribute('role', 'alert');
    line.append(element('span', 'mark mark-error', '✕'), text);
    return line;
  }
  if (heat !== null) {
    line.append(element('span', 'legend-name', 'Sensitivity'));
    for (const { level, text } of heat.scale.words) {
      line.append(element('span', 'key', element('span', `swatch heat-${level}`), text));
    }
    line.append(...capturedKey(scene));
    const basis = element('span', 'basis', fullText(heat.basis));
    basis.title = fullText(heat.basis);
    line.append(basis);
    return line;
  }
  line.append(...capturedKey(scene));
  const used = new Set(scene.cards.map(({ kind }) => kind));
  for (const [kind, words] of Object.entries(kindWords)) {
    if (!used.has(kind as keyof typeof kindWords)) continue;
    line.append(element('span', 'key', element('span', `swatch kind-${kind}`), words));
  }
  return line;
}

/** What a dashed edge is, where there is one. */
function capturedKey({ captured }: Scene): HTMLElement[] {
  return captured.size === 0 ? [] : [element('span', 'key', element('span', 'dash'), 'captured by a body')];
}

/** Moves the line of a running measurement on, in place: its button keeps the focus and a click in progress. */
export function showProgress(line: Element, state: { readonly text: string; readonly share: number | null }): void {
  const bar = line.querySelector('.bar')!;
  const share = state.share === null ? null : Math.min(1, Math.max(0, state.share));
  line.querySelector('.basis')!.textContent = fullText(state.text);
  bar.classList.toggle('unknown', share === null);
  if (share === null) bar.removeAttribute('aria-valuenow');
  else bar.setAttribute('aria-valuenow', String(Math.round(share * 100)));
  (bar.firstElementChild as HTMLElement).style.width = share === null ? '' : `${share * 100}%`;
}
