import { blockCount } from '../formats/blocks.ts';
import { granularityOf, partitionOf } from '../formats/granularity.ts';
import { formatNamed } from '../formats/registry.ts';
import { scaleBitsOf } from '../formats/scales.ts';
import type { LayerSummary } from '../graph/summary.ts';
import type { Choice } from '../plan.ts';
import type { QuantizedTensor } from '../quantize/assignment.ts';
import type { WeightRole } from '../quantize/integer-form.ts';
import { stackedRows } from '../quantize/weight-only.ts';

/** Bytes of the scales, zero points and bases of a weight. Zero points are there where the scheme has them, a byte each. */
export function heldParameterBytes({ format, scale, zeroPoint, scaleBits, basis }: QuantizedTensor): number {
  const zeros = zeroPoint.every((zero) => zero === 0) ? 0 : zeroPoint.length;
  const bits = scale.length * (scaleBits ?? scaleBitsOf(formatNamed(format))) + 32 * (basis?.length ?? 0);
  return Math.ceil(bits / 8) + zeros;
}

/** The same of a choice, before any data is seen. Unknown dimensions count as 1. */
export function plannedParameterBytes(layer: LayerSummary, choice: Choice, role: WeightRole = 'weight'): number {
  const format = formatNamed(choice.format);
  const sets = parameterSets(layer, choice, role);
  const zeros = choice.scheme === 'affine' && format.kind === 'integer' ? sets : 0;
  return Math.ceil((sets * (scaleBitsOf(format, choice.scale) + 32 * format.basisLength)) / 8) + zeros;
}

function parameterSets(layer: LayerSummary, { format, granularity }: Choice, role: WeightRole): number {
  const index = role === 'recurrent' ? layer.recurrentInput : layer.weightInput;
  const shape = layer.inputs[index ?? -1]?.shape;
  if (!shape) return 1;
  const known = shape.map((side) => (typeof side === 'number' ? side : 1));
  const dims = layer.quantization === 'weight-only' ? stackedRows(known) : known;
  const own = channelAxis(layer, dims.length);
  const { axis, blocks } = partitionOf(granularityOf(formatNamed(format), granularity), dims, own);
  if (blocks !== undefined) return blockCount(blocks);
  return axis === undefined ? 1 : dims[axis]!;
}

/** Axis of a layer's weight along which output channels lie. */
function channelAxis({ op, attributes }: LayerSummary, rank: number): number {
  if (op === 'MatMul') return rank - 1;
  if (op === 'Gemm') return attributes['transB'] === 1 ? 0 : 1;
  return op === 'ConvTranspose' ? 1 : 0;
}
