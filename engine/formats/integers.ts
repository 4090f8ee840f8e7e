import type { DataType } from '../tensor.ts';
import { affineParameters, dequantizeValue, quantizeValue, symmetricParameters } from './affine.ts';
import type { NumberFormat } from './format.ts';

/**
 * ONNX carrier of each integer width, the operator set that brought it to QuantizeLinear/DequantizeLinear per axis,
 * and the bits an element takes in a file. Widths that ONNX lacks travel in the next wider type.
 */
export const integerCarriers: readonly { upTo: number; bits: number; opset: number }[] = [
  { upTo: 2, bits: 2, opset: 25 },
  { upTo: 4, bits: 4, opset: 21 },
  { upTo: 8, bits: 8, opset: 13 },
  { upTo: 16, bits: 16, opset: 21 },
  { upTo: 32, bits: 32, opset: 13 },
];

const widths = [...Array.from({ length: 16 }, (_, i) => i + 1), 32];

function integerFormat(bits: number, signed: boolean): NumberFormat {
  const carrier = integerCarriers.find(({ upTo }) => bits <= upTo)!;
  const name = `${signed ? '' : 'u'}int${bits}`;
  const dtype = `${signed ? '' : 'u'}int${carrier.bits}` as DataType;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const held = bits > 2 && bits < 8 ? 'Weights are packed' : `Held as ${dtype}`;
  const noType = carrier.bits === bits ? '' : ` ${held} in ONNX files, which have no ${bits}-bit type.`;
  return {
    name,
    title: `${bits}-bit ${signed ? 'signed' : 'unsigned'} integer`,
    description: `${signed ? 'Signed' : 'Unsigned'} integer of ${bits} bit${bits === 1 ? '' : 's'}, codes ${low} to ${high}.${noType}`,
    kind: 'integer',
    signed,
    bits,
    low,
    high,
    dtype,
    storageBits: carrier.bits,
    minOpset: carrier.opset,
    unit: 1,
    activations: true,
    multiplier: { bits, kind: 'multiply' },
    basisLength: 0,
    covering(min, max, scheme, range) {
      return scheme === 'affine' ? affineParameters(min, max, range) : symmetricParameters(min, max, this);
    },
    coder: (parameters, range) => ({
      encode: (x) => quantizeValue(x, parameters, range),
      decode: (code) => dequantizeValue(code, parameters),
    }),
  };
}

/** Every integer format from 1 to 16 and 32 bits, signed first. */
export const integerFormats: readonly NumberFormat[] = [true, false].flatMap((signed) =>
  widths.map((bits) => integerFormat(bits, signed)),
);
