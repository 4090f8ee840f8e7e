import type { GraphNode } from '../graph/graph.ts';
import { floatAttribute, intAttribute } from '../operators/shared/attributes.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { asProduct, type ChannelAffine, foldAfter, foldBefore, isPadded } from './channel-affine.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/**
 * Folds BatchNormalization (inference form) into the product before it: w' = w·γ/√(σ²+ε), b' = (b−μ)·γ/√(σ²+ε) + β
 * (Jacob et al. 2018, METHODS B3), or, where there is none, into the one behind it, which is exact only without padding.
 */
export const foldBatchNorm: Pass = {
  name: 'fold-batch-norm',
  summary:
    'Folds BatchNormalization into the Conv, ConvTranspose, Gemm or MatMul before it, or behind it where that is exact.',
  run(graph) {
    const editor = new GraphEditor(graph);
    for (const node of editor.nodes) {
      if (node.op !== 'BatchNormalization' || node.domain !== '' || !editor.has(node)) continue;
      const affine = affineOf(editor, node);
      if (affine === undefined) continue;
      const input = node.inputs[0]!;
      const output = node.outputs[0]!;
      const before = asProduct(editor, editor.producer(input));
      if (before && editor.onlyConsumer(input) === node && before.outputChannels === affine.scale.length) {
        if (
          before.channelAxis(editor.type(input)?.dims?.length ?? 0) === 1 &&
          foldAfter(editor, before, affine, output, [node])
        )
          continue;
      }
      const after = asProduct(editor, editor.onlyConsumer(output));
      if (
        after &&
        after.node.inputs[0] === output &&
        after.inputChannels === affine.scale.length &&
        !isPadded(after.node)
      ) {
        if (after.node.op === 'Conv' || editor.type(input)?.dims?.length === 2)
          foldBefore(editor, after, affine, input, [node]);
      }
    }
    return editor.result();
  },
};

function affineOf(editor: GraphEditor, node: GraphNode): ChannelAffine | undefined {
  if (intAttribute(node, 'training_mode', 0) !== 0 || intAttribute(node, 'spatial', 1) !== 1) return undefined;
  if (
    node.outputs
      .slice(1)
      .some((output) => output !== '' && (editor.isOutput(output) || editor.consumers(output).length > 0))
  ) {
    return undefined;
  }
  const constants = node.inputs.slice(1, 5).map((input) => editor.constant(input));
  if (constants.length !== 4 || constants.some((tensor) => tensor?.dtype !== 'float32')) return undefined;
  const [gamma, beta, mean, variance] = constants.map((tensor) => numbersOf(tensor!));
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const channels = gamma!.length;
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    scale[channel] = gamma![channel]! / Math.sqrt(variance![channel]! + epsilon);
    shift[channel] = beta![channel]! - mean![channel]! * scale[channel]!;
  }
  return { scale, shift };
}
