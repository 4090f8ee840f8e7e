import { element, withAttributes } from '../dom.ts';
import type { PlanMessage, PlanStateMessage } from '../protocol.ts';
import { DataTable, type TableContent } from '../table/table.ts';
import { countPlace, countText, filterField } from '../table/tools.ts';
import { fullText } from '../text.ts';
import { columnsOf, markSign } from './columns.ts';
import { layerDetail } from './layer-detail.ts';
import {
  type ColumnKey,
  countOf,
  isChangedByRule,
  type Line,
  linesOf,
  type Mark,
  marksOf,
  searchText,
} from './lines.ts';
import type { ViewState } from './state.ts';

export interface PageContext {
  readonly state: ViewState;
  update(change: Partial<ViewState>): void;
  select(layer: string | null): void;
  goToRule(rule: number, focus: boolean): void;
  pin(pinned: boolean): void;
  showInGraph(layer: string): void;
}

interface Checkbox extends HTMLElement {
  checked: boolean;
}

/** The plan of one spec. It is made once and takes each new plan in place: whoever types a filter is not disturbed. */
export class PlanPage {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #title = element('bdi', '');
  readonly #subtitle = element('p', 'subtitle soft small');
  readonly #note = withAttributes(element('p', 'note'), { role: 'status', 'data-testid': 'note' });
  readonly #cursor = withAttributes(element('p', 'cursor small'), { role: 'status', 'data-testid': 'cursor' });
  readonly #count = countPlace();
  readonly #detail = element('div', 'detail-place');
  readonly #pin: Checkbox;
  readonly #filter: HTMLElement & { value: string };
  readonly #changedOnly: Checkbox;
  readonly #table: DataTable<Line, ColumnKey>;
  #message: PlanMessage;
  #lines: readonly Line[];
  #rule: number | null = null;
  #marks: ReadonlyMap<number, Mark> = new Map();
  /** Several layers that are selected in another view. */
  #pointed: ReadonlySet<string> = new Set();

