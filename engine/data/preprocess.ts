import { fail } from '../findings.ts';
import type { DataSource } from '../plan.ts';
import { elementCount, type Tensor, type ValueType } from '../tensor.ts';
import { guessAxes, layoutOf, permute } from './axes.ts';
import { fitShape, linesThatFit } from './fit.ts';
import { channelStep, cropStep, resizeStep } from './image-steps.ts';
import type { Pixels } from './pixels.ts';
import { type NumberArray, numbersOf, storeAs, workArray } from './values.ts';

export interface ModelInput {
  readonly name: string;
  readonly type: ValueType;
}

/** Turns a stored sample into the model's input. */
export type Preprocessing = (sample: Tensor, name: string) => Tensor;

/** Whether a data block changes samples at all, beyond shape and type. */
export function preprocesses(source: DataSource): boolean {
  return usesImageSteps(source) || changesNumbers(source) || source.layout !== undefined;
}

/**
 * The steps of a data block, in the one order they have: decode, resize, crop, channels, (x·scale − mean) / std,
 * layout, shape of the input, type of the input. Numbers are computed in double precision and rounded once.
 *
 * @param input the model's input; undefined keeps shape (with a batch of 1 in front) and gives float32
 */
export function compilePreprocessing(
  source: DataSource,
  images: boolean,
  input: ModelInput | undefined,
): Preprocessing {
  const layout = layoutOf(source, images);
  checkNumbers(source);
  return (sample, name) => {
    // Named axes: what the layout says, and the engine's own order after image steps; a guess serves image steps only.
    let axes = layout?.from;
    let { dims } = sample;
    if (layout !== undefined && layout.from.length !== dims.length) {
      fail('data/layout', `The samples of "${source.name}" have ${dims.length} dimensions [${dims.join(', ')}].`, {
        why: `The layout "${source.layout?.from}" names ${layout.from.length} beside the sample's.`,
        ...(source.range && { range: source.range }),
      });
    }
    let unchanged = true;
    let values: NumberArray | undefined;
    if (usesImageSteps(source) || images) {
      const spatial = axes ?? guessAxes(dims) ?? unknownAxes(source, dims);
      const pixels = imageSteps(toPixels(sample, spatial, name), source, images, name);
      values = pixels.data;
      dims = [pixels.height, pixels.width, pixels.channels];
      axes = 'hwc';
      unchanged = false;
      if (layout === undefined && !images && spatial !== 'hwc') {
        const back = permute(values, dims, 'hwc', spatial, name);
        values = back.data;
        dims = back.dims;
        axes = spatial;
      }
    }
    const dtype = input?.type.dtype ?? 'float32';
    if (changesNumbers(source)) {
      values = normalise(values ?? numbersOf(sample, name), dims, axes, source, dtype);
      unchanged = false;
    }
    let data =
      unchanged && sample.dtype === dtype ? sample.data : storeAs(dtype, values ?? numbersOf(sample, name), name);
    if (layout !== undefined && axes !== undefined && !Array.isArray(data)) {
      const moved = permute(data as NumberArray, dims, axes, layout.to, name);
      data = moved.data;
      dims = moved.dims;
    }
    const fitted = fitShape(dims, input?.type.dims);
    if (fitted === undefined) refuseShape(dims, source, images, input!);
    return { dtype, dims: fitted, data };
  };
}

function usesImageSteps(source: DataSource): boolean {
  return source.resize !== undefined || source.crop !== undefined || source.channels !== undefined;
}

function changesNumbers(source: DataSource): boolean {
  return source.scale !== undefined || source.mean !== undefined || source.std !== undefined;
}

function checkNumbers(source: DataSource): void {
  const range = source.range && { range: source.range };
  const finite = [source.scale ?? 1, ...(source.mean ?? []), ...(source.std ?? [])].every(Number.isFinite);
  if (!finite)
    fail('data/normalise', `\`scale\`, \`mean\` and \`std\` of "${source.name}" must be numbers.`, { ...range });
  if (source.std?.some((value) => value === 0)) {
    fail('data/normalise', `\`std\` of "${source.name}" is 0.`, { why: 'Values are divided by it.', ...range });
  }
}

function unknownAxes(source: DataSource, dims: readonly number[]): never {
  return fail('data/layout', `Which dimension of [${dims.join(', ')}] is height, width, channels?`, {
    why: `Data "${source.name}" is to be resized, cropped or recoloured.`,
    fix: 'Add a line: layout nhwc to nchw (what the array is, what the model wants).',
    ...(source.range && { range: source.range }),
  });
}

