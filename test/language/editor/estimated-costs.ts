import { join } from 'node:path';
import { expect } from 'vitest';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadModel } from '../../../engine/run/load.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { examine } from '../../../language/context.ts';
import { plannedOf } from '../../../language/editor/planned.ts';
import { loadSpec, resolveSpec } from '../../../language/index.ts';
import { engineVocabulary } from '../../../language/vocabulary-engine.ts';
import { context } from '../../engine/run/quiet-context.ts';
import { root } from '../../shared.ts';

/** What the editor estimates for a spec before anything runs, and what the report of a run says. */
export async function bothOf(model: string, statements: string) {
  const text = `qspec 1\nmodel "${model}"\n${statements}`;
  const spec = loadSpec(text, join(root, 'examples', 'digits', 'pruned.qspec'));
  const host = nodeHost();
  const { summary } = await loadModel(host, model, { weights: 'shapes' });
  const surroundings = { vocabulary: engineVocabulary(), path: host.path, model: summary };
  const planned = plannedOf(examine(spec, surroundings))!;
  const { job, findings } = resolveSpec(spec, surroundings);
  if (!job) throw new Error(findings.map(({ what }) => what).join('\n'));
  const { report } = await quantizeJob(job, context, { write: false, evaluationSamples: 0, layerSamples: 1 });
  return { planned, report, summary };
}

/** Layer by layer what both say of those that compute something, and the whole. */
export function expectTheSame({ planned, report }: Awaited<ReturnType<typeof bothOf>>) {
  expect([...planned.open]).toEqual([]);
  const { layers, parameters, latency, flash, ram, energy } = planned.after;
  const rows = layers.flatMap(({ name, op, macs, weightBytes, folded }) =>
    folded ? [] : [{ name, op, macs, bytesAfter: weightBytes }],
  );
  expect(rows).toEqual(report.layers.map(({ name, op, macs, bytesAfter }) => ({ name, op, macs, bytesAfter })));
  expect(parameters).toBe(report.size.parameters);
  expect({ latency, flash, ram, ...(energy !== undefined && { energy }) }).toEqual(report.targets[0]!.after);
}
