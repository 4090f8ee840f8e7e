import { lowerFakeQuantize } from '../../executor/lowerings/codes.ts';
import { type CodeRange, channelLayout, dequantizeValue, forEachRun, quantizeValue } from '../../formats/affine.ts';
import { formatNamed } from '../../formats/registry.ts';
import type { Operator } from '../operator.ts';
import { floatAttribute, intAttribute, stringAttribute, tensorAttribute } from '../shared/attributes.ts';
import { sameAsInput } from '../shared/types.ts';

/**
 * float32 values rounded to the grid of their codes and back: the simulate reading. Attributes: `scale` float32 and
 * `zero_point` int32 tensors (one element, or one per index of `axis`), `low` and `high` (codes in use).
 * Other levels than integers: `format` by name, per tensor, with the bounds `least` and `most` of a fused activation.
 */
export const fakeQuantize: Operator = {
  op: 'FakeQuantize',
  domain: 'qspec',
  opsets: [1, 1],
  infer: sameAsInput,
  evaluate(node, [x]) {
    const values = x!.data as Float32Array;
    const scale = tensorAttribute(node, 'scale')!.data as Float32Array;
    const zeroPoint = tensorAttribute(node, 'zero_point')!.data as Int32Array;
    const range: CodeRange = [intAttribute(node, 'low', 0), intAttribute(node, 'high', 255)];
    const out = new Float32Array(values.length);
    const name = stringAttribute(node, 'format', '');
    if (name !== '') {
      const { encode, decode } = formatNamed(name).coder({ scale: scale[0]!, zeroPoint: 0 }, range);
      const least = floatAttribute(node, 'least', Number.NEGATIVE_INFINITY);
      const most = floatAttribute(node, 'most', Number.POSITIVE_INFINITY);
      // NaN passes the bounds and becomes what zero becomes.
      for (let i = 0; i < out.length; i++) out[i] = decode(encode(Math.min(most, Math.max(least, values[i]!))));
      return [{ dtype: 'float32', dims: x!.dims, data: out }];
    }
    const { channels, inner } = channelLayout(x!.dims, intAttribute(node, 'axis'));
    forEachRun(values.length, channels, inner, (channel, from, to) => {
      const own = {
        scale: scale.length === 1 ? scale[0]! : scale[channel]!,
        zeroPoint: zeroPoint.length === 1 ? zeroPoint[0]! : zeroPoint[channel]!,
      };
      for (let i = from; i < to; i++) out[i] = dequantizeValue(quantizeValue(values[i]!, own, range), own);
    });
    return [{ dtype: 'float32', dims: x!.dims, data: out }];
  },
  lower: lowerFakeQuantize,
};
