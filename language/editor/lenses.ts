import type { TextRange } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { importedFrom, rangeOfKeyword } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';

/** An action above a line. */
export interface Lens {
  readonly action: 'run' | 'sensitivity' | 'plan' | 'graph';
  /** Absolute path of the model that it is about; absent: it is about the spec. */
  readonly model?: string;
  readonly title: string;
  readonly range: TextRange;
}

export function lensesOf({ definitions: { model, quantize }, absolute }: CheckedSpec): readonly Lens[] {
  const own = model && textValue(model.path) !== '' ? { model: absolute(model.path) } : undefined;
  const lenses: Lens[] = [];
  if (model && own && importedFrom(model) === undefined)
    lenses.push({ action: 'graph', title: 'Open Graph', range: rangeOfKeyword(model, 'model'), ...own });
  if (quantize?.own) {
    const range = rangeOfKeyword(quantize.own, 'quantize');
    lenses.push({ action: 'run', title: 'Run', range });
    if (own) lenses.push({ action: 'sensitivity', title: 'Sensitivity', range, ...own });
    lenses.push({ action: 'plan', title: 'Plan', range });
  }
  return lenses;
}
