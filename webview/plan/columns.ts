import { element, withAttributes } from '../dom.ts';
import type { PlanMessage } from '../protocol.ts';
import { clip, nameLabel } from '../table/cells.ts';
import { afterColumn, changeColumn, formatCell, largestOf, operatorColumn } from '../table/layer-columns.ts';
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
  const op = operatorColumn<Line>('minmax(84px, 0.9fr)', orders.op);
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
    cell: ({ what: { weights: format, weightsHow } }) => [
      formatCell(format),
      ...(format !== '' && weightsHow ? [clip(weightsHow, 'soft small')] : []),
    ],
  };
  const activations: PlanColumn = {
    key: 'activations',
    title: 'Activations',
    about: 'formats of input and output',
    track: 'minmax(98px, 0.8fr)',
    order: orders.activations,
    cell: ({ what }) => [formatCell(what.activations)],
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
  const bytes = {
    largest: largestOf(rows.map(({ bytesBefore }) => bytesBefore)),
    key: 'bytes' as const,
    title: 'Bytes',
    about: 'bytes of weights after compression',
    track: 'minmax(156px, 0.9fr)',
    order: orders.bytes,
    before: (line: Line) => line.bytesBefore,
    after: (line: Line) => line.bytesAfter,
    totals: [totals.bytesBefore, totals.bytesAfter] as const,
  };
  const latency = {
    largest: largestOf(rows.map(({ timeBefore }) => timeBefore)),
    key: 'latency' as const,
    title: 'Latency',
    about: `latency after compression, estimated for ${target}`,
    track: 'minmax(156px, 0.9fr)',
    order: orders.latency,
    before: (line: Line) => line.timeBefore,
    after: (line: Line) => line.timeAfter,
    totals: [totals.timeBefore, totals.timeAfter] as const,
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
    cell: ({ what }) => [formatCell(what.weights)],
  };
  const ruleShort: PlanColumn = { ...rule, track: 'minmax(116px, 2fr)', cell: (line) => ruleCell(line).slice(0, 2) };
  const [bytesChange, latencyChange] = [changeColumn(bytes), changeColumn(latency)];
  const narrow = { track: 'minmax(80px, 0.6fr)' };
  const [bytesAfter, latencyAfter] = [afterColumn({ ...bytes, ...narrow }), afterColumn({ ...latency, ...narrow })];
  const timed = (column: PlanColumn) => (target === null ? [] : [column]);
  return (width) => {
    if (width >= 1120)
      return [name, op, shape, weights, activations, parameters, bytesChange, ...timed(latencyChange), rule];
    if (width >= 860) return [name, op, shape, weights, activations, bytesAfter, ...timed(latencyAfter), rule];
    if (width >= 690) return [name, op, weights, activations, bytesAfter, ...timed(latencyAfter), rule];
    if (width >= 560) return [name, weightsShort, activations, bytesAfter, ruleShort];
    if (width >= 380) return [name, weightsShort, bytesAfter, ruleShort];
    return [name, weightsShort, ruleShort];
  };
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
