import type { Step, Workspace } from '../api.ts';
import { requantizeCode } from '../reference/requantize.ts';
import { type Builder, call, place, step } from './builder.ts';
import { minMax } from './observe.ts';
import { poolFields, poolWork } from './pool.ts';
import { codeRange, requantizationFields, signed } from './requantization.ts';
import { checkStrides, coalesce, denseStrides, mostDims, padLeft, product } from './strides.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

const binaryChunk = 4096;
const lookupRun = 4096;
const quantizeRun = 1024;

export function qmaxPool(builder: Builder, args: Args<'qmaxPool'>): Step {
  const { geometry, type, input, output } = args;
  const { rows, work } = poolWork(geometry);
  const values = { input, output, channels: geometry.channels, ...poolFields(geometry), signed: signed(type) };
  return step('qmaxPool', call(builder, 'maxPoolCodes', values, rows, work / 2));
}

export function qaveragePool(builder: Builder, args: Args<'qaveragePool'>): Step {
  const { geometry, input, output, inputCodes, outputCodes, requantization, countIncludePad } = args;
  const { rows, work } = poolWork(geometry);
  const counts = geometry.kernel[0] * geometry.kernel[1] + 1;
  builder.kernels.requireScratch(64);
  const values = {
    input,
    output,
    channels: geometry.channels,
    ...poolFields(geometry),
    padBottom: geometry.pads[2],
    padRight: geometry.pads[3],
    countPad: countIncludePad ? 1 : 0,
    inputZero: inputCodes.zeroPoint,
    signed: signed(inputCodes.type),
    ...requantizationFields(builder, requantization, outputCodes, counts, counts, (count) => count),
  };
  return step('qaveragePool', call(builder, 'averagePoolCodes', values, rows, work));
}

export function qbinary(builder: Builder, args: Args<'qbinary'>): Step {
  const { fn, a, b, output, dims, aStrides, bStrides, aCodes, bCodes, outputCodes, requantization } = args;
  checkStrides(fn, dims, aStrides, bStrides);
  const walk = coalesce({ dims, strides: [denseStrides(dims), aStrides, bStrides] });
  const all = padLeft(walk.dims, mostDims, 1);
  const width = all[mostDims - 1]!;
  const chunk = Math.max(1, Math.min(width, binaryChunk));
  const chunks = Math.ceil(width / chunk);
  const tables = fn === 'add' && requantization.arithmetic !== 'ort';
  if (tables && (args.aTable?.length !== 256 || args.bTable?.length !== 256))
    throw new RangeError(`An addition in ${requantization.arithmetic} needs two tables of 256 entries.`);
  builder.kernels.requireScratch(128);
  const values = {
    a,
    b,
    output,
    multiply: fn === 'mul' ? 1 : 0,
    dims: all,
    // A scalar's run has one element; its step must not be that of a broadcast.
    aStrides: padLeft(walk.strides[1]!, mostDims, 1),
    bStrides: padLeft(walk.strides[2]!, mostDims, 1),
    chunk,
    chunks: Math.max(1, chunks),
    aSigned: signed(aCodes.type),
    bSigned: signed(bCodes.type),
    aZero: aCodes.zeroPoint,
    bZero: bCodes.zeroPoint,
    aScale: aCodes.scale,
    bScale: bCodes.scale,
    outputScale: outputCodes.scale,
    aTable: tables ? place(builder, args.aTable!) : 0,
    bTable: tables ? place(builder, args.bTable!) : 0,
    ...requantizationFields(builder, requantization, outputCodes, 1, 8, () => 0),
  };
  const items = product(all.slice(0, -1)) * chunks;
  const work = product(dims) * (requantization.arithmetic === 'ort' ? 6 : 30);
  return step(fn === 'add' ? 'qadd' : 'qmul', call(builder, 'binaryCodes', values, items, work));
}

export function lookup(builder: Builder, args: Args<'lookup'>): Step {
  const { input, output, count, table } = args;
  if (table.length !== 256) throw new RangeError(`A table of codes has 256 entries, not ${table.length}.`);
  const values = { input, output, count, table: place(builder, table) };
  return step('lookup', call(builder, 'lookupCodes', values, Math.ceil(count / lookupRun), 4 * count));
}

/** Codes of one scale to codes of another: a table. */
export function requantize(builder: Builder, args: Args<'requantize'>): Step {
  const { input, inputCodes, output, outputCodes, requantization, count } = args;
  const table = new Uint8Array(256);
  const [least, most] = codeRange(inputCodes.type);
  for (let code = least; code <= most; code++)
    table[code & 255] = requantizeCode(code - inputCodes.zeroPoint, requantization, 0, outputCodes) & 255;
  return lookup(builder, { input, output, count, table });
}

function parameters(
  builder: Builder,
  args: { readonly channels?: number; readonly scale: Float32Array; readonly zeroPoint: Int32Array },
): { readonly channels: number; readonly scale: number; readonly zero: number } {
  const { channels, scale, zeroPoint } = args;
  const expected = channels ?? 1;
  if (scale.length !== expected || zeroPoint.length !== expected)
    throw new RangeError(`Quantisation needs ${expected} scales and zero points.`);
  const zero = place(builder, Float32Array.from(zeroPoint));
  return { channels: channels ?? 0, scale: place(builder, scale), zero };
}

export function quantize(builder: Builder, args: Args<'quantize'>): Step {
  const { input, output, count, low, high } = args;
  const values = { input, output, count, ...parameters(builder, args), low, high };
  return step('quantize', call(builder, 'quantizeF32', values, Math.ceil(count / quantizeRun), 12 * count));
}

export function dynamicQuantize(builder: Builder, args: Args<'dynamicQuantize'>): Step {
  const { input, count, output, scale, zeroPoint } = args;
  const [range, zero] = [builder.alloc(8), builder.alloc(4)];
  const values = { input, output, count, channels: 0, scale, zero, low: 0, high: 255 };
  return step(
    'dynamicQuantize',
    ...minMax(builder, { input, count, output: range }).calls,
    call(builder, 'rangeCodes', { range, scale, zero, code: zeroPoint }, 1, 1),
    call(builder, 'quantizeF32', values, Math.ceil(count / quantizeRun), 12 * count),
  );
}

export function fakeQuantize(builder: Builder, args: Args<'fakeQuantize'>): Step {
  const { input, output, count, low, high } = args;
  const values = { input, output, count, ...parameters(builder, args), low, high };
  return step('fakeQuantize', call(builder, 'fakeQuantizeF32', values, Math.ceil(count / quantizeRun), 16 * count));
}

export function dequantize(builder: Builder, args: Args<'dequantize'>): Step {
  const { input, output, count, type } = args;
  const values = { input, output, count, ...parameters(builder, args), signed: signed(type) };
  return step('dequantize', call(builder, 'dequantizeF32', values, Math.ceil(count / quantizeRun), 8 * count));
}
