import { Random } from '../data/random.ts';
import { fail } from '../findings.ts';
import { type DataType, elementCount, type Tensor, type TensorData } from '../tensor.ts';
import type { RuntimeValue } from './onnxruntime.ts';

const integers: Readonly<Record<string, (values: number[]) => TensorData>> = {
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values, (value) => value & 1),
  int16: (values) => Int16Array.from(values),
  uint16: (values) => Uint16Array.from(values),
  int32: (values) => Int32Array.from(values),
  uint32: (values) => Uint32Array.from(values),
  int64: (values) => BigInt64Array.from(values, BigInt),
  uint64: (values) => BigUint64Array.from(values, BigInt),
};

/** Half a gigabyte of float32. */
const mostElements = 1 << 27;

/**
 * Made-up inputs where no data is given: uniform in [0, 1) for floats, 0 to 7 for integers, the same for a seed on
 * every machine. Symbolic dimensions become 1. Good for finding out whether a model runs and whether two runtimes agree;
 * never for saying how accurate it is.
 */
export function randomInputs(values: readonly RuntimeValue[], seed: number): ReadonlyMap<string, Tensor> {
  const inputs = new Map<string, Tensor>();
  for (const [i, { name, dtype, dims }] of values.entries()) {
    const random = new Random(seed, i);
    const concrete = dims.map((dimension) => (typeof dimension === 'number' && dimension >= 0 ? dimension : 1));
    const count = elementCount(concrete);
    if (count > mostElements) {
      fail('verify/input-size', `Input "${name}" has ${count} elements, too many to make up.`, {
        why: `At most ${mostElements} are made up.`,
      });
    }
    inputs.set(name, { dtype: dtype as DataType, dims: concrete, data: made(dtype, count, random, name) });
  }
  return inputs;
}

function made(dtype: string, count: number, random: Random, name: string): TensorData {
  const uniform = () => random.next() / 2 ** 32;
  if (dtype === 'float32') return Float32Array.from({ length: count }, uniform);
  if (dtype === 'float64') return Float64Array.from({ length: count }, uniform);
  // Bit patterns of [1, 2): sign 0, exponent of one, random fraction.
  if (dtype === 'float16') return Uint16Array.from({ length: count }, () => 0x3c00 | (random.next() >>> 22));
  const make = integers[dtype];
  if (make === undefined) {
    return fail('verify/input-type', `No values can be made up for input "${name}" of type ${dtype}.`, {
      fix: 'Give data with --data.',
    });
  }
  return make(Array.from({ length: count }, () => random.below(8)));
}
