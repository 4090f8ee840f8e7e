import { fail } from '../findings.ts';
import { type CodeRange, codeArray } from '../formats/affine.ts';
import { carriedScale } from '../formats/carrier.ts';
import type { NumberFormat } from '../formats/format.ts';
import { granularityOf, partitionOf } from '../formats/granularity.ts';
import { encodeTensor } from '../formats/held-tensor.ts';
import { packCodes, unpackCodes } from '../formats/packing.ts';
import { formatNamed } from '../formats/registry.ts';
import { roundHalfEven } from '../formats/rounding.ts';
import { defaultScale, scaleBitsOf } from '../formats/scales.ts';
import type { GraphNode } from '../graph/graph.ts';
import { isLazy, lazyTensor } from '../lazy-tensor.ts';
import type { InputMeans, LayerSamples, Moments, WeightCodes, WeightMethod } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Choice } from '../plan.ts';
import type { TensorData } from '../tensor.ts';
import type { QuantizedTensor } from './assignment.ts';
import { CodeStore } from './code-store.ts';
import type { IntegerForm } from './integer-form.ts';
import { isIntegerFactor } from './integer-products.ts';
import type { Parameters } from './normal-form.ts';

/** |bias| in steps of s_in·s_w stays below this, so that a 32-bit accumulator has room for the products. */
export const biasLimit = 2 ** 30;
/** Scales are chosen for a little less, so that a method may still correct the bias. */
export const biasTarget = 0.98 * biasLimit;

export interface WeightTask {
  readonly node: GraphNode;
  readonly form: Pick<IntegerForm, 'weightAxis' | 'bias'>;
  readonly choice: Choice;
  readonly parameters: Parameters;
  /** Scale of the integer codes that reach the node; absent where it reads floats. */
  readonly inputScale?: number;
  readonly moments?: Moments;
  readonly means?: InputMeans;
  readonly samples?: LayerSamples;
  /** Where codes that data decided are kept. Default: in memory. */
  readonly store?: CodeStore;
}

export interface WeightResult {
  readonly weight: QuantizedTensor;
  readonly bias?: QuantizedTensor;
  /**
   * The float weight and bias. A method's correction of the bias belongs to the rounded weights and is in the bias's
   * codes; only where the bias itself stays float it is here.
   */
  readonly parameters: Parameters;
}

/** Codes of a node's weight by the chosen method, and of its bias in steps of s_in·s_w. */
export function quantizeParameters(task: WeightTask): WeightResult {
  const { form, choice, parameters, moments, means, samples } = task;
  const { weight, bias } = parameters;
  const { format, range, axis, blocks, inputScale } = placeOf(task);
  const method = methodFor(choice);
  const solve = () =>
    method.quantize(
      {
        values: weight.data as Float32Array,
        dims: weight.dims,
        outputAxis: form.weightAxis!,
        ...(axis !== undefined && { axis }),
        ...(blocks !== undefined && { blocks }),
        ...(choice.scale !== undefined && { scale: choice.scale }),
        format,
        scheme: choice.scheme,
        range,
        observer: choice.observer,
        leastScale: (channel) => leastScale(bias, inputScale, axis === undefined ? undefined : channel) / format.unit,
        ...(moments !== undefined && { moments }),
        ...(means !== undefined && { means }),
        ...(samples !== undefined && { samples }),
      },
      choice.method?.arguments ?? {},
    );
  const sawData = method.needs !== undefined && (moments ?? samples) !== undefined;
  return heldAs(task, solve(), sawData ? undefined : () => solve().codes);
}

/**
 * The weight in codes, and the bias that goes with them. Of weights that are read when they are touched, codes that data decided
 * are worth their room, packed; those of a rounding are found again in the time of reading. Integers need no more for that than
 * their parameters, other formats may round by what is not stored.
 * @param again works the codes out once more, if no data are needed for it
 */
export function heldAs(task: WeightTask, solved: WeightCodes, again?: () => TensorData): WeightResult {
  const { form, choice, parameters } = task;
  const { weight, bias } = parameters;
  const { format, range, axis, blocks, inputScale } = placeOf(task);
  const { scale, zeroPoint, basis, codes, biasShift, bias: corrected } = solved;
  const shifted = form.bias === undefined ? bias : corrected ? Float32Array.from(corrected) : shift(bias, biasShift);
  const own = {
    format: format.name,
    ...(axis !== undefined && { axis }),
    ...(blocks !== undefined && { blocks }),
    ...(basis !== undefined && { basis }),
    ...(choice.scale !== undefined && { scaleBits: scaleBitsOf(format, choice.scale) }),
    scale,
    zeroPoint,
    range,
  };
  const round =
    again &&
    (() => (format.kind === 'integer' ? encodeTensor(format, weight.data as Float32Array, weight.dims, own) : again()));
  const entry = isLazy(weight)
    ? withLazyCodes(own, weight.dims, codes, round ?? keptPacked(format, codes, task.store ?? inMemory))
    : { ...own, codes };
  if (shifted === undefined) return { weight: entry, parameters };
  if (inputScale === undefined) return { weight: entry, parameters: { weight, bias: shifted } };
  return {
    weight: entry,
    bias: biasEntry(task, shifted, inputScale, carriedScale(format, scale)),
    // The node needs a bias input for the codes to stand at.
    parameters: { weight, bias: bias ?? new Float32Array(shifted.length) },
  };
}

