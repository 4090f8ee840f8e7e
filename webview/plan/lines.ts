import type { LayerSpan, PlanMessage, PlanRowView, PlanRuleView, PlanVerdictView } from '../protocol.ts';
import type { SortValue } from '../table/order.ts';

/** A row of the table with what it refers to. */
export interface Line extends PlanRowView {
  /** Place in the model. */
  readonly index: number;
  readonly what: PlanVerdictView;
  /** The statement that a person would look for; undefined: none decides anything. */
  readonly decider: PlanRuleView | undefined;
}

export function linesOf({ rows, verdicts, rules }: PlanMessage): readonly Line[] {
  return rows.map((row, index) => {
    const what = verdicts[row.verdict]!;
    return { ...row, index, what, decider: what.decider === null ? undefined : rules[what.decider] };
  });
}

export const columnKeys = [
  'name',
  'op',
  'shape',
  'weights',
  'activations',
  'parameters',
  'bytes',
  'latency',
  'rule',
] as const;
export type ColumnKey = (typeof columnKeys)[number];

/** What each column is sorted by. */
export const orders: Readonly<Record<ColumnKey, (line: Line) => SortValue>> = {
  name: (line) => line.name,
  op: (line) => line.op,
  shape: (line) => line.shape,
  weights: ({ what }) => `${what.weights} ${what.weightsHow}`.trim(),
  activations: ({ what }) => what.activations,
  parameters: (line) => line.parameters.value,
  bytes: (line) => line.bytesAfter.value,
  latency: (line) => line.timeAfter.value,
  rule: ({ decider }) => decider?.line ?? null,
};

/** True where more than the statements about all layers has a say. */
export function isChangedByRule({ decider }: Line): boolean {
  return decider !== undefined && !decider.ofAll;
}

/** What the last column says: the rule, or why there is none. */
export function deciderText({ decider, what }: Line): string {
  return decider?.text ?? what.float?.short ?? '';
}

/** Lower-case words that a layer is found by. */
export function searchText(line: Line): string {
  const { name, op, shape, what, decider } = line;
  const { weights, weightsHow, activations, float } = what;
  const rule = decider ? `line ${decider.line}` : '';
  return [name, op, shape, weights, weightsHow, activations, deciderText(line), rule, float?.short]
    .join('\n')
    .toLowerCase();
}

/** What the statement at the cursor has to do with a layer. */
export type Mark = 'decides' | 'overridden' | 'idle';

/** The mark of each layer that a statement speaks of, by place in the model. */
export function marksOf(rule: PlanRuleView | undefined): ReadonlyMap<number, Mark> {
  const marks = new Map<number, Mark>();
  for (const mark of ['decides', 'overridden', 'idle'] as const) {
    for (const [from, to] of rule?.[mark] ?? []) for (let i = from; i < to; i++) marks.set(i, mark);
  }
  return marks;
}

export function countOf(spans: readonly LayerSpan[]): number {
  return spans.reduce((count, [from, to]) => count + to - from, 0);
}
