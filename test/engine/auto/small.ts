import { type AutoResult, chooseAutomatically } from '../../../engine/auto/choose.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import type { Graph } from '../../../engine/graph/graph.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import type { Expectation, Plan } from '../../../engine/plan.ts';
import type { Progress } from '../../../engine/progress.ts';
import { prepare } from '../../../engine/run/load.ts';
import { modelOf } from '../quantize/small.ts';

/** The recipe on a small graph, with what it expects. */
export async function recipe(
  graph: Graph,
  plan: Plan,
  calibration: Dataset,
  expectations: readonly Expectation[] = [],
  progress: Progress = { signal: new AbortController().signal, report() {} },
): Promise<AutoResult> {
  const own = modelOf(graph);
  const model = { path: 'test', hash: '', bytes: 0, model: own, summary: summarize(own) };
  const pruned = {
    ...{ prepared: prepare(model, []), findings: [] },
    ...{ layers: new Set<string>(), zeroed: new Set<string>(), kept: new Map(), added: new Map() },
  };
  const context = { host: nodeHost(), threads: 1, toolVersion: '0', progress };
  return chooseAutomatically({ model, pruned, plan, calibration, context, expectations });
}

/** What the recipe says that it chose. */
export function said({ compressed }: AutoResult): string[] {
  return compressed.findings.filter(({ code }) => code === 'auto/chosen').map(({ what }) => what);
}
