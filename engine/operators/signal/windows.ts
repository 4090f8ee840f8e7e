import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import type { DataType } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { scalarOf, tensorOf } from '../shared/numbers.ts';
import { constantInput, dimensionInput, valueType } from '../shared/types.ts';

function outputType(node: GraphNode): DataType {
  return dataTypeOf(intAttribute(node, 'output_datatype', 1)) ?? 'float32';
}

/** Cosine windows of a given size: Σ (−1)ᵏ aₖ cos(2πkn/N), with N the size (`periodic`) or one less. */
function cosineWindow(op: string, coefficients: readonly number[]): Operator {
  return {
    op,
    domain: '',
    opsets: [17, newestOpset],
    infer: (node, context) => [valueType(outputType(node), [dimensionInput(node, 0, context)?.[0]])],
    evaluate(node, [size]) {
      const count = scalarOf(size!);
      if (!(count >= 0 && count < 2 ** 31))
        fail('model/too-large', `${describe(node)} makes a window of ${count} samples.`);
      const period = intAttribute(node, 'periodic', 1) !== 0 ? count : count - 1;
      const values = Float64Array.from({ length: count }, (_, n) =>
        coefficients.reduce((sum, a, k) => sum + (k % 2 === 0 ? a : -a) * Math.cos((2 * Math.PI * k * n) / period), 0),
      );
      return [tensorOf(outputType(node), [count], values)];
    },
  };
}

export const hannWindow = cosineWindow('HannWindow', [0.5, 0.5]);
export const hammingWindow = cosineWindow('HammingWindow', [25 / 46, 21 / 46]);
export const blackmanWindow = cosineWindow('BlackmanWindow', [0.42, 0.5, 0.08]);

/** Triangular filters on the mel scale: [spectrum bins, mel bins]. */
export const melWeightMatrix: Operator = {
  op: 'MelWeightMatrix',
  domain: '',
  opsets: [17, newestOpset],
  infer(node, context) {
    const bins = dimensionInput(node, 0, context)?.[0];
    const length = constantInput(node, 1, context);
    return [valueType(outputType(node), [length && Math.floor(scalarOf(length) / 2) + 1, bins])];
  },
  evaluate(node, inputs) {
    const [bins, length, rate, low, high] = inputs.map((tensor) => scalarOf(tensor!)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const rows = Math.floor(length / 2) + 1;
    if (!(bins >= 1 && bins < 1 << 16 && rows < 1 << 24))
      fail('model/too-large', `${describe(node)} makes ${bins} filters of ${rows}.`);
    const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
    // The specification's reference divides the range by the number of edges, not of gaps.
    const step = (mel(high) - mel(low)) / (bins + 2);
    const edges = Array.from({ length: bins + 2 }, (_, i) =>
      Math.min(rows, Math.floor(((length + 1) * 700 * (10 ** ((mel(low) + i * step) / 2595) - 1)) / rate)),
    );
    if (!edges.every((edge) => edge >= 0))
      fail('model/shape', `The frequencies of ${describe(node)} are not positive numbers.`);
    const out = new Float64Array(rows * bins);
    for (let i = 0; i < bins; i++) {
      const [from, top, to] = [edges[i]!, edges[i + 1]!, edges[i + 2]!];
      if (top === from) out[top * bins + i] = 1;
      else for (let j = from; j <= top; j++) out[j * bins + i] = (j - from) / (top - from);
      if (to > top) for (let j = top; j < to; j++) out[j * bins + i] = (to - j) / (to - top);
    }
    return [tensorOf(outputType(node), [rows, bins], out)];
  },
};
