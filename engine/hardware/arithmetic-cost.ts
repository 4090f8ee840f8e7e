import { findFormat } from '../formats/registry.ts';
import type { LayerCost } from './costs.ts';
import { bitsOf } from './storage.ts';

/** Figures of a model's arithmetic that know nothing of a machine. */
export interface ArithmeticCost {
  /** Arithmetic computation effort: Σ MACs · weight bits · activation bits (Zhang, Zhang and Lew, CVPR 2022). */
  readonly ace: number;
  /** Bit operations: Σ MACs · (p·b_a·b_w + b_a + b_w + log2(K)), p the share of weights that are not zero, K the length of a dot product. */
  readonly bops: number;
  /** Bits of the weights, scales and zero points among them, for each parameter. */
  readonly bitsPerParameter: number;
}

/**
 * @param density share of a layer's weights that are not zero; 1 where it is not known
 * @returns the sums over all layers. METHODS B18 and B19 (the form for one layer; hls4ml's own script counts whole tensors).
 */
export function arithmeticCost(
  layers: readonly LayerCost[],
  density: (layer: LayerCost) => number = () => 1,
): ArithmeticCost {
  let [ace, bops, bits, parameters] = [0, 0, 0, 0];
  for (const layer of layers) {
    bits += 8 * layer.weightBytes;
    parameters += layer.parameters;
    if (layer.macs === 0) continue;
    const activation = bitsOf(layer.inputFormat);
    // A product of two activations has no weights: both sides are held like the input.
    const weight = bitsOf(layer.weightFormat ?? layer.inputFormat);
    ace += layer.macs * weight * activation;
    // Two tensors whose sum a weight is are two products, each of half as many bits.
    const each = findFormat(layer.weightFormat ?? '')?.multiplier.products ?? 1;
    const products = (density(layer) * weight * activation) / each;
    bops += each * layer.macs * (products + weight / each + activation + Math.log2(Math.max(1, layer.dotLength)));
  }
  return { ace, bops, bitsPerParameter: parameters === 0 ? 0 : bits / parameters };
}