/** Where a weight's codes lie: which it may have, which elements share parameters, and the scale that they are multiplied with. */
function placeOf({ form, choice, parameters: { weight }, inputScale }: WeightTask) {
  const format = formatNamed(choice.format);
  const { axis, blocks } = partitionOf(granularityOf(format, choice.granularity), weight.dims, form.weightAxis!);
  const isFactor = isIntegerFactor({ format: format.name, ...(blocks !== undefined && { blocks }) });
  return { format, range: codesInUse(choice, format), axis, blocks, inputScale: isFactor ? inputScale : undefined };
}

/** Codes that a weight may have: a symmetric signed integer leaves out the smallest, which has no opposite. */
function codesInUse({ scheme, codes }: Choice, { kind, signed, low, high }: NumberFormat): CodeRange {
  const narrow = codes === undefined ? scheme === 'symmetric' : codes === 'narrow-range';
  return [kind === 'integer' && signed && narrow && high > 0 ? -high : low, high];
}

/** The chosen method, or round to nearest where it does not take the format or the granularity. */
function methodFor(choice: Choice): WeightMethod {
  const wanted = methodNamed(choice.method?.name ?? 'round-to-nearest');
  return takesFormat(wanted, choice) ? wanted : methodNamed('round-to-nearest');
}

export function takesFormat(
  { anyFormat, anyGranularity, sums }: Pick<WeightMethod, 'anyFormat' | 'anyGranularity' | 'sums'>,
  { format, granularity, scale = defaultScale }: Choice,
): boolean {
  const plain = (granularity === 'per-tensor' || granularity === 'per-channel') && scale === defaultScale;
  const { kind, sum } = formatNamed(format);
  return (
    anyFormat === true ||
    ((plain || anyGranularity === true) && (kind === 'integer' || (sums === true && sum !== undefined)))
  );
}

/** Integers with a float32 scale for each output channel: what layers and channels can learn together in. */
export function areChannelIntegers(choice: Choice): boolean {
  return choice.granularity === 'per-channel' && takesFormat({}, choice);
}

const inMemory = new CodeStore();

/** Codes that are packed, to be unpacked as often as they are asked for. */
function keptPacked(format: NumberFormat, codes: WeightCodes['codes'], store: CodeStore): () => WeightCodes['codes'] {
  const { low, high } = format;
  // Not the codes themselves: what the function below refers to stays in memory.
  const { length } = codes;
  const bits = Math.max(
    1,
    low < 0 ? 1 + Math.ceil(Math.log2(Math.max(-low, high + 1))) : Math.ceil(Math.log2(high + 1)),
  );
  const packed = store.keep(packCodes(codes, bits));
  return () => unpackCodes(packed(), codeArray(format, length), bits);
}

/** Codes that are got back when they are touched after they were forgotten. */
function withLazyCodes(
  entry: Omit<QuantizedTensor, 'codes'>,
  dims: readonly number[],
  codes: TensorData,
  again: () => TensorData,
): QuantizedTensor {
  const tensor = lazyTensor('int8', dims, again, { data: codes });
  return Object.defineProperty({ ...entry }, 'codes', { get: () => tensor.data, enumerable: true });
}

/** A scale below this would make the bias of the channel (of any channel, if undefined) overflow. */
function leastScale(
  bias: Float32Array | undefined,
  inputScale: number | undefined,
  channel: number | undefined,
): number {
  if (bias === undefined || inputScale === undefined) return 0;
  const largest =
    channel === undefined ? bias.reduce((most, b) => Math.max(most, Math.abs(b)), 0) : Math.abs(bias[channel]!);
  return largest / biasTarget / inputScale;
}

function shift(bias: Float32Array | undefined, by: Float64Array | undefined): Float32Array | undefined {
  return by === undefined ? bias : Float32Array.from(by, (amount, channel) => (bias?.[channel] ?? 0) + amount);
}

/** int32 bias with scale s_in·s_w in float32: any other scale keeps runtimes from fusing the layer. */
function biasEntry(
  { node, choice }: WeightTask,
  bias: Float32Array,
  inputScale: number,
  weightScale: Float32Array,
): QuantizedTensor {
  const scale = weightScale.map((own) => Math.fround(inputScale * own));
  const codes = Int32Array.from(bias, (value, channel) => {
    const steps = value / (scale.length === 1 ? scale[0]! : scale[channel]!);
    if (!(Math.abs(steps) <= biasLimit))
      fail('quantize/bias-overflow', `The bias of “${node.name}” does not fit 32 bits at its scale.`, {
        why: `Channel ${channel} would need ${steps.toExponential(2)} steps.`,
        fix: 'Keep the layer float.',
        ...(choice.origin.format && { range: choice.origin.format }),
      });
    return roundHalfEven(steps);
  });
  return {
    format: 'int32',
    ...(scale.length > 1 && { axis: 0 }),
    scale,
    zeroPoint: new Int32Array(scale.length),
    range: [-(2 ** 31), 2 ** 31 - 1],
    codes,
  };
}
