import type { ModelSummary } from '../graph/summary.ts';
import type { ModelFormats } from '../hardware/model-formats.ts';
import { storedFormats } from '../hardware/model-formats.ts';
import { type Profile, profileModel } from '../hardware/profile.ts';
import { targetNamed } from '../hardware/registry.ts';
import type { TargetChoice } from '../plan.ts';
import { judgeBudget } from '../report/judge.ts';
import type { TargetFigures, TargetReport } from '../report/report.ts';

/** A model in one state: what it consists of and in which formats that is held. */
export interface ModelState {
  readonly summary: ModelSummary;
  readonly formats: ModelFormats;
}

export interface HardwareReport {
  readonly report: TargetReport;
  readonly after: Profile;
}

/** Estimates a target before and after compression and judges its budgets. `size` is the file's, in bytes. */
export function hardwareReport(
  choice: TargetChoice,
  before: ModelSummary,
  after: ModelState,
  size: number | undefined,
): HardwareReport {
  const target = targetNamed(choice.name);
  const first = profileModel(before, storedFormats, target);
  const second = profileModel(after.summary, after.formats, target);
  const values: Record<string, number | undefined> = { ...figures(second), size };
  return {
    after: second,
    report: {
      name: target.name,
      title: target.title,
      before: figures(first),
      after: figures(second),
      flashLimit: second.flashLimit,
      ramLimit: second.ramLimit,
      budgets: choice.budgets.map((budget) => judgeBudget(budget, values[budget.quantity])),
      basis: second.basis,
    },
  };
}

function figures({ latency, energy, flash, ram }: Profile): TargetFigures {
  return { latency, flash, ram, ...(energy !== undefined && { energy }) };
}
