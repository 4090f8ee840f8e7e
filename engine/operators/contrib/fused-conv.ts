import { attribute, withAttributes } from '../../graph/build.ts';
import type { Tensor } from '../../tensor.ts';
import { conv } from '../linear/conv.ts';
import { convTranspose } from '../linear/conv-transpose.ts';
import type { Operator } from '../operator.ts';
import { maxPool } from '../pooling/max-pool.ts';
import { mapPair, mapTensor } from '../shared/elementwise.ts';
import { integersOf } from '../shared/numbers.ts';
import { constantInts, hasInput, inputType } from '../shared/types.ts';
import { onChannelsLast } from './channels-last.ts';
import { fusedActivation } from './fused-activation.ts';

/** Convolutions and pools with what ONNX Runtime's optimiser puts around them. */

/** The quantiser would not know of the addend and the activation: what it quantises are the plain operators. */
const { quantization: _role, lower: _kernel, ...convolution } = conv;

/** activation(Conv(x, w, b) + z); b, z (of the output's shape) and the activation are optional. */
export const fusedConv: Operator = {
  ...convolution,
  op: 'FusedConv',
  domain: 'com.microsoft',
  opsets: [1, 1],
  isFusion: true,
  evaluate(node, [x, w, b, z], context) {
    const [sum] = conv.evaluate!(node, [x, w, b], context) as [Tensor];
    const total = z ? mapPair(sum, z, sum.dtype, (a, c) => a + c) : sum;
    const activation = fusedActivation(node);
    return [activation ? mapTensor(total, activation.apply) : total];
  },
  decompose(node, parts) {
    const [x, w, b, z] = node.inputs as [string, string, string?, string?];
    const [output] = node.outputs as [string];
    const activation = fusedActivation(node);
    const to = (isLast: boolean) => (isLast ? { output } : {});
    const { attributes } = withAttributes(node, {}, ['activation', 'activation_params']);
    let y = parts.add('Conv', b ? [x, w, b] : [x, w], attributes, to(!z && !activation));
    if (z) y = parts.add('Add', [y, z], {}, to(!activation));
    activation?.add(parts, y, output);
    return undefined;
  },
};
export const nhwcConv: Operator = { ...onChannelsLast(conv, { op: 'NhwcConv' }), isFusion: true };
export const nhwcFusedConv = onChannelsLast(fusedConv, { op: 'NhwcFusedConv', images: [0, 3] });
export const nhwcMaxPool = onChannelsLast(maxPool, { op: 'NhwcMaxPool' });

/** ConvTranspose whose pads, where given, are an input: x, w, pads int64 [2·axes], bias. */
export const convTransposeWithDynamicPads: Operator = {
  op: 'ConvTransposeWithDynamicPads',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const pads = constantInts(node, 2, context);
    if (hasInput(node, 2) && pads === undefined) return [{ dtype: x.dtype }];
    return convTranspose.infer(withPads(node, pads), context);
  },
  evaluate(node, [x, w, pads, bias], context) {
    return convTranspose.evaluate!(withPads(node, pads && integersOf(pads)), [x, w, bias], context);
  },
  cost: convTranspose.cost!,
  decompose(node, parts) {
    const [x, w, padsName, bias] = node.inputs as [string, string, string?, string?];
    const pads = padsName ? parts.constant(padsName) : undefined;
    if (padsName && !pads) return 'the pads are only known while running';
    const { attributes } = withPads(node, pads && integersOf(pads));
    parts.add('ConvTranspose', bias ? [x, w, bias] : [x, w], attributes, { output: node.outputs[0]! });
    return undefined;
  },
};

function withPads(node: Parameters<Operator['infer']>[0], pads: readonly number[] | undefined) {
  return pads ? withAttributes(node, { pads: attribute.ints(pads) }) : node;
}
