import type { GraphNode } from '../../graph/graph.ts';
import { float32Tensor, type Tensor } from '../../tensor.ts';
import type { NotDecomposed, Parts } from '../decomposition.ts';
import type { EvaluateContext, Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { addNumber, fakeQuantization } from '../shared/parts.ts';
import { checkedWidths, codeRange, inferQuantizer, inQonnxDomains, parameter, parameterAxis } from './quantizer.ts';
import { addRounded, isNearest, roundingOf } from './rounding.ts';

const { fround } = Math;

/** Widest codes that kernels round: all of them are float32 numbers. */
const widestKernelBits = 24;

/**
 * Inputs: x, scale, zero point, bit width; the parameters broadcast to x. y = (round(clamp(x/scale + zero point)) − zero
 * point)·scale, each step in float32. Signed codes of one bit are −1 and 1.
 */
const base = {
  infer: inferQuantizer,
  evaluate(node: GraphNode, [x, scale, zeroPoint, bits]: readonly (Tensor | undefined)[], _context: EvaluateContext) {
    const values = numbersOf(x!);
    const [scaleAt, zeroAt] = [parameter(scale!, x!.dims), parameter(zeroPoint!, x!.dims)];
    const widths = checkedWidths(node, bits!);
    const widthAt = parameter(bits!, x!.dims);
    const ranges = new Map(Array.from(widths, (width) => [width, codeRange(node, width, { narrow: 0 })]));
    const rounding = roundingOf(node, 'ROUND');
    const isSigned = intAttribute(node, 'signed', 1) !== 0;
    const out = new Float32Array(values.length);
    for (let i = 0; i < out.length; i++) {
      const [step, zero, width] = [scaleAt(i), zeroAt(i), widthAt(i)];
      const exact = fround(fround(values[i]! / step) + zero);
      const [low, high] = ranges.get(width)!;
      const code =
        width === 1 && isSigned
          ? exact >= 0
            ? 1
            : -1
          : rounding.apply(exact > high ? high : exact < low ? low : exact);
      out[i] = fround(fround(code - zero) * step);
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  decompose,
} satisfies Partial<Operator>;

export const intQuant = inQonnxDomains({ op: 'IntQuant', ...base });
/** IntQuant's name in older files. */
export const quant = inQonnxDomains({ op: 'Quant', ...base });

function decompose(node: GraphNode, parts: Parts): NotDecomposed {
  const [x, scaleName, zeroName, bitsName] = node.inputs as [string, string, string, string];
  const [output] = node.outputs as [string];
  const [scale, zeroPoint, bits] = [scaleName, zeroName, bitsName].map((name) => parts.constant(name));
  if (!scale || !zeroPoint || !bits) return 'its parameters are only known while running';
  if (bits.data.length !== 1) return 'its width differs between elements';
  const [width] = Array.from(checkedWidths(node, bits)) as [number];
  const isSigned = intAttribute(node, 'signed', 1) !== 0;
  if (width > widestKernelBits) return `no kernel rounds to ${width} bits`;
  if (width === 1 && isSigned) return 'no kernel for codes of −1 and 1';
  const range = codeRange(node, width, { narrow: 0 });
  const rounding = roundingOf(node, 'ROUND');
  const rank = parts.type(x).dims.length;
  const axis = parameterAxis(scale, rank);
  const hasKernel = axis === 'one' || axis === 1 || axis === rank - 1;
  if (isNearest(rounding) && hasKernel && Array.from(numbersOf(zeroPoint)).every((zero) => zero === 0)) {
    const values = float32Tensor([scale.data.length], Float32Array.from(numbersOf(scale)));
    const to = { domain: 'qspec', output };
    parts.add('FakeQuantize', [x], fakeQuantization(values, range, axis === 'one' ? undefined : axis), to);
    return undefined;
  }
  const steps = parts.add('Add', [parts.add('Div', [x, scaleName]), zeroName]);
  const codes = addRounded(parts, steps, rounding, range);
  parts.add('Mul', [parts.add('Sub', [codes, zeroName]), scaleName], {}, { output });
  return undefined;
}

/** Inputs: x, scale. y = scale where x ≥ 0, −scale elsewhere. */
export const bipolarQuant = inQonnxDomains({
  op: 'BipolarQuant',
  infer: inferQuantizer,
  evaluate(_node, [x, scale]) {
    const values = numbersOf(x!);
    const scaleAt = parameter(scale!, x!.dims);
    const out = Float32Array.from({ length: values.length }, (_, i) => (values[i]! >= 0 ? scaleAt(i) : -scaleAt(i)));
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  decompose(node, parts) {
    const [x, scale] = node.inputs as [string, string];
    // sign(x) + 1/2 is positive for 0 too.
    const shifted = parts.add('Add', [parts.add('Sign', [x]), addNumber(parts, 0.5)]);
    parts.add('Mul', [parts.add('Sign', [shifted]), scale], {}, { output: node.outputs[0]! });
    return undefined;
  },
});
