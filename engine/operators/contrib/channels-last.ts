import { withAttributes } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { ValueType } from '../../tensor.ts';
import { isTensorType } from '../../value.ts';
import type { InferContext, Operator } from '../operator.ts';
import { intAttribute } from '../shared/attributes.ts';
import { permuted } from '../shared/movement.ts';
import { addTranspose, channelsFirst, channelsLast } from '../shared/parts.ts';

/** Another operator on images [N, …, C], and how a node says that its images are such. */
interface Form {
  /** The operator's name; that of the inner one unless given. */
  readonly op?: string;
  /** Inputs that are images. */
  readonly images?: readonly number[];
  /** Whether this node is in channels-last order; always unless given. */
  applies?(node: GraphNode): boolean;
}

/** The attribute by which quantised operators are switched. */
export const byAttribute = (node: GraphNode) => intAttribute(node, 'channels_last', 0) !== 0;

/** An operator on channels-last images made of one on channels-first images. */
export function onChannelsLast(inner: Operator, { op = inner.op, images = [0], applies = () => true }: Form): Operator {
  const isImage = (node: GraphNode, name: string) => images.some((index) => node.inputs[index] === name);
  const { lower: _kernel, quantization: _role, ...rest } = inner;
  return {
    ...rest,
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer(node, context) {
      if (!applies(node)) return inner.infer(node, context);
      const type = (name: string) => {
        const own = context.type(name);
        return own && isImage(node, name) ? reordered(own, channelsFirst) : own;
      };
      return inner
        .infer(node, { ...context, type } satisfies InferContext)
        .map((own) => (own && isTensorType(own) ? reordered(own, channelsLast) : own));
    },
    evaluate(node, inputs, context) {
      if (!applies(node)) return inner.evaluate!(node, inputs, context);
      const given = inputs.map((tensor, index) =>
        tensor && images.includes(index) ? permuted(tensor, channelsFirst(tensor.dims.length)) : tensor,
      );
      return inner.evaluate!(node, given, context).map((tensor) => permuted(tensor, channelsLast(tensor.dims.length)));
    },
    decompose(node, parts) {
      if (!applies(node)) return inner.decompose ? inner.decompose(node, parts) : 'it is not composed';
      const inputs = node.inputs.map((name, index) =>
        name !== '' && images.includes(index) ? addTranspose(parts, name, channelsFirst(parts.rank(name))) : name,
      );
      const { attributes } = withAttributes(node, {}, ['channels_last']);
      const [output] = node.outputs as [string];
      const image = parts.add(inner.op, inputs, attributes, { domain: inner.domain });
      addTranspose(parts, image, channelsLast(parts.rank(output)), output);
      return undefined;
    },
  };
}

function reordered(type: ValueType, order: (rank: number) => number[]): ValueType {
  if (type.dims === undefined) return type;
  return { ...type, dims: order(type.dims.length).map((axis) => type.dims![axis]) };
}
