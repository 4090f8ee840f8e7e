import type { Finding } from '../engine/findings.ts';
import { runChecks } from './checks/run.ts';
import { examine, type SpecContext } from './context.ts';
import type { LoadedSpec } from './grammar/load.ts';
import { type Explanation, explainLayer } from './resolve/explain.ts';

export type { FileKnowledge, SpecContext } from './context.ts';
export { lookAtFiles, readImports } from './facts.ts';
export { type LoadedSpec, loadSpec } from './grammar/load.ts';
export { howText } from './resolve/choice-text.ts';
export type { Explanation, Saying } from './resolve/explain.ts';
export { type ResolvedSpec, resolveSpec } from './resolve/job.ts';
export { printStarterSpec, type StarterData, type StarterOptions } from './starter.ts';
export type { Vocabulary } from './vocabulary.ts';

/** All that can be said of a spec without running anything, in the order of the file. Never throws. */
export function checkSpec(spec: LoadedSpec, context: SpecContext): readonly Finding[] {
  return runChecks(examine(spec, context));
}

/** Which statements decide what one layer gets; undefined if the model, the `quantize` block or the layer is not there. */
export function explain(spec: LoadedSpec, context: SpecContext, layer: string): Explanation | undefined {
  return explainLayer(examine(spec, context), layer);
}
