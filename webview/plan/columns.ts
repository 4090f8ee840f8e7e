import { element, withAttributes } from '../dom.ts';
import type { Figure, PlanMessage } from '../protocol.ts';
import { clip, formatChip, miniBar, nameLabel } from '../table/cells.ts';
import type { Column } from '../table/table.ts';
import { type ColumnKey, deciderText, type Line, type Mark, orders } from './lines.ts';

type PlanColumn = Column<Line, ColumnKey>;

/** The view stands beside a spec and is narrow: of a name, this many characters at its end stay in sight. */
const shortTail = 8;

/** A sign for each mark, so that colour is not all that tells them apart, and what it says. */
export const signs: Readonly<Record<Mark, { readonly sign: string; readonly says: string }>> = {
  decides: { sign: '●', says: 'decided by the rule at the cursor' },
  overridden: { sign: '○', says: 'matched by the rule at the cursor, decided by another' },
  idle: { sign: '·', says: 'matched by the rule at the cursor, which has nothing to say of it' },
};

export function markSign(mark: Mark): HTMLElement {
  const { sign, says } = signs[mark];
  return withAttributes(element('span', `at-cursor ${mark}`, sign), { role: 'img', 'aria-label': says, title: says });
}

/**
 * The columns that there is room for; the detail of a layer shows everything at any width.
 * @param markOf what the statement at the cursor has to do with a layer, at the time of drawing
 */
export function columnsOf(
  { rows, totals, target }: PlanMessage,
  markOf: (line: Line) => Mark | undefined,
): (width: number) => readonly PlanColumn[] {
  const name: PlanColumn = {
    key: 'name',
    title: 'Layer',
    about: 'name of the layer',
    track: 'minmax(110px, 2fr)',
    order: orders.name,
    cell: (line) => {
      const mark = markOf(line);
      return [mark ? markSign(mark) : element('span', 'at-cursor'), nameLabel(line.name, shortTail)];
    },
    total: () => [element('span', 'at-cursor'), `All ${rows.length.toLocaleString('en-US')}`],
  };
  const op: PlanColumn = {
    key: 'op',
    title: 'Operator',
    about: 'operator',
    track: 'minmax(84px, 0.9fr)',
    order: orders.op,
    cell: (line) => [clip(line.op)],
  };
  const shape: PlanColumn = {
    key: 'shape',
    title: 'Output',
    about: 'shape of the output',
    track: 'minmax(104px, 1fr)',
    order: orders.shape,
    cell: (line) => [clip(line.shape)],
  };
  const weights: PlanColumn = {
    key: 'weights',
    title: 'Weights',
    about: 'format of the weights',
    track: 'minmax(92px, 1.6fr)',
    order: orders.weights,
    cell: ({ what: { weights: format, weightsHow } }) =>
      format === '' ? ['–'] : [formatChip(format), ...(weightsHow ? [clip(weightsHow, 'soft small')] : [])],
  };
  const activations: PlanColumn = {
    key: 'activations',
    title: 'Activations',
    about: 'formats of input and output',
    track: 'minmax(98px, 0.8fr)',
    order: orders.activations,
    cell: ({ what }) => [what.activations === '' ? '–' : formatChip(what.activations)],
  };
  const parameters: PlanColumn = {
    key: 'parameters',
    title: 'Parameters',
    about: 'number of parameters',
    track: 'minmax(102px, 0.5fr)',
    numeric: true,
    first: 'descending',
    order: orders.parameters,
    cell: (line) => [line.parameters.text],
    total: () => [totals.parameters.text],
  };
  const largest = rows.reduce((most, { bytesBefore }) => Math.max(most, bytesBefore.value ?? 0), 0);
  const bytes: PlanColumn = {
    key: 'bytes',
    title: 'Bytes',
    about: 'bytes of weights after compression',
    track: 'minmax(156px, 0.9fr)',
    numeric: true,
    first: 'descending',
    order: orders.bytes,
    cell: ({ bytesBefore, bytesAfter }) =>
      bytesAfter.value === null
        ? [bytesAfter.text]
        : [change(bytesBefore, bytesAfter), miniBar(bytesAfter.value, largest, bytesBefore.value ?? 0)],
    total: () => [change(totals.bytesBefore, totals.bytesAfter)],
  };
  const slowest = rows.reduce((most, { timeBefore }) => Math.max(most, timeBefore.value ?? 0), 0);
  const latency: PlanColumn = {
    key: 'latency',
    title: 'Latency',
    about: `latency after compression, estimated for ${target}`,
    track: 'minmax(156px, 0.9fr)',
    numeric: true,
    first: 'descending',
    order: orders.latency,
    cell: ({ timeBefore, timeAfter }) =>
      timeAfter.value === null
        ? [timeAfter.text]
        : [change(timeBefore, timeAfter), miniBar(timeAfter.value, slowest, timeBefore.value ?? 0)],
    total: () => [change(totals.timeBefore, totals.timeAfter)],
  };
  const rule: PlanColumn = {
    key: 'rule',
    title: 'Decided by',
    about: 'line of the rule that decided it',
    track: 'minmax(150px, 2.2fr)',
    order: orders.rule,
    cell: ruleCell,
  };

  const weightsShort: PlanColumn = {
    ...weights,
    track: 'minmax(74px, 0.5fr)',
    cell: ({ what }) => [what.weights === '' ? '–' : formatChip(what.weights)],
  };
  const ruleShort: PlanColumn = { ...rule, track: 'minmax(116px, 2fr)', cell: (line) => ruleCell(line).slice(0, 2) };
  const bytesAfter = narrow(bytes, 'bytesAfter', totals.bytesAfter);
  const latencyAfter = narrow(latency, 'timeAfter', totals.timeAfter);
  const timed = (column: PlanColumn) => (target === null ? [] : [column]);
  return (width) => {
    if (width >= 1120) return [name, op, shape, weights, activations, parameters, bytes, ...timed(latency), rule];
    if (width >= 860) return [name, op, shape, weights, activations, bytesAfter, ...timed(latencyAfter), rule];
    if (width >= 690) return [name, op, weights, activations, bytesAfter, ...timed(latencyAfter), rule];
    if (width >= 560) return [name, weightsShort, activations, bytesAfter, ruleShort];
    if (width >= 380) return [name, weightsShort, bytesAfter, ruleShort];
    return [name, weightsShort, ruleShort];
  };
}

/** The same column with what comes out alone. */
function narrow(column: PlanColumn, key: 'bytesAfter' | 'timeAfter', total: Figure): PlanColumn {
  return {
    ...column,
    track: 'minmax(80px, 0.6fr)',
    cell: (line) => [line[key].text],
    total: () => [total.text],
  };
}

function change(before: Figure, after: Figure): HTMLElement {
  return element(
    'span',
    'change',
    ...(before.text === after.text ? [] : [element('span', 'soft', `${before.text} → `)]),
    after.text,
  );
}

function ruleCell(line: Line): readonly (Node | string)[] {
  const { decider, what } = line;
  if (decider === undefined) return [clip(deciderText(line), 'soft reason')];
  const others = what.by.length - 1;
  return [
    withAttributes(element('span', 'line-number soft', String(decider.line)), { 'aria-label': `line ${decider.line}` }),
    clip(decider.text, decider.ofAll ? 'rule-text soft' : 'rule-text'),
    ...(others > 0
      ? [
          withAttributes(element('span', 'more soft', `+${others}`), {
            title: `${others} more ${others === 1 ? 'statement has' : 'statements have'} a say`,
          }),
        ]
      : []),
  ];
}
