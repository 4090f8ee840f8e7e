import { intAttribute } from '../operators/shared/attributes.ts';
import { elementCount } from '../tensor.ts';
import type { MakeStep } from './step.ts';

/** Joins channels, which lie first: its inputs one behind the other. */
export const concatStep: MakeStep = ({ node, inputs }) => {
  const [first] = inputs;
  const axis = intAttribute(node, 'axis', 1);
  if (inputs.some((dims) => dims === undefined) || (axis < 0 ? axis + first!.length : axis) !== 1)
    return 'it joins something else than channels of activations';
  const parts = inputs as readonly (readonly number[])[];
  const channels = parts.reduce((sum, dims) => sum + dims[1]!, 0);
  const dims = [first![0]!, channels, ...first!.slice(2)];
  const out = new Float32Array(elementCount(dims));
  return {
    dims,
    forward(values) {
      let at = 0;
      for (const own of values) {
        out.set(own, at);
        at += own.length;
      }
      return out;
    },
    backward(slope) {
      let at = 0;
      return parts.map((dims) => {
        const from = at;
        at += elementCount(dims);
        return slope.subarray(from, at);
      });
    },
  };
};
