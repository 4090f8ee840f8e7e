import type { Layout } from '../layout/layout.ts';
import type { GraphModel } from '../model.ts';
import { type Direction, walk } from '../walk.ts';
import type { Stage } from './stage.ts';

export interface KeyEvents {
  model(): { readonly model: GraphModel; readonly layout: Layout } | null;
  select(node: number | null): void;
  search(): void;
  fit(): void;
  actualSize(): void;
}

const directions: Readonly<Record<string, Direction>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last',
};

/** The keyboard: walking along the graph, zooming, searching. Leaves fields and buttons their keys. */
export function listenToKeys(stage: Stage, events: KeyEvents): void {
  document.addEventListener('keydown', (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === 'f') {
      events.search();
      event.preventDefault();
      return;
    }
    if (control || event.altKey || typing(event)) return;
    const done = handle(event, stage, events);
    if (done) event.preventDefault();
  });
}

function typing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

function handle(event: KeyboardEvent, stage: Stage, events: KeyEvents): boolean {
  switch (event.key) {
    case '/':
      events.search();
      return true;
    case '+':
    case '=':
      stage.zoom(1.25);
      return true;
    case '-':
      stage.zoom(0.8);
      return true;
    case '0':
      events.fit();
      return true;
    case '1':
      events.actualSize();
      return true;
    case 'Escape':
      events.select(null);
      return true;
    case 'PageDown':
    case 'PageUp':
      stage.panBy(0, event.key === 'PageDown' ? 0.8 : -0.8);
      return true;
  }
  const focused = stage.focused;
  if (focused === null) return false;
  if (event.key === 'Enter' || event.key === ' ') {
    events.select(focused);
    return true;
  }
  const direction = directions[event.key];
  const shown = events.model();
  if (direction === undefined || shown === null) return false;
  const node = walk(shown.model, shown.layout, focused, direction);
  if (node !== null) {
    stage.focus(node);
    stage.reveal(node, stage.at.scale);
  }
  return true;
}
