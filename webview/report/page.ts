import { button, element, withAttributes } from '../dom.ts';
import { findingList, findingText } from '../notice.ts';
import type { FindingView, JudgementView, ReportMessage, ViewAction } from '../protocol.ts';
import { cardGrid } from './cards.ts';
import { layersSection } from './layers-section.ts';
import { badge, facts, type Mark, section } from './parts.ts';
import type { ViewState } from './view-state.ts';

export interface PageContext {
  readonly state: ViewState;
  update(change: Partial<ViewState>): void;
  act(action: ViewAction): void;
  select(layer: string | null): void;
  showInGraph(layer: string): void;
}

/** The whole report; what a run did not do has no section. */
export function reportPage(report: ReportMessage, context: PageContext): HTMLElement {
  const parts = [
    header(report, context),
    cardGrid(report.cards),
    ...(report.judgements.length > 0 ? [section('Expectations and budgets', judgements(report.judgements))] : []),
    ...(report.findings.length > 0 ? [section('What to look at', ...findings(report.findings))] : []),
    ...(report.choices.length > 0 ? [section('What the recipe chose', choices(report.choices))] : []),
    ...(report.layers.length > 0 ? [layersSection(report.layers, context)] : []),
    ...(report.hardware.length > 0 ? [hardware(report)] : []),
    ...(report.runtime.length > 0 ? [section('In the runtime', facts(report.runtime))] : []),
    ...(report.files.length > 0 ? [section('Files', files(report))] : []),
    ...(report.provenance.length > 0 ? [provenance(report, context)] : []),
  ];
  return withAttributes(element('main', 'report', ...parts), { 'data-testid': 'report' });
}

function header({ title, subtitle, judgements: all, actions }: ReportMessage, context: PageContext): HTMLElement {
  const buttons = actions.map(({ action, label }) => button(label, 'secondary', () => context.act(action)));
  const toolbar = withAttributes(element('div', 'actions', ...buttons), { role: 'toolbar', 'aria-label': 'Report' });
  return element(
    'header',
    '',
    element('div', 'grow', element('h1', '', element('bdi', '', title)), element('p', 'soft', subtitle), verdict(all)),
    ...(buttons.length > 0 ? [toolbar] : []),
  );
}

function verdict(all: readonly JudgementView[]): HTMLElement {
  const failed = all.filter(({ passed }) => passed === false).length;
  const open = all.filter(({ passed }) => passed === null).length;
  const parts: HTMLElement[] = [];
  if (failed > 0) parts.push(badge('bad', `${failed} of ${all.length} expectations and budgets failed`));
  else if (open < all.length)
    parts.push(badge('good', `${all.length - open} of ${all.length} expectations and budgets hold`));
  if (open > 0) parts.push(badge('warn', `${open} could not be judged`));
  return withAttributes(element('p', 'verdict', ...parts), { 'data-testid': 'verdict' });
}

function judgements(all: readonly JudgementView[]): HTMLElement {
  const rows = all.map(({ text, passed, found }) => {
    const [mark, word]: [Mark, string] =
      passed === null ? ['warn', 'not judged'] : passed ? ['good', 'holds'] : ['bad', 'failed'];
    return element(
      'li',
      '',
      badge(mark, word),
      element('code', 'grow', text),
      element('span', passed === false ? '' : 'soft', found),
    );
  });
  return element('ul', 'rows', ...rows);
}

/** More remarks than these stand behind a disclosure, so that they do not bury what went wrong. */
const mostRemarks = 3;

function findings(all: readonly FindingView[]): HTMLElement[] {
  const list = (some: readonly FindingView[]) => findingList(some, { codes: true });
  const serious = all.filter(({ severity }) => severity === 'error' || severity === 'warning');
  const remarks = all.filter(({ severity }) => severity === 'information' || severity === 'hint');
  if (remarks.length <= mostRemarks) return [list([...serious, ...remarks])];
  const more = element('details', '', element('summary', '', `${remarks.length} remarks`), list(remarks));
  return serious.length > 0 ? [list(serious), more] : [more];
}

function choices(all: readonly FindingView[]): HTMLElement {
  return element('ul', 'rows', ...all.map((choice) => element('li', '', findingText(choice))));
}

function hardware({ hardware: targets }: ReportMessage): HTMLElement {
  const tables = targets.map(({ target, rows }) => {
    const headCells = ['Quantity', 'Before', 'After'].map((text, i) =>
      withAttributes(element('th', i > 0 ? 'number' : '', text), { scope: 'col' }),
    );
    const body = rows.map(({ quantity, before, after }) =>
      element(
        'tr',
        '',
        withAttributes(element('th', '', quantity), { scope: 'row' }),
        element('td', 'number', before),
        element('td', 'number', element('strong', '', after)),
      ),
    );
    return element(
      'table',
      'plain-table',
      element('caption', '', target),
      element('thead', '', element('tr', '', ...headCells)),
      element('tbody', '', ...body),
    );
  });
  const basis = [...new Set(targets.flatMap((target) => target.basis))];
  return section(
    'On hardware, estimated',
    element('div', 'tables', ...tables),
    ...basis.map((sentence) => element('p', 'small soft', sentence)),
  );
}

function files({ files: all }: ReportMessage): HTMLElement {
  return element(
    'ul',
    'rows',
    ...all.map(({ path, size, about }) =>
      element('li', '', element('code', 'grow', path), element('span', '', size), element('span', 'soft', about)),
    ),
  );
}

function provenance({ provenance: rows }: ReportMessage, { state, update }: PageContext): HTMLElement {
  const disclosure = element('details', '', element('summary', '', 'Hashes, data and times'), facts(rows));
  disclosure.open = state.provenanceOpen;
  disclosure.addEventListener('toggle', () => update({ provenanceOpen: disclosure.open }));
  return section('Where this comes from', disclosure);
}
