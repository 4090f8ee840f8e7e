import type { Dataset } from '../data/dataset.ts';
import type { Finding } from '../findings.ts';
import type { Profile } from '../hardware/profile.ts';
import type { HostPath } from '../host.ts';
import type { Job, Plan } from '../plan.ts';
import { layOut } from '../quantize/layout.ts';
import { judge, type Measurements } from '../report/judge.ts';
import type { Report, StageReport, VerificationReport } from '../report/report.ts';
import type { VerifyReport } from '../verify/verify.ts';
import type { Compressed } from './compress.ts';
import { hardwareReport } from './hardware-report.ts';
import type { LayerNoise } from './layer-noise.ts';
import { arithmeticCosts, layerReports } from './layer-report.ts';
import type { LoadedModel, Prepared } from './load.ts';
import type { Measured } from './measure.ts';

/** All that a run found out. */
export interface RunFacts {
  readonly job: Job;
  readonly toolVersion: string;
  readonly model: LoadedModel;
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly compressed: Compressed;
  readonly calibration: Dataset | undefined;
  readonly evaluation: Dataset | undefined;
  /** Bytes of the exported model. */
  readonly size: number;
  readonly measured: Measured | undefined;
  readonly verification: VerifyReport | undefined;
  readonly weightNoise: ReadonlyMap<string, LayerNoise>;
  readonly outputNoise: ReadonlyMap<string, LayerNoise>;
  /** Share of zeros among the weights of pruned layers. */
  readonly zeros: ReadonlyMap<string, number>;
  /** Of the run itself. */
  readonly findings: readonly Finding[];
  readonly stages: readonly StageReport[];
  readonly path: HostPath;
}

/** The report of a run, but for the files that are still to be written. */
export function assembleReport(facts: RunFacts): Omit<Report, 'files'> {
  const { job, model, prepared, compressed, calibration, measured, verification, size, path } = facts;
  const targets = job.targets.map((choice) => hardwareReport(choice, prepared.summary, compressed, size));
  const measurements = measurementsOf(facts, targets[0]?.after);
  const layerInput = {
    before: prepared.summary,
    after: compressed.summary,
    formats: compressed.formats,
    absorbed: prepared.absorbed,
    weightNoise: facts.weightNoise,
    outputNoise: facts.outputNoise,
    zeros: facts.zeros,
  };
  return {
    version: 1,
    tool: { name: 'qspec', version: facts.toolVersion },
    title: path.basename(job.model).replace(/\.onnx$/, ''),
    spec: { path: path.basename(job.spec.path), hash: job.spec.hash },
    model: { path: path.basename(job.model), hash: model.hash },
    calibration: calibration && {
      data: calibration.name,
      samples: calibration.length,
      dataHash: calibration.hash,
      observers: observersOf(prepared, facts.plan),
    },
    size: {
      before: model.bytes,
      after: size,
      parameters: compressed.summary.totals.parameters,
      arithmetic: arithmeticCosts(layerInput),
    },
    accuracy: measured?.report,
    layers: layerReports(layerInput),
    targets: targets.map((target) => target.report),
    expectations: job.expectations.map((expectation) => judge(expectation, measurements)),
    verification: verification && verificationReport(verification, measured),
    findings: gatherFindings(job, [
      ...model.model.findings,
      ...(calibration?.findings ?? []),
      ...(facts.evaluation?.findings ?? []),
      ...compressed.findings,
      ...facts.findings,
      ...(verification?.findings ?? []),
      ...targets.flatMap((target) => target.after.findings),
    ]),
    stages: facts.stages,
  };
}

function verificationReport(verification: VerifyReport, measured: Measured | undefined): VerificationReport {
  const { runtime, version, levels, betweenLevels } = verification;
  return {
    runtime,
    version,
    levels,
    betweenLevels: betweenLevels[0]?.metrics,
    integerExecution: measured?.integerExecution,
  };
}

function measurementsOf({ model, size, measured }: RunFacts, profile: Profile | undefined): Measurements {
  const metrics = measured?.report.metrics;
  const top = (k: 'top1' | 'top5') => {
    const value = metrics?.labelled?.candidate[k];
    const before = metrics?.labelled?.reference[k];
    return value === undefined || before === undefined ? undefined : { value, before };
  };
  return {
    top1: top('top1'),
    top5: top('top5'),
    sqnr: metrics && { value: metrics.sqnr },
    agreement: metrics?.agreement === undefined ? undefined : { value: metrics.agreement },
    size: { value: size, before: model.bytes },
    latency: profile && { value: profile.latency },
    energy: profile?.energy === undefined ? undefined : { value: profile.energy },
    flash: profile && { value: profile.flash },
    ram: profile && { value: profile.ram },
  };
}

/** How many tensors, or groups that share their parameters, each observer chose the range of. */
function observersOf(prepared: Prepared, plan: Plan): { readonly name: string; readonly tensors: number }[] {
  const counts = new Map<string, number>();
  for (const { choice } of layOut(prepared.graph, plan).groups) {
    counts.set(choice.observer.name, (counts.get(choice.observer.name) ?? 0) + 1);
  }
  return Array.from(counts, ([name, tensors]) => ({ name, tensors }));
}

/** Each once, with the spec as the file where only a place in it is known. */
function gatherFindings(job: Job, findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings
    .map((finding) => (finding.file === undefined && finding.range ? { ...finding, file: job.spec.path } : finding))
    .filter((finding) => {
      const key = `${finding.code}\u0000${finding.what}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}
