import { button, element } from '../../dom.ts';
import type { GraphMessage, ViewAction } from '../../protocol.ts';
import { fullText } from '../../text.ts';
import { icon } from './icons.ts';

export interface ToolbarEvents {
  query(text: string): void;
  step(by: 1 | -1): void;
  zoom(factor: number): void;
  actualSize(): void;
  fit(): void;
  action(action: ViewAction): void;
  togglePanel(): void;
  /** The search field gives the keyboard back. */
  leaveSearch(): void;
}

const zoomStep = 1.25;

export class Toolbar {
  readonly element: HTMLElement;
  private readonly title = element('h1', 'title');
  private readonly subtitle = element('span', 'subtitle');
  private readonly field = document.createElement('vscode-text-field') as HTMLElement & { value: string };
  private readonly hits = element('span', 'hits');
  private readonly actions = element('span', 'actions');
  private readonly scale: HTMLElement;

  constructor(events: ToolbarEvents) {
    this.field.className = 'search';
    this.field.setAttribute('placeholder', 'Find layers or operators');
    this.field.setAttribute('aria-label', 'Find layers by name or operator');
    this.field.setAttribute('data-testid', 'search');
    const lens = element('span', 'lens', icon('search'));
    lens.slot = 'start';
    this.hits.setAttribute('data-testid', 'hits');
    this.hits.setAttribute('role', 'status');
    this.field.append(lens);
    this.field.addEventListener('input', () => events.query(this.field.value));
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') events.step(event.shiftKey ? -1 : 1);
      else if (event.key === 'Escape' && this.field.value !== '') {
        this.field.value = '';
        events.query('');
      } else if (event.key === 'Escape') events.leaveSearch();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.scale = button('100 %', 'icon', () => events.actualSize(), { 'aria-label': 'Zoom to 100 %' });
    this.scale.classList.add('scale');
    const zoom = element(
      'span',
      'zoom',
      button(icon('minus'), 'icon', () => events.zoom(1 / zoomStep), { 'aria-label': 'Zoom out (-)' }),
      this.scale,
      button(icon('plus'), 'icon', () => events.zoom(zoomStep), { 'aria-label': 'Zoom in (+)' }),
      button(icon('fit'), 'icon', () => events.fit(), {
        'aria-label': 'Fit the whole graph (0)',
        'data-testid': 'fit',
      }),
    );
    const search = element(
      'span',
      'find',
      this.field,
      this.hits,
      button(icon('previous'), 'icon', () => events.step(-1), { 'aria-label': 'Previous hit (Shift+Enter)' }),
      button(icon('next'), 'icon', () => events.step(1), { 'aria-label': 'Next hit (Enter)' }),
    );
    const panel = button(icon('panel'), 'icon', () => events.togglePanel(), {
      'aria-label': 'Show or hide the details',
    });
    panel.classList.add('panel-toggle');
    this.act = (action) => events.action(action);
    this.element = element(
      'header',
      'toolbar',
      element('div', 'heading', this.title, this.subtitle),
      search,
      zoom,
      this.actions,
      panel,
    );
    this.element.setAttribute('role', 'toolbar');
    this.element.setAttribute('aria-label', 'Graph');
  }

  private readonly act: (action: ViewAction) => void;

  show(message: GraphMessage): void {
    this.title.textContent = fullText(message.title, 120);
    this.title.title = fullText(message.title);
    this.subtitle.textContent = fullText(message.subtitle);
    this.subtitle.title = fullText(message.subtitle);
    this.actions.replaceChildren(
      ...message.actions.map(({ action, label }, i) =>
        button(fullText(label, 60), i === 0 ? 'primary' : 'secondary', () => this.act(action), {
          'data-action': action,
        }),
      ),
    );
  }

  set query(text: string) {
    this.field.value = text;
  }

  set found(text: string) {
    this.hits.textContent = text;
  }

  set zoomed(scale: number) {
    const percent = scale * 100;
    this.scale.textContent = `${percent >= 10 ? Math.round(percent) : percent.toPrecision(2)} %`;
  }

  focusSearch(): void {
    this.field.focus();
    const input = this.field.shadowRoot?.querySelector('input');
    input?.select();
  }
}
