import { attribute, withAttributes } from '../graph/build.ts';
import type { GraphNode } from '../graph/graph.ts';
import { floatAttribute, intsAttribute, stringAttribute } from '../operators/shared/attributes.ts';
import { integersOf, scalarOf } from '../operators/shared/numbers.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/** Pad of zeros around the spatial axes, then Conv: the convolution pads by itself. */
export const mergePad: Pass = {
  name: 'merge-pad',
  summary: 'Merges padding with zeros into the convolution behind it.',
  run(graph) {
    const editor = new GraphEditor(graph);
    for (const node of editor.nodes) {
      if (node.op !== 'Conv' || node.domain !== '' || !editor.has(node)) continue;
      const automatic = stringAttribute(node, 'auto_pad', 'NOTSET');
      if (automatic !== 'NOTSET' && automatic !== 'VALID') continue;
      const pad = editor.producer(node.inputs[0]!);
      if (pad?.op !== 'Pad' || pad.domain !== '') continue;
      const rank = editor.constant(node.inputs[1])?.dims.length ?? editor.type(node.inputs[1]!)?.dims?.length;
      const added = rank === undefined ? undefined : zeroPads(editor, pad, rank);
      if (rank === undefined || added === undefined) continue;
      const spatial = rank - 2;
      const own = intsAttribute(node, 'pads') ?? new Array<number>(2 * spatial).fill(0);
      const pads = own.map((value, i) => value + added[i < spatial ? i + 2 : i - spatial + rank + 2]!);
      const merged = withAttributes(node, { pads: attribute.ints(pads) }, ['auto_pad']);
      const alone = editor.onlyConsumer(node.inputs[0]!) === node;
      if (alone) editor.remove(pad);
      const inputs = [pad.inputs[0]!, ...node.inputs.slice(1)];
      editor.replace(node, [{ ...merged, inputs }], alone ? [pad] : []);
    }
    return editor.result();
  },
};

/** Begin pads of all axes, then end pads, where all that Pad does is to put zeros around spatial axes. */
function zeroPads(editor: GraphEditor, pad: GraphNode, rank: number): number[] | undefined {
  if (stringAttribute(pad, 'mode', 'constant') !== 'constant') return undefined;
  const modern = editor.opset() >= 11;
  const constant = editor.constant(pad.inputs[1]);
  const given = modern
    ? constant && integersOf(constant)
    : (intsAttribute(pad, 'pads') ?? intsAttribute(pad, 'paddings'));
  if (given === undefined) return undefined;
  if (modern && pad.inputs[2]) {
    const value = editor.constant(pad.inputs[2]);
    if (value === undefined || scalarOf(value) !== 0) return undefined;
  }
  if (!modern && floatAttribute(pad, 'value', 0) !== 0) return undefined;
  let pads = given;
  if (pad.inputs[3]) {
    const axes = editor.constant(pad.inputs[3]);
    if (axes === undefined) return undefined;
    const listed = integersOf(axes).map((axis) => (axis < 0 ? axis + rank : axis));
    pads = new Array<number>(2 * rank).fill(0);
    listed.forEach((axis, i) => {
      pads[axis] = given[i]!;
      pads[axis + rank] = given[i + listed.length]!;
    });
  }
  if (pads.length !== 2 * rank || pads.some((value) => value < 0)) return undefined;
  if (pads[0] !== 0 || pads[1] !== 0 || pads[rank] !== 0 || pads[rank + 1] !== 0) return undefined;
  return pads;
}
