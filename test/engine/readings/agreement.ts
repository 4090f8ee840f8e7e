import { dequantizeTensor, quantizeTensor } from '../../../engine/formats/affine.ts';
import { formatNamed } from '../../../engine/formats/registry.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Model } from '../../../engine/graph/graph.ts';
import type { QuantizedModel, QuantizedTensor } from '../../../engine/quantize/assignment.ts';
import { exportQdq } from '../../../engine/readings/export-qdq.ts';
import { integerGraph } from '../../../engine/readings/integer.ts';
import { type Segment, segmentsOf } from '../../../engine/readings/segment.ts';
import { simulate } from '../../../engine/readings/simulate.ts';
import { float32Tensor, type Tensor } from '../../../engine/tensor.ts';
import { openInOnnxRuntime } from '../../onnxruntime.ts';
import { bytesOf } from '../quantize/small.ts';

/** Comparing the readings of a compressed model layer by layer on the same inputs. */

export type Inputs = ReadonlyMap<string, Tensor>;

/** Largest |a − b| in steps of the codes. */
export function stepsApart(a: Tensor, b: Tensor, codes: QuantizedTensor): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array];
  if (a.dims.join() !== b.dims.join()) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < x.length; i++) worst = Math.max(worst, Math.abs(x[i]! - y[i]!) / codes.scale[0]!);
  return Math.round(worst * 1000) / 1000;
}

/** Index of the largest element, the first of equals. */
function argmax({ data }: Tensor): number {
  const values = data as Float32Array;
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}

/** Whether what `other` decides for is best in `own` too, if only by a tie there. */
export function decidesAlike(own: Tensor, other: Tensor): boolean {
  const values = own.data as Float32Array;
  return values[argmax(other)] === values[argmax(own)];
}

/** The same with a tie on either side: what is measured over many samples beside the strict figures. */
export function sameDecision(a: Tensor, b: Tensor): boolean {
  return decidesAlike(a, b) || decidesAlike(b, a);
}

export interface SegmentInputs {
  readonly segment: Segment;
  readonly inputs: Inputs;
}

/** Every layer with the values that reach it when the integer reading runs on `inputs`. */
export function segmentInputs(model: QuantizedModel, inputs: Inputs): readonly SegmentInputs[] {
  const seen = new Map<string, Tensor>();
  evaluateGraph(integerGraph(model), inputs, {
    observe: (name, tensor) => {
      seen.set(name, tensor);
    },
  });
  const floatOf = (value: string): Tensor => {
    const float = seen.get(value);
    if (float !== undefined) return float;
    const entry = writtenCodes(model, value);
    const codes = seen.get(`${entry.name}_codes`)!;
    return float32Tensor(codes.dims, dequantizeTensor(codes.data as Uint8Array, codes.dims, entry.codes));
  };
  return segmentsOf(model).map((segment) => {
    const own = new Map<string, Tensor>();
    for (const [value, codes] of segment.inputs) own.set(value, rounded(floatOf(value), codes));
    return { segment, inputs: own };
  });
}

/** Codes of a value, and the name they go by: that of the producer where an activation was fused. */
function writtenCodes(model: QuantizedModel, value: string): { name: string; codes: QuantizedTensor } {
  const entry = model.assignment.inputs.get(value);
  if (entry !== undefined) return { name: value, codes: entry };
  const segment = segmentsOf(model).find(({ output, node }) => output === value || node.outputs.includes(value));
  if (segment === undefined) throw new Error(`No segment writes ${value}.`);
  return { name: segment.output === value ? segment.node.outputs[0]! : value, codes: segment.outputCodes };
}

function rounded(tensor: Tensor, codes: QuantizedTensor): Tensor {
  const format = formatNamed(codes.format);
  const own = quantizeTensor(tensor.data as Float32Array, tensor.dims, { ...codes, format });
  return float32Tensor(tensor.dims, dequantizeTensor(own, tensor.dims, codes));
}

export function runInteger(model: QuantizedModel, inputs: Inputs): ReadonlyMap<string, Tensor> {
  return evaluateGraph(integerGraph(model), inputs);
}

export function runSimulation(model: QuantizedModel, inputs: Inputs): ReadonlyMap<string, Tensor> {
  return evaluateGraph(simulate(model), inputs);
}

export interface LayerDifference {
  readonly layer: string;
  readonly op: string;
  /** Steps between the integer reading and the simulation. */
  readonly simulation: number;
  /** Steps between the integer reading and the fully optimised export; absent unless asked for. */
  readonly runtime: number;
}

/** Differences of the readings per layer. `runtime`: also against onnxruntime-web (for `ort` arithmetic). */
export async function layerDifferences(
  model: Model,
  quantized: QuantizedModel,
  inputs: Inputs,
  options: { readonly runtime: boolean },
): Promise<readonly LayerDifference[]> {
  const differences: LayerDifference[] = [];
  for (const { segment, inputs: own } of segmentInputs(quantized, inputs)) {
    const integer = runInteger(segment.model, own).get(segment.output)!;
    const simulated = runSimulation(segment.model, own).get(segment.output)!;
    let runtime = 0;
    if (options.runtime) {
      const bytes = bytesOf(exportQdq({ ...model, graph: segment.model.graph }, segment.model));
      const session = await openInOnnxRuntime(bytes, 'all');
      const result = (await session.run(own)).get(segment.output)!;
      await session.release();
      runtime = stepsApart(integer, result, segment.outputCodes);
    }
    differences.push({
      layer: segment.node.name,
      op: segment.node.op,
      simulation: stepsApart(integer, simulated, segment.outputCodes),
      runtime,
    });
  }
  return differences;
}
