import { lowerIdentity } from '../../executor/lowerings/movement.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { bitsOfNumber, bitsOfNumbers, isBitFloat } from '../../numbers.ts';
import { dataTypeOf } from '../../onnx/data-types.ts';
import { type DataType, elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, missing, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import {
  allocate,
  bigintsOf,
  bitsOf,
  integerRange,
  isFloat,
  isInteger,
  isWide,
  numbersOf,
  tensorOf,
} from '../shared/numbers.ts';
import { inputType, valueType } from '../shared/types.ts';

/**
 * Conversion between element types. To integers toward zero (out of range: wrapped between integers, limited from
 * floats), to bool by “not 0”, to small floats to nearest even; `saturate` limits float8 instead of overflowing.
 */
export const cast: Operator = {
  op: 'Cast',
  domain: '',
  opsets: [1, newestOpset],
  infer: (node, context) => [valueType(targetType(node), inputType(node, 0, context).dims)],
  inferElements: (node, context) => context.dimensions(node.inputs[0] ?? ''),
  evaluate: (node, [x]) => [converted(node, x!, targetType(node))],
  lower: (node, lowering) =>
    lowering.type(node.inputs[0]!).dtype === targetType(node)
      ? lowerIdentity(node, lowering)
      : 'no kernel between these types',
};

function targetType(node: GraphNode): DataType {
  const { to } = node.attributes;
  // Operator sets before 6 wrote the type's name.
  const dtype =
    to?.kind === 'string'
      ? dataTypeOf(oldNames.indexOf(to.value.toUpperCase()))
      : dataTypeOf(intAttribute(node, 'to') ?? missing(node, 'to'));
  if (dtype === undefined) fail('model/attribute', `${describe(node)} converts to a type that QSpec does not know.`);
  return dtype;
}

const oldNames = [
  'UNDEFINED',
  'FLOAT',
  'UINT8',
  'INT8',
  'UINT16',
  'INT16',
  'INT32',
  'INT64',
  'STRING',
  'BOOL',
  'FLOAT16',
  'DOUBLE',
];

/** Conversion to the type of the second input. */
export const castLike: Operator = {
  op: 'CastLike',
  domain: '',
  opsets: [15, newestOpset],
  infer: (node, context) => [valueType(inputType(node, 1, context).dtype, inputType(node, 0, context).dims)],
  evaluate: (node, [x, like]) => [converted(node, x!, like!.dtype)],
};

function converted(node: GraphNode, x: Tensor, dtype: DataType): Tensor {
  if (x.dtype === dtype) return x;
  const { dims } = x;
  if (x.dtype === 'string') return fromText(x.data as string[], dtype, dims);
  if (dtype === 'string') return { dtype, dims, data: toText(x) };
  if (isBitFloat(dtype)) {
    const saturate = intAttribute(node, 'saturate', 1) !== 0;
    const direction = stringAttribute(node, 'round_mode', 'up') as 'up' | 'down' | 'nearest';
    return { dtype, dims, data: bitsOfNumbers(dtype, numbersOf(x), { saturate, direction }) };
  }
  if (isWide(x.dtype) && isWide(dtype)) {
    const data = allocate(dtype, elementCount(dims)) as BigInt64Array;
    data.set(Array.from(bigintsOf(x)));
    return { dtype, dims, data };
  }
  if (isFloat(x.dtype) && isInteger(dtype)) return tensorOf(dtype, dims, limited(numbersOf(x), dtype));
  return tensorOf(dtype, dims, numbersOf(x));
}

/**
 * Floats outside of the integer type's range, which ONNX leaves open: those of 32 and 64 bits go to the ends, narrower
 * ones pass through 32 bits and wrap, as compilers do it. NaN becomes 0.
 */
function limited(values: ArrayLike<number>, dtype: DataType): Float64Array {
  const [low, high] = integerRange(bitsOf(dtype) < 32 ? 'int32' : dtype);
  return Float64Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    return Math.trunc(value < low ? low : Math.min(value, high));
  });
}

function fromText(texts: readonly string[], dtype: DataType, dims: readonly number[]): Tensor {
  if (isWide(dtype)) {
    const data = allocate(dtype, texts.length) as BigInt64Array;
    texts.forEach((text, i) => {
      data[i] = /^\s*[+-]?\d{1,20}\s*$/.test(text)
        ? BigInt(text.trim().replace(/^\+/, ''))
        : BigInt(Math.trunc(number(text)) || 0);
    });
    return { dtype, dims, data };
  }
  return tensorOf(dtype, dims, texts.map(number));
}

function number(text: string): number {
  const word = text.trim().toLowerCase();
  const special: Record<string, number> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: NaN };
  return special[word] ?? special[word.replace('inity', '')] ?? Number(word);
}

/** Floats as C's "%.9g" for float32 and shorter types: what runtimes print. */
function toText(x: Tensor): string[] {
  if (isWide(x.dtype)) return Array.from(bigintsOf(x), String);
  const values = Array.from(numbersOf(x));
  if (!isFloat(x.dtype)) return values.map(String);
  return values.map((value) => {
    if (Number.isNaN(value)) return 'NaN';
    if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
    return shortest(value, x.dtype);
  });
}

/** Shortest decimal that reads back as the same number of its type. */
function shortest(value: number, dtype: DataType): string {
  if (dtype === 'float64') return String(value);
  const round = (text: string) => {
    const read = Number(text);
    return isBitFloat(dtype) ? bitsOfNumber(dtype, read) : Math.fround(read);
  };
  const target = round(String(value));
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (round(text) === target) return String(Number(text));
  }
  return String(value);
}

/** The same bits read as another type. */
export const bitCast: Operator = {
  op: 'BitCast',
  domain: '',
  opsets: [26, newestOpset],
  infer: (node, context) => [valueType(targetType(node), inputType(node, 0, context).dims)],
  evaluate(node, [x]) {
    const dtype = targetType(node);
    const { data, dims } = x!;
    const out = allocate(dtype, elementCount(dims));
    if (Array.isArray(data) || Array.isArray(out) || data.BYTES_PER_ELEMENT !== out.BYTES_PER_ELEMENT)
      fail('model/type', `${describe(node)} reads ${x!.dtype} as ${dtype}, which is not as wide.`);
    new Uint8Array(out.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return [{ dtype, dims, data: out }];
  },
};