function toPixels(sample: Tensor, axes: string, name: string): Pixels {
  if (!/^(?=.*h)(?=.*w)[hwc]{2,3}$/.test(axes)) {
    fail('data/layout', `resize, crop and channels work on axes h, w and c; the layout says "${axes}".`);
  }
  const numbers = numbersOf(sample, name);
  const { data, dims } = permute(numbers, sample.dims, axes, 'hwc', name);
  const [height, width, channels] = dims as [number, number, number];
  return { width, height, channels, data: data instanceof Uint8Array ? data : Float32Array.from(data) };
}

function imageSteps(stored: Pixels, source: DataSource, images: boolean, name: string): Pixels {
  let pixels = cropStep(resizeStep(stored, source), source);
  const channels = source.channels ?? (images ? 'rgb' : undefined);
  if (channels !== undefined) pixels = channelStep(pixels, channels, name);
  return pixels;
}

/** (x·scale − mean) / std, the latter two once for all or once a channel. */
function normalise(
  values: NumberArray,
  dims: readonly number[],
  axes: string | undefined,
  source: DataSource,
  dtype: ValueType['dtype'],
): NumberArray {
  const { scale = 1, mean = [0], std = [1] } = source;
  const perChannel = Math.max(mean.length, std.length);
  const axis = perChannel > 1 ? channelAxis(dims, axes, perChannel, source) : dims.length;
  const channels = Math.max(perChannel, 1);
  for (const [word, list] of [['mean', mean] as const, ['std', std] as const]) {
    if (list.length !== 1 && list.length !== channels) {
      fail('data/normalise', `\`${word}\` has ${list.length} values for ${channels} channels.`, {
        ...(source.range && { range: source.range }),
      });
    }
  }
  const out = workArray(dtype, values.length);
  const inner = elementCount(dims.slice(axis + 1));
  const period = inner * channels;
  for (let channel = 0; channel < channels; channel++) {
    const m = mean[mean.length === 1 ? 0 : channel]!;
    const s = std[std.length === 1 ? 0 : channel]!;
    const table =
      values instanceof Uint8Array ? Float64Array.from({ length: 256 }, (_, x) => (x * scale - m) / s) : undefined;
    for (let start = channel * inner; start < values.length; start += period) {
      const end = Math.min(values.length, start + inner);
      if (table !== undefined) for (let i = start; i < end; i++) out[i] = table[values[i]!]!;
      else for (let i = start; i < end; i++) out[i] = (values[i]! * scale - m) / s;
    }
  }
  return out;
}

function channelAxis(dims: readonly number[], axes: string | undefined, channels: number, source: DataSource): number {
  const named = axes?.indexOf('c') ?? -1;
  if (named >= 0) {
    if (dims[named] === channels) return named;
    fail('data/normalise', `\`mean\` and \`std\` have ${channels} values, but there are ${dims[named]} channels.`, {
      ...(source.range && { range: source.range }),
    });
  }
  const candidates = dims.flatMap((dim, axis) => (dim === channels ? [axis] : []));
  if (candidates.length === 1) return candidates[0]!;
  return fail('data/normalise', `\`mean\` and \`std\` have ${channels} values, but which dimension is the channels?`, {
    why: `The samples of "${source.name}" are [${dims.join(', ')}].`,
    fix: 'Name the dimensions: layout nhwc to nchw.',
    ...(source.range && { range: source.range }),
  });
}

function refuseShape(dims: readonly number[], source: DataSource, images: boolean, input: ModelInput): never {
  const wanted = (input.type.dims ?? []).map((dim) => dim ?? '?');
  const lines = linesThatFit(dims, input.type.dims ?? [], images);
  const batch = input.type.dims?.[0];
  const what = `The samples of "${source.name}" are [${dims.join(', ')}] after preprocessing, but the model's input "${input.name}" is [${wanted.join(', ')}].`;
  const range = source.range && { range: source.range };
  if (typeof batch === 'number' && batch > 1 && fitShape(dims, [1, ...input.type.dims!.slice(1)]) !== undefined) {
    fail('data/batch', what, {
      why: `The model is fixed to batches of ${batch}, and samples are fed one at a time.`,
      fix: 'Export the model with a batch of 1 or a symbolic batch.',
      ...range,
    });
  }
  fail('data/shape', what, {
    ...(lines.length > 0 && { fix: `Add to the data block: ${lines.join('  ')}` }),
    ...range,
  });
}
