import type { Network } from '../selectors/network.ts';

/** `7 layers, from /layer1/conv1/Conv to /layer1/Relu`. */
export function blockText(layers: readonly number[], network: Network): string {
  const name = (index: number | undefined) => network.layers[index ?? 0]?.name ?? '';
  return `${layers.length} layers, from ${name(layers[0])} to ${name(layers.at(-1))}`;
}
