import { type LayerSummary, multiplies } from '../../engine/graph/summary.ts';
import { isDepthwise, isPointwise } from './properties.ts';

export interface LayerRole {
  readonly name: string;
  readonly description: string;
  holds(layer: LayerSummary): boolean;
}

function role(name: string, description: string, holds: (layer: LayerSummary) => boolean): LayerRole {
  return { name, description, holds };
}

const isConvolution = (layer: LayerSummary) => /^(Q?Linear)?Conv(Integer|Transpose)?$/.test(layer.op);
const isLinear = (layer: LayerSummary) => layer.op === 'Gemm' || layer.op.startsWith('MatMul');

/** What a layer is to the network; `role NAME` selects by it. */
export const roles: readonly LayerRole[] = [
  role('compute', 'Has weights or multiplies matrices: convolution, Gemm, MatMul, LSTM.', multiplies),
  role(
    'elementwise',
    'Computes on integers with a scale of its own: Add, Mul and their like.',
    (l) => l.quantization === 'elementwise',
  ),
  role('same-scale', 'Keeps its input’s scale: pooling, reshape, concat.', (l) => l.quantization === 'same-scale'),
  role('activation', 'Folds into the layer before it: Relu, Clip.', (l) => l.quantization === 'activation'),
  role('float', 'Has no part in quantisation and stays float.', (l) => l.quantization === null),
  role('convolution', 'Any convolution.', isConvolution),
  role('depthwise', 'Convolution with one group per channel.', (l) => isConvolution(l) && isDepthwise(l)),
  role('pointwise', 'Convolution with a kernel of 1x1.', (l) => isConvolution(l) && isPointwise(l)),
  role('linear', 'Gemm and MatMul.', isLinear),
  role('recurrent', 'LSTM, GRU, RNN.', (l) => /^(LSTM|GRU|RNN)$/.test(l.op)),
];

export function findRole(name: string | undefined): LayerRole | undefined {
  return roles.find((known) => known.name === name);
}
