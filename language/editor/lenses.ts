import type { TextRange } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { rangeOfKeyword } from '../grammar/ranges.ts';
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
  const path = textValue(model?.path);
  const own = path === '' ? undefined : { model: absolute(path) };
  const lenses: Lens[] = [];
  if (model && own)
    lenses.push({ action: 'graph', title: 'Open Graph', range: rangeOfKeyword(model, 'model'), ...own });
  if (quantize) {
    const range = rangeOfKeyword(quantize, 'quantize');
    lenses.push({ action: 'run', title: 'Run', range });
    if (own) lenses.push({ action: 'sensitivity', title: 'Sensitivity', range, ...own });
    lenses.push({ action: 'plan', title: 'Plan', range });
  }
  return lenses;
}
