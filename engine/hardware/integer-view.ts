import type { Model } from '../graph/graph.ts';
import { type ModelSummary, summarize } from '../graph/summary.ts';
import { importQdq, withoutRounding } from '../readings/import-qdq.ts';
import { assignedFormats, type ModelFormats, storedFormats } from './model-formats.ts';

/** A 16-bit code is the widest that runtimes have integer kernels for. */
const width = 16;

/**
 * A model with QuantizeLinear and DequantizeLinear nodes as a runtime sees it: the pairs are no work but a statement of
 * the format in which a value is held. Gives the model without them and the formats that they stated; a model without
 * such nodes comes back as it is.
 */
export function integerView(model: Model): { readonly summary: ModelSummary; readonly formats: ModelFormats } {
  const imported = importQdq(model.graph, { width });
  if (imported === undefined) return { summary: summarize(model), formats: storedFormats };
  const { graph, held } = withoutRounding(imported);
  const summary = summarize({ ...model, graph });
  const formats = assignedFormats(summary, imported.assignment);
  return { summary, formats: { ...formats, value: (name, dtype) => held.get(name) ?? formats.value(name, dtype) } };
}
