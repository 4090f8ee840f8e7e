import type { Layout } from '../layout/layout.ts';
import type { GraphModel } from '../model.ts';
import type { ChoiceKind } from '../selection.ts';
import { type Direction, walk } from '../walk.ts';
import type { Stage } from './stage.ts';

export interface KeyEvents {
  model(): { readonly model: GraphModel; readonly layout: Layout } | null;
  select(node: number | null, kind: ChoiceKind): void;
  /** All hits of a search, or else all layers. */
  selectAll(): void;
  /** All layers with an operator of those that are selected. */
  selectAlike(): void;
  addRule(): void;
  /** To the next layer that is other than in the version beside. */
  stepChange(by: 1 | -1): void;
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
    if (event.altKey || typing(event)) return;
    const done = control ? handleWithControl(event, stage, events) : handle(event, stage, events);
    if (done) event.preventDefault();
  });
}

function typing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (target instanceof HTMLInputElement && target.type !== 'radio') || target instanceof HTMLTextAreaElement;
}

function handleWithControl(event: KeyboardEvent, stage: Stage, events: KeyEvents): boolean {
  const { focused } = stage;
  if (event.key.toLowerCase() === 'a') events.selectAll();
  else if ((event.key === ' ' || event.key === 'Enter') && focused !== null) events.select(focused, 'toggle');
  else return false;
  return true;
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
      events.select(null, 'alone');
      return true;
    case 'o':
      events.selectAlike();
      return true;
    case 'n':
    case 'N':
      events.stepChange(event.shiftKey ? -1 : 1);
      return true;
    case 'r':
      events.addRule();
      return true;
    case 'PageDown':
    case 'PageUp':
      stage.panBy(0, event.key === 'PageDown' ? 0.8 : -0.8);
      return true;
  }
  const focused = stage.focused;
  if (focused === null) return false;
  if (event.key === 'Enter' || event.key === ' ') {
    events.select(focused, event.shiftKey ? 'reach' : 'alone');
    return true;
  }
  const direction = directions[event.key];
  const shown = events.model();
  if (direction === undefined || shown === null) return false;
  const node = walk(shown.model, shown.layout, focused, direction);
  if (node !== null) {
    if (event.shiftKey) events.select(node, 'reach');
    stage.focus(node);
    stage.reveal(node, stage.at.scale);
  }
  return true;
}
