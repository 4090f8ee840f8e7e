import { codeArray } from '../formats/affine.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Layer } from '../gradients/step.ts';
import { channelsOf, scatterChannels } from '../methods/channels.ts';
import type { WeightCodes } from '../methods/method.ts';
import type { Tensor } from '../tensor.ts';
import type { QuantizedTensor } from './assignment.ts';
import { biasTarget } from './weights.ts';

/** A layer whose codes are learned, as its stretch finds it. */
export interface LearnedWeights {
  readonly name: string;
  /** Float weights, and the axis of the output channels. */
  readonly weight: Tensor;
  readonly axis: number;
  /** Codes of integers per channel. */
  readonly held: QuantizedTensor;
  /** Scale of the integer codes that it reads. */
  readonly inputScale?: number;
  /** Whether it has room for a bias. */
  readonly hasBias: boolean;
}

/** A scale changes by no more than this part of itself in a step. */
const mostGrowth = 0.05;

interface State {
  readonly codes: Int32Array;
  readonly scale: Float64Array;
  readonly bias: Float32Array;
}

/** A layer of a network in codes that move: what is known of the error along its codes, scales and biases, and moves along them. */
export class LearnedLayer {
  readonly name: string;
  readonly #given: LearnedWeights;
  readonly #layer: Layer;
  readonly #length: number;
  readonly #codes: Int32Array;
  readonly #scale: Float64Array;
  /** Weights that are exactly zero stay so. */
  readonly #isZero: Uint8Array;
  readonly #slopes = { rows: new Float64Array(0), bias: new Float64Array(0) };
  readonly #curvature = { rows: new Float64Array(0), scale: new Float64Array(0), bias: new Float64Array(0) };

  constructor(given: LearnedWeights, layer: Layer) {
    const { held, weight, axis } = given;
    const flat = (values: Float32Array) => {
      const channels = channelsOf({ values, dims: weight.dims, axis });
      const rows = new Float32Array(values.length);
      for (const [i, own] of channels.entries()) rows.set(own, i * own.length);
      return rows;
    };
    this.name = given.name;
    this.#given = given;
    this.#layer = layer;
    layer.learns = true;
    const count = layer.rows.length;
    this.#length = count / layer.outputs;
    this.#codes = Int32Array.from(flat(Float32Array.from(held.codes as Int8Array)));
    this.#isZero = Uint8Array.from(flat(weight.data as Float32Array), (value) => (value === 0 ? 1 : 0));
    this.#scale = Float64Array.from(held.scale);
    this.#slopes = { rows: new Float64Array(count), bias: new Float64Array(layer.outputs) };
    const perChannel = () => new Float64Array(layer.outputs);
    this.#curvature = { rows: new Float64Array(count), scale: perChannel(), bias: perChannel() };
  }

