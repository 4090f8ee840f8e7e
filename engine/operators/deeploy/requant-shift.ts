import { channelsLastOrder } from '../../executor/order.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, missing, tensorAttribute } from '../shared/attributes.ts';
import { broadcastOffsets } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, scalarOf, tensorOf } from '../shared/numbers.ts';
import { broadcastDims, inputType } from '../shared/types.ts';

/**
 * Requantisation of integer accumulators held in float32, as QuantLab writes it for Deeploy: y = clamp(⌊(x·mul + add) /
 * div + ½⌋), computed without rounding before. Inputs: x [N, C, …], mul and add (scalars or one for each channel, [C, 1…]);
 * attributes: `div` (a power of two), `n_levels_out` (or `n_levels`) codes, from 0 or, where `signed`, from −n/2.
 * Source of the rounding: Deeploy's kernels, TargetLibraries/Generic/src/RequantShift_s8.c.
 */
export const requantShift: Operator = {
  op: 'RequantShift',
  // Written without a domain.
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    broadcastDims(node, [x.dims, inputType(node, 1, context).dims, inputType(node, 2, context).dims]);
    requantization(node);
    return [x];
  },
  evaluate(node, [x, mul, add]) {
    const { divisor, low, high } = requantization(node);
    const values = numbersOf(x!);
    const [factors, addends] = [numbersOf(mul!), numbersOf(add!)];
    const [factorAt, addendAt] = [mul!, add!].map(({ dims }) => broadcastOffsets(dims, x!.dims));
    const out = new Float64Array(values.length);
    for (let i = 0; i < out.length; i++) {
      const sum = values[i]! * factors[factorAt?.[i] ?? i]! + addends[addendAt?.[i] ?? i]!;
      out[i] = Math.min(high, Math.max(low, Math.floor(sum / divisor + 0.5)));
    }
    return [tensorOf(x!.dtype, x!.dims, out)];
  },
  lower(node, lowering) {
    const [x, mulName, addName] = node.inputs as [string, string, string];
    const { dtype, dims } = lowering.type(x);
    const [mul, add] = [lowering.constant(mulName), lowering.constant(addName)];
    const { divisor, low, high } = requantization(node);
    if (dtype !== 'float32') return `no kernel for ${dtype}`;
    if (!mul || !add) return 'factors and addends are only known while running';
    if (!Number.isInteger(Math.log2(divisor))) return 'no kernel divides by other than a power of two';
    const channels = dims[1]!;
    const [factors, addends] = [mul, add].map((tensor) => channelNumbers(tensor, dims.length, channels));
    if (!factors || !addends) return 'no kernel for factors that differ within a channel';
    const order = channelsLastOrder(dims.length);
    const source = lowering.input(x, order);
    // Dividing by a power of two first is exact.
    const scale = lowering.data(bytesOf(factors.map((factor) => factor / divisor)));
    const shift = lowering.data(bytesOf(addends.map((addend) => addend / divisor + 0.5)));
    const target = lowering.output(0, order, { overwrite: [source] });
    lowering.emit({
      kernel: 'floorAffine',
      reads: [source, scale, shift],
      writes: [target],
      build: (workspace, at) =>
        workspace.floorAffine({
          input: at(source),
          output: at(target),
          rows: elementCount(dims) / channels,
          channels,
          scale: at(scale),
          shift: at(shift),
          clamp: { min: low, max: high },
        }),
    });
    return undefined;
  },
};

/** One number for each channel, padded to a multiple of 4; undefined where they differ along another axis. */
function channelNumbers(tensor: Tensor, rank: number, channels: number): Float64Array | undefined {
  const values = numbersOf(tensor);
  const count = values.length;
  if (count !== 1 && !(count === channels && tensor.dims[tensor.dims.length - rank + 1] === channels)) return undefined;
  return Float64Array.from({ length: Math.ceil(channels / 4) * 4 }, (_, channel) =>
    count === 1 ? values[0]! : (values[channel] ?? 0),
  );
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function requantization(node: GraphNode): { readonly divisor: number; readonly low: number; readonly high: number } {
  const divisor = number(node, 'div');
  const levels = number(node, 'n_levels_out') ?? number(node, 'n_levels');
  const signed = number(node, 'signed');
  if (divisor === undefined) missing(node, 'div');
  if (levels === undefined) missing(node, 'n_levels_out');
  if (signed === undefined) missing(node, 'signed');
  if (!(divisor > 0 && levels >= 1))
    fail('model/attribute', `${describe(node)} divides by ${divisor} into ${levels} levels.`);
  const low = signed !== 0 ? -Math.floor(levels / 2) : 0;
  return { divisor, low, high: low + levels - 1 };
}

/** A number that exporters write as an int or as a tensor of one element. */
function number(node: GraphNode, name: string): number | undefined {
  const own = node.attributes[name];
  if (own?.kind === 'int') return intAttribute(node, name);
  const tensor = own && tensorAttribute(node, name);
  return tensor && scalarOf(tensor);
}
