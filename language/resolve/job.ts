import type { Finding } from '../../engine/findings.ts';
import { sha256 } from '../../engine/hash.ts';
import type { Job } from '../../engine/plan.ts';
import { runChecks } from '../checks/run.ts';
import { examine, type SpecContext } from '../context.ts';
import { withImports } from '../grammar/imports.ts';
import type { LoadedSpec } from '../grammar/load.ts';
import { isPending } from '../selectors/select.ts';
import { dataSourceOf } from './data.ts';
import { expectationOf, exportRequestOf, targetChoiceOf } from './judgements.ts';
import { passesOfSpec } from './passes.ts';
import { planOf } from './plan.ts';
import { prunePlanOf } from './prune.ts';
import { trainingPlanOf } from './train.ts';

export interface ResolvedSpec {
  /**
   * In place of a job where rules ask for what is not measured yet: the job without them, which is what has to be measured.
   * With `SpecContext.measurements` of it the spec resolves.
   */
  readonly pending?: Job;
  /** Absent if any finding is an error, or if a block of rules cannot be resolved because the model is not known. */
  readonly job?: Job;
  readonly findings: readonly Finding[];
}

/** Turns a spec into what the engine runs: every path absolute, every field of every layer decided, each with the line that decided it. */
export function resolveSpec(spec: LoadedSpec, context: SpecContext): ResolvedSpec {
  const checked = examine(spec, context);
  const findings = runChecks(checked).map((finding) =>
    // A base may lack a model; what is to be run may not.
    finding.code === 'spec/model' ? { ...finding, severity: 'error' as const } : finding,
  );
  if (findings.some((finding) => finding.severity === 'error')) return { findings };
  const { definitions, absolute, rules, prune, train, outcomes, network } = checked;
  const needsModel = definitions.quantize ?? definitions.prune ?? definitions.train;
  if (!definitions.model || (needsModel && !network)) return { findings };
  const passes = passesOfSpec(definitions, context.vocabulary);
  const data = [...definitions.dataByName].map(
    ([name, statement]) => [name, dataSourceOf(statement, definitions, absolute)] as const,
  );
  const job: Job = {
    spec: { path: spec.path, hash: hashOf(spec) },
    model: absolute(definitions.model.path),
    ...(definitions.quantized && { quantized: definitions.quantized }),
    data: Object.fromEntries(data),
    targets: definitions.targets.map(targetChoiceOf),
    ...(passes && { passes }),
    ...(prune && network ? { prune: prunePlanOf(prune, network, context.vocabulary) } : {}),
    ...(definitions.quantize && rules && network
      ? { plan: planOf(definitions.quantize, rules, network, context.vocabulary) }
      : {}),
    ...(definitions.train && train && network
      ? { train: trainingPlanOf(definitions.train.items, train, network, context.vocabulary, absolute) }
      : {}),
    exports: definitions.exports.map((statement) => exportRequestOf(statement, absolute)),
    expectations: definitions.expectations.flatMap((statement) => expectationOf(statement) ?? []),
  };
  const isOpen = network && outcomes.some(({ matches }) => matches.some(({ rule }) => isPending(rule, network)));
  return isOpen ? { pending: job, findings } : { job, findings };
}

/** Of the spec's text, and of what it imports: another base is another spec. */
function hashOf(spec: LoadedSpec): string {
  const texts = [...withImports(spec)].map(({ text }) => text);
  return texts.length === 1 ? sha256(spec.text) : sha256(texts.map((text) => sha256(text)).join('\n'));
}
