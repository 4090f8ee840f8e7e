import { textTable } from '../../engine/report/text-table.ts';
import { behindOnnxruntime } from './onnxruntime.ts';
import { type Outcome, type Status, statusOf } from './runner.ts';

/** Status of each case in onnxruntime. */
type Peer = ReadonlyMap<string, string>;

export interface ConformanceReport {
  readonly lines: readonly string[];
  /** A case fails that need not be excluded, or onnxruntime passes one that does not pass here. */
  readonly failed: boolean;
}

/** The suite operator by operator, what fails and what is excluded with the reasons, and the totals beside onnxruntime. */
export function conformanceReport(
  reference: readonly Outcome[],
  executor: readonly Outcome[],
  peer: Peer,
): ConformanceReport {
  return {
    lines: [
      ...operatorLines(reference, executor, peer),
      ...reasonLines('Failed', 'fail', reference, executor),
      ...reasonLines('Excluded', 'excluded', reference, executor),
      '',
      ...totalLines('reference evaluation', reference, peer),
      ...totalLines('executor', executor, peer),
    ],
    failed: [reference, executor].some(
      (outcomes) =>
        outcomes.some((outcome) => statusOf(outcome) === 'fail') ||
        behindOnnxruntime(passedOf(outcomes), peer).length > 0,
    ),
  };
}

/** One line an operator; a case counts for every operator in it. */
function operatorLines(reference: readonly Outcome[], executor: readonly Outcome[], peer: Peer): string[] {
  const names = [...new Set(reference.flatMap(({ operators }) => operators))].sort();
  const rows = names.map((name) => {
    const uses = ({ operators }: Outcome) => operators.includes(name);
    const [own, onKernels] = [reference.filter(uses), executor.filter(uses)];
    const tried = own.filter((outcome) => peer.has(outcome.name));
    return [
      name,
      String(own.length),
      counts(own),
      counts(onKernels),
      tried.length === 0 ? '–' : `${tried.filter(({ name }) => peer.get(name) === 'pass').length} of ${tried.length}`,
    ];
  });
  const right = { align: 'right' } as const;
  const columns = [
    { title: 'operator', max: 44 },
    { title: 'cases', ...right },
    { title: 'reference', ...right },
    { title: 'executor', ...right },
    { title: 'onnxruntime', ...right },
  ];
  return textTable(columns, rows, { dim: String, bold: String });
}

/** `12 pass`, `11 pass, 1 excluded`, … */
function counts(outcomes: readonly Outcome[]): string {
  return (['pass', 'fail', 'excluded'] as const)
    .map((status) => [outcomes.filter((outcome) => statusOf(outcome) === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(', ');
}

/** The cases of a status with what went wrong or why they need not pass, those of one reason together. */
function reasonLines(
  title: string,
  status: Status,
  reference: readonly Outcome[],
  executor: readonly Outcome[],
): string[] {
  const reasons = new Map<string, Set<string>>();
  for (const [how, outcomes] of [
    ['reference', reference],
    ['executor', executor],
  ] as const) {
    for (const outcome of outcomes) {
      if (statusOf(outcome) !== status) continue;
      const reason = status === 'excluded' ? outcome.exclusion! : `${how}: ${outcome.failure}`;
      reasons.set(reason, (reasons.get(reason) ?? new Set()).add(outcome.name));
    }
  }
  if (reasons.size === 0) return [];
  return [
    '',
    `${title}:`,
    ...[...reasons].flatMap(([reason, names]) => [`  ${reason}`, `    ${[...names].join(' ')}`]),
  ];
}

function totalLines(how: string, outcomes: readonly Outcome[], peer: Peer): string[] {
  const passed = passedOf(outcomes);
  const names = [...peer.keys()];
  const share = (count: number) => `${count} (${((100 * count) / names.length).toFixed(1)} %)`;
  const ours = names.filter((name) => passed.has(name)).length;
  const theirs = names.filter((name) => peer.get(name) === 'pass').length;
  const missed = behindOnnxruntime(passed, peer);
  return [
    `${how}: ${counts(outcomes)} of ${outcomes.length} cases`,
    ...(names.length === 0
      ? ['  not compared with onnxruntime: onnx-node/onnxruntime-status.csv is not here']
      : [
          `  of the ${names.length} that onnxruntime 1.30 was tried on: ${share(ours)}; onnxruntime ${share(theirs)}`,
          missed.length === 0
            ? '  every case that onnxruntime passes passes here'
            : `  onnxruntime passes and this does not: ${missed.join(' ')}`,
        ]),
  ];
}

function passedOf(outcomes: readonly Outcome[]): Set<string> {
  return new Set(outcomes.filter((outcome) => statusOf(outcome) === 'pass').map(({ name }) => name));
}
