import type { FindingView, JudgementView, ReportMessage, ViewAction } from '../protocol.ts';
import { cardGrid } from './cards.ts';
import { badge, button, el, facts, type Mark, section, withAttributes } from './dom.ts';
import { type LayersSection, layersSection } from './layers-section.ts';
import type { ViewState } from './view-state.ts';

export interface PageContext {
  readonly state: ViewState;
  update(change: Partial<ViewState>): void;
  act(action: ViewAction): void;
  select(layer: string | null): void;
  showInGraph(layer: string): void;
}

export interface ReportPage {
  readonly element: HTMLElement;
  readonly layers: LayersSection | undefined;
}

/** The whole report; what a run did not do has no section. */
export function reportPage(report: ReportMessage, context: PageContext): ReportPage {
  const layers = report.layers.length === 0 ? undefined : layersSection(report.layers, context);
  const parts = [
    header(report, context),
    cardGrid(report.cards),
    ...(report.judgements.length > 0 ? [section('Expectations and budgets', judgements(report.judgements))] : []),
    ...(report.findings.length > 0 ? [section('What to look at', ...findings(report.findings))] : []),
    ...(layers ? [layers.element] : []),
    ...(report.hardware.length > 0 ? [hardware(report)] : []),
    ...(report.runtime.length > 0 ? [section('In the runtime', facts(report.runtime))] : []),
    ...(report.files.length > 0 ? [section('Files', files(report))] : []),
    ...(report.provenance.length > 0 ? [provenance(report, context)] : []),
  ];
  return { element: withAttributes(el('main', 'report', ...parts), { 'data-testid': 'report' }), layers };
}

function header({ title, subtitle, judgements: all, actions }: ReportMessage, context: PageContext): HTMLElement {
  const buttons = actions.map(({ action, label }) => button(label, () => context.act(action)));
  const toolbar = withAttributes(el('div', 'actions', ...buttons), { role: 'toolbar', 'aria-label': 'Report' });
  return el(
    'header',
    '',
    el('div', 'grow', el('h1', '', el('bdi', '', title)), el('p', 'soft', subtitle), verdict(all)),
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
  return withAttributes(el('p', 'verdict', ...parts), { 'data-testid': 'verdict' });
}

function judgements(all: readonly JudgementView[]): HTMLElement {
  const rows = all.map(({ text, passed, found }) => {
    const [mark, word]: [Mark, string] =
      passed === null ? ['warn', 'not judged'] : passed ? ['good', 'holds'] : ['bad', 'failed'];
    return el('li', '', badge(mark, word), el('code', 'grow', text), el('span', passed === false ? '' : 'soft', found));
  });
  return el('ul', 'rows', ...rows);
}

const marks: Readonly<Record<FindingView['severity'], Mark>> = {
  error: 'bad',
  warning: 'warn',
  information: 'plain',
  hint: 'plain',
};

/** More remarks than these stand behind a disclosure, so that they do not bury what went wrong. */
const mostRemarks = 3;

function findings(all: readonly FindingView[]): HTMLElement[] {
  const serious = all.filter(({ severity }) => severity === 'error' || severity === 'warning');
  const remarks = all.filter((finding) => !serious.includes(finding));
  if (remarks.length <= mostRemarks) return [findingList([...serious, ...remarks])];
  const more = el('details', '', el('summary', '', `${remarks.length} remarks`), findingList(remarks));
  return serious.length > 0 ? [findingList(serious), more] : [more];
}

function findingList(all: readonly FindingView[]): HTMLElement {
  const rows = all.map(({ severity, code, what, why, fix }) => {
    const more = [why, fix].filter((text) => text !== undefined) as string[];
    return el(
      'li',
      '',
      badge(marks[severity], severity),
      el('div', 'grow', el('p', '', what), ...more.map((text) => el('p', 'small soft', text))),
      el('code', 'small soft', code),
    );
  });
  return el('ul', 'rows', ...rows);
}

function hardware({ hardware: targets }: ReportMessage): HTMLElement {
  const tables = targets.map(({ target, rows }) => {
    const headCells = ['Quantity', 'Before', 'After'].map((text, i) =>
      withAttributes(el('th', i > 0 ? 'number' : '', text), { scope: 'col' }),
    );
    const body = rows.map(({ quantity, before, after }) =>
      el(
        'tr',
        '',
        withAttributes(el('th', '', quantity), { scope: 'row' }),
        el('td', 'number', before),
        el('td', 'number', el('strong', '', after)),
      ),
    );
    return el(
      'table',
      'plain-table',
      el('caption', '', target),
      el('thead', '', el('tr', '', ...headCells)),
      el('tbody', '', ...body),
    );
  });
  const basis = [...new Set(targets.flatMap((target) => target.basis))];
  return section(
    'On hardware, estimated',
    el('div', 'tables', ...tables),
    ...basis.map((sentence) => el('p', 'small soft', sentence)),
  );
}

function files({ files: all }: ReportMessage): HTMLElement {
  return el(
    'ul',
    'rows',
    ...all.map(({ path, size, about }) =>
      el('li', '', el('code', 'grow', path), el('span', '', size), el('span', 'soft', about)),
    ),
  );
}

function provenance({ provenance: rows }: ReportMessage, { state, update }: PageContext): HTMLElement {
  const disclosure = el('details', '', el('summary', '', 'Hashes, data and times'), facts(rows));
  disclosure.open = state.provenanceOpen;
  disclosure.addEventListener('toggle', () => update({ provenanceOpen: disclosure.open }));
  return section('Where this comes from', disclosure);
}