  state(): State {
    return { codes: this.#codes.slice(), scale: this.#scale.slice(), bias: this.#layer.bias.slice() };
  }

  restore({ codes, scale, bias }: State): void {
    this.#codes.set(codes);
    this.#scale.set(scale);
    this.#layer.bias.set(bias);
    for (let channel = 0; channel < scale.length; channel++) this.#write(channel);
  }

  /** Rows of the network from codes and scale. */
  #write(channel: number): void {
    const scale = Math.fround(this.#scale[channel]!);
    const zero = this.#given.held.zeroPoint[channel]!;
    for (let at = channel * this.#length; at < (channel + 1) * this.#length; at++)
      this.#layer.rows[at] = (this.#codes[at]! - zero) * scale;
  }

  /** Slope along the channel's scale, as a part of itself. */
  #alongScale(rows: ArrayLike<number>, channel: number): number {
    let sum = 0;
    for (let at = channel * this.#length; at < (channel + 1) * this.#length; at++)
      sum += rows[at]! * this.#layer.rows[at]!;
    return sum;
  }

  /** Takes in what signs from the output came to: their squares are the curvature, on average. */
  addCurvature(part: number): void {
    const { rowSlopes, biasSlopes } = this.#layer;
    const { rows, scale, bias } = this.#curvature;
    for (let at = 0; at < rows.length; at++) rows[at]! += part * rowSlopes[at]! * rowSlopes[at]!;
    for (let channel = 0; channel < bias.length; channel++) {
      bias[channel]! += part * biasSlopes[channel]! * biasSlopes[channel]!;
      scale[channel]! += part * this.#alongScale(rowSlopes, channel) ** 2;
    }
  }

  /**
   * Few signs give each weight's curvature with a large error, and the weight that promises most would be one whose curvature is
   * underestimated. It is close to a product: how much the output feels of the channel, and how large the input is.
   */
  smoothCurvature(): void {
    const { rows } = this.#curvature;
    const [ofChannel, ofInput] = [new Float64Array(this.#scale.length), new Float64Array(this.#length)];
    for (const [at, own] of rows.entries()) {
      ofChannel[Math.floor(at / this.#length)]! += own;
      ofInput[at % this.#length]! += own;
    }
    const whole = ofInput.reduce((a, b) => a + b, 0);
    if (!(whole > 0)) return;
    for (let at = 0; at < rows.length; at++)
      rows[at] = (ofChannel[Math.floor(at / this.#length)]! * ofInput[at % this.#length]!) / whole;
  }

  clearSlopes(): void {
    this.#slopes.rows.fill(0);
    this.#slopes.bias.fill(0);
  }

  addSlopes(): void {
    const { rowSlopes, biasSlopes } = this.#layer;
    for (let at = 0; at < rowSlopes.length; at++) this.#slopes.rows[at]! += rowSlopes[at]!;
    for (let channel = 0; channel < biasSlopes.length; channel++) this.#slopes.bias[channel]! += biasSlopes[channel]!;
  }

  /** Of each output channel the code whose move by one promises the largest gain, if any does. */
  codeMoves(): { readonly at: number; readonly by: number; readonly gain: number }[] {
    const [low, high] = this.#given.held.range;
    return Array.from(this.#scale, (scale, channel) => {
      let best = { at: 0, by: 0, gain: 0 };
      for (let at = channel * this.#length; at < (channel + 1) * this.#length; at++) {
        const slope = this.#slopes.rows[at]!;
        const by = slope > 0 ? -1 : 1;
        const code = this.#codes[at]! + by;
        const gain = Math.abs(slope) * scale - this.#curvature.rows[at]! * scale * scale;
        if (gain > best.gain && code >= low && code <= high && !this.#isZero[at]) best = { at, by, gain };
      }
      return best;
    }).filter(({ by }) => by !== 0);
  }

  moveCode(at: number, by: number): void {
    this.#codes[at]! += by;
    this.#write(Math.floor(at / this.#length));
  }

  /** Scales and biases towards the minima of their parabolas, a part of the way. */
  moveScales(part: number): void {
    const { bias } = this.#layer;
    const newton = (slope: number, curvature: number) => (curvature > 0 ? (-part * slope) / (2 * curvature) : 0);
    for (let channel = 0; channel < bias.length; channel++) {
      const growth = newton(this.#alongScale(this.#slopes.rows, channel), this.#curvature.scale[channel]!);
      const scale = this.#scale[channel]! * (1 + Math.max(-mostGrowth, Math.min(mostGrowth, growth)));
      const shift = this.#given.hasBias ? newton(this.#slopes.bias[channel]!, this.#curvature.bias[channel]!) : 0;
      const moved = bias[channel]! + shift;
      const step = scale * (this.#given.inputScale ?? Number.POSITIVE_INFINITY);
      if (!(Math.abs(moved) <= biasTarget * step)) continue;
      this.#scale[channel] = scale;
      bias[channel] = moved;
      this.#write(channel);
    }
  }

  result(): WeightCodes {
    const { held, weight, axis } = this.#given;
    const channels = Array.from(this.#scale, (_, i) => this.#codes.subarray(i * this.#length, (i + 1) * this.#length));
    const codes = codeArray(formatNamed(held.format), this.#codes.length);
    scatterChannels(codes, weight.dims, axis, channels);
    return {
      scale: Float32Array.from(this.#scale),
      zeroPoint: held.zeroPoint,
      codes,
      bias: Float64Array.from(this.#layer.bias),
    };
  }
}