  constructor(message: PlanMessage, context: PageContext) {
    const { state } = context;
    this.#context = context;
    this.#message = message;
    this.#lines = linesOf(message);
    this.#pin = checkbox('Stay with this spec', 'pin', state.pinned, (on) => context.pin(on));
    this.#pin.title = 'Otherwise the view follows the spec that is edited';
    this.#changedOnly = checkbox('Only what a rule changes', 'changed-only', state.changedOnly, (on) => {
      context.update({ changedOnly: on });
      this.#table.admits = on ? isChangedByRule : undefined;
      this.#sayCount();
    });
    this.#changedOnly.title = 'Leaves out layers that only statements about all layers decide';
    this.#filter = filterField('name, operator, format, rule', state.filter, (text) => {
      this.#table.filter = text;
      context.update({ filter: text });
      this.#sayCount();
    });
    this.#table = new DataTable<Line, ColumnKey>(
      this.#content(),
      { sort: state.sort, filter: state.filter, selected: state.selected, scroll: state.scroll },
      {
        sorted: (sort) => context.update({ sort }),
        selected: (line) => this.#choose(line, false),
        opened: (line) => this.#choose(line, true),
        scrolled: (scroll) => context.update({ scroll }),
      },
      { testId: 'layers', label: 'Layers', describedBy: 'plan-help' },
    );
    if (state.changedOnly) this.#table.admits = isChangedByRule;
    const help = 'Arrows move between layers. Space selects a layer and its rule, Enter goes to the rule.';
    this.element = withAttributes(
      element(
        'main',
        'plan',
        element('header', '', element('div', 'grow', element('h1', '', this.#title), this.#subtitle), this.#pin),
        element('div', 'tools', this.#filter, this.#changedOnly, this.#count),
        this.#note,
        this.#cursor,
        this.#table.element,
        this.#detail,
        withAttributes(element('p', 'for-readers', help), { id: 'plan-help' }),
      ),
      { 'data-testid': 'plan' },
    );
    this.#draw();
    this.#drawState({ kind: 'planState', pinned: state.pinned, note: null, rule: null });
  }

  /** Takes another plan in place of the one that is shown. */
  show(message: PlanMessage): void {
    this.#message = message;
    this.#lines = linesOf(message);
    // Places of layers may have moved: what is marked comes with the state that follows.
    this.#marks = marksOf(message.rules[this.#rule ?? -1]);
    this.#table.show(this.#content());
    this.#draw();
  }

  showState(state: PlanStateMessage): void {
    const moved = state.rule !== this.#rule;
    this.#drawState(state);
    this.#table.refresh();
    if (!moved) return;
    const decides = [...this.#marks.values()].includes('decides');
    this.#table.revealFirst(({ index }) => (decides ? this.#marks.get(index) === 'decides' : this.#marks.has(index)));
  }

  /** Shows layers that were selected in another view: one with all that is planned for it, several by their rows. */
  reveal(layers: readonly string[]): void {
    const [only] = layers;
    this.#pointed = new Set(layers.length > 1 ? layers : []);
    this.#context.update({ selected: layers.length === 1 ? only! : null });
    this.#table.select(this.#context.state.selected, { reveal: true });
    this.#table.refresh();
    if (layers.length > 1) this.#table.revealFirst(({ name }) => this.#pointed.has(name));
    this.#drawDetail();
  }

  #draw(): void {
    const { title, subtitle } = this.#message;
    this.#title.replaceChildren(fullText(title));
    this.#subtitle.replaceChildren(fullText(subtitle));
    this.element.dataset['layers'] = String(this.#lines.length);
    this.#sayCount();
    this.#drawDetail();
  }

  #drawState({ pinned, note, rule }: PlanStateMessage): void {
    this.#pin.checked = pinned;
    this.#context.update({ pinned });
    // One takes the place of the other: what is typed is not to move the table up and down.
    this.#note.replaceChildren(fullText(note ?? ''));
    this.#note.hidden = note === null;
    this.#cursor.hidden = note !== null;
    this.element.classList.toggle('stale', note !== null);
    this.#rule = rule;
    const at = this.#message.rules[rule ?? -1];
    this.#marks = marksOf(at);
    if (at === undefined) {
      const hint = 'Put the cursor into a rule to see its layers; select a layer to see its rule.';
      this.#cursor.replaceChildren(element('span', 'soft', hint));
      return;
    }
    const counts = [
      tally('decides', countOf(at.decides), 'decided by it'),
      tally('overridden', countOf(at.overridden), 'overridden'),
      tally('idle', countOf(at.idle), 'nothing to say of'),
    ].flatMap((part) => part ?? []);
    const nothing = counts.length === 0 ? [element('span', 'soft', 'matches no layer')] : [];
    const text = withAttributes(element('code', 'rule-text', at.text), { title: fullText(at.text) });
    this.#cursor.replaceChildren(
      element('span', 'soft', `At the cursor, line ${at.line}:`),
      text,
      ...counts,
      ...nothing,
    );
  }

  #content(): TableContent<Line, ColumnKey> {
    return {
      rows: this.#lines,
      columnsFor: columnsOf(this.#message, ({ index }) => this.#marks.get(index)),
      searchText,
      classesOf: ({ index, name }) => {
        const mark = this.#marks.get(index);
        return [mark ? `marked ${mark}` : '', this.#pointed.has(name) ? 'pointed' : ''].join(' ').trim();
      },
      totals: true,
    };
  }

  #sayCount(): void {
    this.#count.replaceChildren(countText(this.#table.count, this.#lines.length));
  }

  #choose(line: Line, focus: boolean): void {
    this.#pointed = new Set();
    this.#context.update({ selected: line.name });
    this.#context.select(line.name);
    this.#table.select(line.name);
    this.#drawDetail();
    if (line.what.decider !== null) this.#context.goToRule(line.what.decider, focus);
  }

  #drawDetail(): void {
    const { selected } = this.#context.state;
    const line = selected === null ? undefined : this.#lines.find(({ name }) => name === selected);
    const events = {
      goTo: (rule: number) => this.#context.goToRule(rule, true),
      showInGraph: this.#context.showInGraph,
      close: () => this.#close(),
    };
    this.#detail.replaceChildren(...(line ? [layerDetail(line, this.#message.rules, events)] : []));
  }

  #close(): void {
    this.#table.select(this.#context.state.selected, { focus: true });
    this.#context.update({ selected: null });
    this.#context.select(null);
    this.#table.select(null);
    this.#drawDetail();
  }
}

function tally(mark: Mark, count: number, what: string): HTMLElement | undefined {
  if (count === 0) return undefined;
  const sign = withAttributes(markSign(mark), { 'aria-hidden': 'true' });
  return element('span', 'tally', sign, `${count.toLocaleString('en-US')} ${what}`);
}

function checkbox(label: string, testId: string, checked: boolean, change: (on: boolean) => void): Checkbox {
  const box = document.createElement('vscode-checkbox') as Checkbox;
  box.append(label);
  box.dataset['testid'] = testId;
  box.checked = checked;
  box.addEventListener('change', () => change(box.checked));
  return box;
}
