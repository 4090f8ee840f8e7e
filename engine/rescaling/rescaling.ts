/**
 * A method's choice of factors for the input channels of layers: before anything is put into codes, the weights that meet a
 * channel are multiplied by its factor, and what computes the channel is divided by it. The float function stays the same.
 */
export interface Rescaling {
  /** Makes activations easier to hold in codes: of no use to layers whose inputs stay float. */
  readonly forActivations?: true;
  /** Asks for the error of a layer's answers (`RescaledLayer.error`), which takes the products of its inputs. */
  readonly needsError?: true;
  /** One positive factor for each channel. */
  factors(site: RescalingSite, args: Readonly<Record<string, number>>): Float64Array;
}

/** What is known of channels that several layers may read. */
export interface RescalingSite {
  readonly channels: number;
  /** Largest magnitude of each channel that calibration saw. */
  readonly largest: Float64Array;
  /** Mean magnitude of each channel. */
  readonly mean: Float64Array;
  readonly layers: readonly RescaledLayer[];
}

/** A layer that reads the channels. */
export interface RescaledLayer {
  /** Largest magnitude of the weights that meet each channel. */
  readonly weights: Float64Array;
  /**
   * Mean square of what rounding changes in the layer's answers, summed over its outputs, with its weights rounded as the spec
   * says after multiplication by the factors. Throws where the rescaling does not ask for it (`needsError`).
   */
  error(factors: Float64Array): number;
}
