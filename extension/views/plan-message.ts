import { amount, bytes, duration, joules } from '../../engine/report/quantities.ts';
import type { FloatReason, Formats, PlanRow, PlanTable, Verdict } from '../../language/editor/plan-table.ts';
import type { Figure, PlanMessage, PlanRowView, PlanVerdictView } from '../../webview/protocol.ts';

/**
 * What the plan view shows of what a spec decides. Pure: what is shown can be tested without an editor.
 * @param model file name of the model
 */
export function planMessage(
  { target, energy, rules, verdicts, rows, totals, atMost }: PlanTable,
  { id, title, model }: Pick<PlanMessage, 'id' | 'title'> & { readonly model: string },
): PlanMessage {
  const joulesOf = energy === null ? '' : `, energy of all ${joules(energy[0])} → ${joules(energy[1])}`;
  const most = atMost === null ? '' : ` · at most: ${atMost}`;
  const layers = `${rows.length.toLocaleString('en-US')} ${rows.length === 1 ? 'layer' : 'layers'} of ${model}`;
  return {
    kind: 'plan',
    id,
    title,
    subtitle: `${target === null ? layers : `${layers} · latency estimated for ${target}${joulesOf}`}${most}`,
    target,
    rules: rules.map(({ text, head, ofAll, decides, overridden, idle }) => ({
      text,
      line: head.start.line + 1,
      ofAll,
      decides,
      overridden,
      idle,
    })),
    verdicts: verdicts.map(verdictView),
    rows: rows.map((row) => ({
      name: row.name,
      op: row.op,
      shape: row.shape,
      block: row.block,
      ...figures(row, row.folded),
      verdict: row.verdict,
    })),
    totals: figures(totals, false),
  };
}

const absent: Figure = { text: '–', value: null };

function figures(
  { parameters, bytes: [before, after], time }: Pick<PlanRow, 'parameters' | 'bytes' | 'time'>,
  folded: boolean,
): Omit<PlanRowView, 'name' | 'op' | 'shape' | 'block' | 'verdict'> {
  const size = (value: number): Figure => (before === 0 && after === 0 ? absent : { text: bytes(value), value });
  const seconds = (value: number | undefined): Figure =>
    value === undefined || folded ? absent : { text: duration(value), value };
  return {
    parameters: countsText(parameters),
    bytesBefore: size(before),
    bytesAfter: size(after),
    timeBefore: seconds(time?.[0]),
    timeAfter: seconds(time?.[1]),
  };
}

function countsText([before, after]: PlanRow['parameters']): Figure {
  if (before === 0 && after === 0) return absent;
  return { text: before === after ? amount(after) : `${amount(before)} → ${amount(after)}`, value: after };
}

function verdictView({ weights, bias, prune, inputs, outputs, float, by, decider }: Verdict): PlanVerdictView {
  const roles: readonly [string, Formats | null][] = [
    ['Weights', weights],
    ['Bias', bias],
    ['Input', inputs],
    ['Output', outputs],
  ];
  return {
    weights: weights?.format ?? '',
    weightsHow: weights === null ? '' : howText(weights),
    activations: activationsText(inputs, outputs),
    facts: [
      ...roles.flatMap(([name, formats]): [string, string][] =>
        formats === null ? [] : [[name, `${formats.format} ${howText(formats)}`.trim()]],
      ),
      ...(prune === null ? [] : [['Pruned', prune] as const]),
    ],
    float: float && reasons[float],
    by,
    decider,
  };
}

function howText({ how, method }: Formats): string {
  return [how, method].filter(Boolean).join(', ');
}

function activationsText(inputs: Formats | null, outputs: Formats | null): string {
  const [before, after] = [inputs?.format, outputs?.format];
  if (before === undefined || after === undefined || before === after) return before ?? after ?? '';
  return `${before} → ${after}`;
}

const reasons: Readonly<Record<FloatReason, NonNullable<PlanVerdictView['float']>>> = {
  unsupported: { short: 'unknown operator', why: 'Stays float: QSpec does not know this operator.' },
  'no-integer-form': { short: 'no integer form', why: 'Stays float: QSpec has no integer form of this operator.' },
  'nothing-to-quantize': { short: 'no float values', why: 'It works on integers: there is nothing to quantise.' },
  'in-codes': {
    short: 'in codes',
    why: 'Stays as it is: the model holds it in codes already, and the spec keeps them.',
  },
  'no-format': { short: 'no format named', why: 'Stays float: no statement of the spec names a format for it.' },
  kept: { short: 'kept float', why: 'Stays float: the spec says so.' },
};
