import { asProduct, foldBefore } from '../passes/channel-affine.ts';
import type { GraphEditor } from '../passes/editor.ts';
import type { Reader } from './sites.ts';

/** Multiplies the weights that meet each channel by its factor; `input` is read in place of the value that was. */
export function multiply(editor: GraphEditor, { name }: Reader, factors: Float64Array, input?: string): void {
  const node = editor.nodes.find((known) => known.name === name)!;
  const affine = { scale: factors, shift: new Float64Array(factors.length) };
  foldBefore(editor, asProduct(editor, node)!, affine, input ?? node.inputs[0]!, []);
}
