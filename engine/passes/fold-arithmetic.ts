import type { GraphNode } from '../graph/graph.ts';
import { asProduct, type ChannelAffine, foldAfter, type Product, perChannel } from './channel-affine.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/** Folds Mul, Div, Add and Sub by a constant for each channel into the product before them: Conv + Add becomes a bias. */
export const foldArithmetic: Pass = {
  name: 'fold-arithmetic',
  summary:
    'Folds multiplication and addition of constants per channel into the Conv, ConvTranspose, Gemm or MatMul before them.',
  run(graph) {
    const editor = new GraphEditor(graph);
    for (const node of editor.nodes) {
      if (node.domain !== '' || !editor.has(node) || node.inputs.length !== 2) continue;
      const left = editor.constant(node.inputs[0]) === undefined;
      const input = node.inputs[left ? 0 : 1]!;
      const product = asProduct(editor, editor.producer(input));
      if (product === undefined || editor.onlyConsumer(input) !== node) continue;
      const affine = affineOf(editor, node, product, input, left);
      if (affine !== undefined) foldAfter(editor, product, affine, node.outputs[0]!, [node]);
    }
    return editor.result();
  },
};

function affineOf(
  editor: GraphEditor,
  node: GraphNode,
  product: Product,
  input: string,
  left: boolean,
): ChannelAffine | undefined {
  const dims = editor.type(input)?.dims;
  // Broadcasting may enlarge the result; then it is not the product's own output any more.
  const after = editor.type(node.outputs[0]!)?.dims;
  if (dims === undefined || after?.length !== dims.length) return undefined;
  const channels = product.outputChannels;
  const operand = perChannel(
    editor.constant(node.inputs[left ? 1 : 0]),
    dims,
    product.channelAxis(dims.length),
    channels,
  );
  if (operand === undefined) return undefined;
  const ones = () => new Float64Array(channels).fill(1);
  const zeros = () => new Float64Array(channels);
  switch (node.op) {
    case 'Mul':
      return { scale: operand, shift: zeros() };
    case 'Div':
      return left && operand.every((x) => x !== 0) ? { scale: operand.map((x) => 1 / x), shift: zeros() } : undefined;
    case 'Add':
      return { scale: ones(), shift: operand };
    case 'Sub':
      return left ? { scale: ones(), shift: operand.map((x) => -x) } : { scale: ones().fill(-1), shift: operand };
    default:
      return undefined;
  }
}
