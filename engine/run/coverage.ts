import { type Finding, fail } from '../findings.ts';
import { type LayerSummary, type ModelSummary, multiplies } from '../graph/summary.ts';
import type { Plan } from '../plan.ts';
import { type Assignment, edgeKey } from '../quantize/assignment.ts';
import { bytes, percent } from '../report/quantities.ts';

/** Share of the weights' bytes that may stay float without a word. */
const unremarkable = 0.1;

/**
 * What of a model's weights compression did not reach. A result that is no smaller than the model must not look like one
 * that is: without a single weight in codes, or pruned, there is nothing to export.
 *
 * @throws FindingError `quantize/nothing`
 */
export function coverageFindings(
  summary: ModelSummary,
  plan: Plan,
  assignment: Assignment,
  pruned: ReadonlySet<string>,
): Finding[] {
  const { layers } = summary;
  const compressed = layers.filter(({ name }) => assignment.entries.has(edgeKey(name, 'weight')));
  if (compressed.length === 0 && pruned.size > 0) return [];
  if (compressed.length === 0)
    fail('quantize/nothing', 'No weight of the model would be compressed.', causeOf(summary, plan));
  const left = layers
    .filter((layer) => !quantizers.has(layer.op) && !compressed.includes(layer) && !keptFloat(layer, plan))
    .filter((layer) => layer.weightBytes > 0)
    .sort((a, b) => b.weightBytes - a.weightBytes);
  const total = layers.reduce((sum, layer) => sum + layer.weightBytes, 0);
  const share = left.reduce((sum, layer) => sum + layer.weightBytes, 0) / total;
  if (!(share > unremarkable)) return [];
  const named = left.slice(0, 3).map((layer) => `${layer.op} “${layer.name}” (${bytes(layer.weightBytes)})`);
  return [
    {
      code: 'quantize/float-weights',
      severity: 'warning',
      what: `${percent(share)} of the weights stay float: ${named.join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}.`,
      why: 'QSpec has no codes for the weights of these layers, so the model stays about that large.',
    },
  ];
}

const quantizers: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear']);

/** The spec says so itself, or never asked for anything else. */
function keptFloat({ name, quantization }: LayerSummary, plan: Plan): boolean {
  const choice = plan.nodes[name]?.weight;
  return multiplies({ quantization }) && (choice === undefined || choice.format === 'float');
}

function causeOf({ layers }: ModelSummary, plan: Plan): { why: string; fix: string } {
  if (Object.values(plan.nodes).every(({ weight }) => weight === undefined || weight.format === 'float')) {
    const compute = layers.filter(multiplies);
    if (
      compute.length > 0 &&
      compute.some(({ weightInput, inputs }) => inputs[weightInput ?? -1]?.kind === 'constant')
    ) {
      return {
        why: 'The spec asks for no weights in codes.',
        fix: 'Say what weights are to be: quantize { weights int8 symmetric per-channel }.',
      };
    }
    return {
      why: 'It has no convolution, Gemm, MatMul or recurrent layer with stored weights outside the bodies of If, Loop and Scan.',
      fix: 'Compress the part of the model that has the weights as a model of its own.',
    };
  }
  return {
    why: 'None of the layers that the spec speaks of has an integer form.',
    fix: '`qspec operators` lists what can be compressed.',
  };
}
