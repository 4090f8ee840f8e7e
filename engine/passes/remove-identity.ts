import { attribute } from '../graph/build.ts';
import type { GraphNode } from '../graph/graph.ts';
import { intsAttribute } from '../operators/shared/attributes.ts';
import { integersOf, numbersOf } from '../operators/shared/numbers.ts';
import type { Dimension } from '../tensor.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/** Removes nodes that give back what they are given: Identity, Dropout, no-op Cast, Pad, Reshape, Transpose and their like. */
export const removeIdentity: Pass = {
  name: 'remove-identity',
  summary: 'Removes nodes that change nothing and pairs of transposes or reshapes that undo each other.',
  run(graph) {
    const editor = new GraphEditor(graph);
    for (const node of editor.nodes) {
      if (!editor.has(node) || node.domain !== '' || !node.inputs[0] || !node.outputs[0]) continue;
      if (node.op === 'Reshape') simplifyReshape(editor, node);
      else if (node.op === 'Transpose') simplifyTranspose(editor, node);
      else if (isIdentity(editor, node)) bypass(editor, node, node.inputs[0]!);
    }
    return editor.result();
  },
};

/** Lets the readers of a node's output read `value` instead, or, if the output's name must stay, its producer write it. */
function bypass(editor: GraphEditor, node: GraphNode, value: string): void {
  const output = node.outputs[0]!;
  const producer = editor.producer(value);
  if (editor.redirect(output, value)) {
    editor.remove(node);
    if (producer !== undefined) noteAbsorbed(editor, producer, node);
    return;
  }
  // The output's name must stay (the graph's output): the producer takes it, if nobody else needs the old one.
  if (producer === undefined || editor.onlyConsumer(value) !== node) return;
  editor.remove(node);
  const outputs = producer.outputs.map((name) => (name === value ? output : name));
  editor.replace(producer, [{ ...producer, outputs }], [node]);
}

function noteAbsorbed(editor: GraphEditor, producer: GraphNode, node: GraphNode): void {
  if (editor.has(producer)) editor.replace(producer, [{ ...producer }], [node]);
}

function isIdentity(editor: GraphEditor, node: GraphNode): boolean {
  const [input, second] = node.inputs;
  const output = node.outputs[0];
  if (!input || !output) return false;
  const from = editor.type(input);
  const to = editor.type(output);
  switch (node.op) {
    case 'Identity':
      return true;
    case 'Dropout': {
      const mask = node.outputs[1];
      const unread = !mask || (editor.consumers(mask).length === 0 && !editor.isOutput(mask));
      return unread && !node.inputs[2];
    }
    case 'Cast':
      return from !== undefined && to !== undefined && from.dtype === to.dtype;
    case 'Pad': {
      const constant = editor.constant(second);
      const pads = constant ? integersOf(constant) : intsAttribute(node, 'pads');
      return pads?.every((pad) => pad === 0) ?? false;
    }
    case 'Concat':
    case 'Sum':
    case 'Max':
    case 'Min':
    case 'Mean':
      return node.inputs.length === 1;
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Flatten':
    case 'Expand':
    case 'Tile':
      return sameDims(from?.dims, to?.dims);
    case 'Add':
    case 'Sub':
      return sameDims(from?.dims, to?.dims) && isAll(editor, second, 0);
    case 'Mul':
    case 'Div':
      return sameDims(from?.dims, to?.dims) && isAll(editor, second, 1);
    default:
      return false;
  }
}

function isAll(editor: GraphEditor, value: string | undefined, wanted: number): boolean {
  const constant = editor.constant(value);
  return (
    constant !== undefined && constant.dtype === 'float32' && Array.from(numbersOf(constant)).every((x) => x === wanted)
  );
}

/** Whether two shapes are known to be the same, symbolic dimensions by their names. */
function sameDims(a: readonly Dimension[] | undefined, b: readonly Dimension[] | undefined): boolean {
  return a !== undefined && a.length === b?.length && a.every((dim, i) => dim !== undefined && dim === b[i]);
}

/** Drops a Reshape to the shape that is there; of two in a row only the second counts. */
function simplifyReshape(editor: GraphEditor, node: GraphNode): void {
  const input = node.inputs[0]!;
  const before = editor.producer(input);
  if (sameDims(editor.type(input)?.dims, editor.type(node.outputs[0]!)?.dims)) {
    bypass(editor, node, input);
    return;
  }
  if (before?.op !== 'Reshape' || before.domain !== '' || !before.inputs[0] || editor.onlyConsumer(input) !== node)
    return;
  // Zeros in a shape mean "as in the input", which would be another input then.
  const shape = editor.constant(node.inputs[1]);
  const absolute = shape !== undefined && integersOf(shape).every((dim) => dim > 0 || dim === -1);
  if (!absolute) return;
  editor.remove(before);
  editor.replace(node, [{ ...node, inputs: [before.inputs[0]!, node.inputs[1]!] }], [before]);
}

/** Drops a Transpose that permutes nothing; merges two in a row into one or none. */
function simplifyTranspose(editor: GraphEditor, node: GraphNode): void {
  const input = node.inputs[0]!;
  const permutation = permutationOf(node, editor.type(input)?.dims?.length);
  if (permutation === undefined) return;
  if (permutation.every((axis, i) => axis === i)) {
    bypass(editor, node, input);
    return;
  }
  const before = editor.producer(input);
  if (before?.op !== 'Transpose' || before.domain !== '' || !before.inputs[0]) return;
  const first = permutationOf(before, permutation.length);
  if (first === undefined) return;
  const combined = permutation.map((axis) => first[axis]!);
  const alone = editor.onlyConsumer(input) === node;
  if (combined.every((axis, i) => axis === i)) {
    if (!editor.redirect(node.outputs[0]!, before.inputs[0]!)) return;
    editor.remove(node);
    if (alone) editor.remove(before);
  } else if (alone) {
    const merged = { ...node, inputs: [before.inputs[0]!], attributes: { perm: attribute.ints(combined) } };
    editor.remove(before);
    editor.replace(node, [merged], [before]);
  }
}

function permutationOf(node: GraphNode, rank: number | undefined): number[] | undefined {
  const given = intsAttribute(node, 'perm');
  if (given) return given;
  return rank === undefined ? undefined : Array.from({ length: rank }, (_, i) => rank - 1 - i);
}
