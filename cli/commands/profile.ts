import { nodeHost } from '../../engine/env/node/host.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { integerView } from '../../engine/hardware/integer-view.ts';
import { type ModelFormats, plannedFormats } from '../../engine/hardware/model-formats.ts';
import { type Profile, profileModel } from '../../engine/hardware/profile.ts';
import { findTarget, targets } from '../../engine/hardware/registry.ts';
import type { Target } from '../../engine/hardware/target.ts';
import { nearest } from '../../engine/nearest.ts';
import type { Job } from '../../engine/plan.ts';
import type { Progress } from '../../engine/progress.ts';
import { judgeBudget } from '../../engine/report/judge.ts';
import { amount, bytes, duration, joules, percent } from '../../engine/report/quantities.ts';
import { judgementLine } from '../../engine/report/text.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { loadJobModel, loadModel, prepare } from '../../engine/run/load.ts';
import { type CommandResult, defineCommand, jsonOption, UsageError } from '../command.ts';
import { existingFile, shownPath } from '../paths.ts';
import { runContext } from '../run-context.ts';
import { measuredJobOf, openSpec } from '../spec.ts';
import type { Style, Terminal } from '../terminal.ts';

export const profile = defineCommand({
  name: 'profile',
  summary: 'estimated latency, energy, flash and RAM on a target, layer by layer',
  description: `Estimates one inference on a hardware target. A model is taken as it is (a quantised one in its own formats); a spec in
    the formats that it plans, without calibration. Estimates are no measurements: docs/targets.md says what they rest on.`,
  arguments: [{ name: 'SPEC|MODEL', description: 'a .qspec or an .onnx file' }],
  options: {
    target: { type: 'string', value: 'NAME', description: 'A target (default: those of the spec, or all).' },
    json: jsonOption,
  },
  examples: [
    { line: 'qspec profile model.onnx --target cortex-m7', does: 'shows time and bytes of every layer' },
    { line: 'qspec profile model.qspec', does: 'does so for the targets of the spec, and judges their budgets' },
  ],
  async run({ positionals, options, terminal, progress }) {
    const path = existingFile(positionals[0]!, 'spec or model');
    const subject = path.endsWith('.qspec') ? await ofSpec(path, terminal, progress) : await ofModel(path);
    if ('exitCode' in subject) return subject;
    const chosen = chooseTargets(options.target, subject.job);
    const results = chosen.map((target) => {
      const profiled = profileModel(subject.summary, subject.formats, target);
      const budgets = subject.job?.targets.find(({ name }) => name === target.name)?.budgets ?? [];
      const { latency, energy, flash, ram } = profiled;
      const values: Record<string, number | undefined> = { latency, energy, flash, ram };
      return { ...profiled, budgets: budgets.map((budget) => judgeBudget(budget, values[budget.quantity])) };
    });
    for (const result of results) for (const finding of result.findings) terminal.finding(finding);
    const failed = results.some(({ budgets }) => budgets.some(({ passed }) => passed === false));
    return {
      exitCode: failed ? 1 : 0,
      json: { path, profiles: results },
      text: () =>
        results
          .map((result) => [
            ...profileLines(result, shownPath(path), terminal.outStyle),
            ...result.budgets.map((budget) => judgementLine(budget, terminal.outStyle)),
            ...result.basis.map((sentence) => terminal.outStyle.dim(`  ${sentence}`)),
          ])
          .map((lines) => lines.join('\n'))
          .join('\n\n'),
    };
  },
});

interface Subject {
  readonly summary: ModelSummary;
  readonly formats: ModelFormats;
  readonly job?: Job;
}

async function ofModel(path: string): Promise<Subject> {
  const model = await loadModel(nodeHost(), path);
  return integerView({ ...model.model, graph: prepare(model).graph });
}

async function ofSpec(path: string, terminal: Terminal, progress: Progress): Promise<Subject | CommandResult> {
  const { job, findings } = await measuredJobOf(await openSpec(path), runContext(progress));
  for (const finding of findings) terminal.finding({ file: path, ...finding });
  if (job === undefined) {
    return { exitCode: 1, json: { ok: false, findings }, text: () => 'The spec has errors; nothing was estimated.' };
  }
  const model = await loadJobModel(nodeHost(), job);
  const { graph, summary } = prepare(model, job.passes);
  if (job.plan === undefined) return { ...integerView({ ...model.model, graph }), job };
  return { summary, formats: plannedFormats(summary, graph, job.plan), job };
}

function chooseTargets(name: string | undefined, job: Job | undefined): readonly Target[] {
  if (name === undefined) {
    const own = (job?.targets ?? []).map((choice) => findTarget(choice.name)).filter((target) => target !== undefined);
    return own.length > 0 ? own : targets;
  }
  const target = findTarget(name);
  if (target !== undefined) return [target];
  const names = targets.map((candidate) => candidate.name);
  const near = nearest(name, names);
  throw new UsageError(
    `There is no target called "${name}".`,
    near ? `Did you mean ${near}?` : `Targets: ${names.join(', ')}.`,
  );
}

function profileLines(result: Profile, path: string, style: Style): string[] {
  const limit = (value: number, most: number | undefined) =>
    most === undefined ? bytes(value) : `${bytes(value)} ${style.dim(`of ${bytes(most)}`)}`;
  const withEnergy = result.energy !== undefined;
  return [
    `${style.bold(path)} on ${style.bold(result.title)}`,
    `  latency  ${style.bold(duration(result.latency))}  ${style.dim(`${amount(result.macs)} MACs`)}`,
    ...(result.energy === undefined ? [] : [`  energy   ${style.bold(joules(result.energy))}`]),
    `  flash    ${limit(result.flash, result.flashLimit)}`,
    `  RAM      ${limit(result.ram, result.ramLimit)}  ${style.dim(`activations ${bytes(result.peakActivationBytes)} during ${result.peakLayer ?? '–'}`)}`,
    '',
    ...textTable(
      [
        { title: 'layer', max: 32 },
        { title: 'operator', max: 18 },
        { title: 'formats' },
        { title: 'time', align: 'right' },
        ...(withEnergy ? [{ title: 'energy', align: 'right' } as const] : []),
        { title: 'share', align: 'right' },
        { title: 'bound by' },
        { title: 'MACs', align: 'right' },
        { title: 'weights', align: 'right' },
        { title: 'alive', align: 'right' },
      ],
      result.layers
        .filter((layer) => layer.boundBy !== 'folded')
        .map((layer) => [
          layer.name,
          layer.op,
          layer.weightFormat === undefined ? layer.inputFormat : `${layer.weightFormat}×${layer.inputFormat}`,
          duration(layer.time),
          ...(layer.energy === undefined ? [] : [joules(layer.energy)]),
          percent(layer.share),
          layer.boundBy,
          layer.macs === 0 ? '–' : amount(layer.macs),
          layer.weightBytes === 0 ? '–' : bytes(layer.weightBytes),
          bytes(layer.liveBytes),
        ]),
      style,
    ),
  ];
}
