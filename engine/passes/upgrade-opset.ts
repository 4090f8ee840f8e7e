import { fail } from '../findings.ts';
import { attribute, makeNode, withAttributes } from '../graph/build.ts';
import type { Attribute, Graph, GraphNode } from '../graph/graph.ts';
import { describe, hasAttribute, intAttribute, stringAttribute } from '../operators/shared/attributes.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../tensor.ts';
import { GraphEditor } from './editor.ts';

/** Oldest operator set that can be raised; older broadcasting rules need their own conversion. */
const oldest = 7;
/** Newest operator set whose changes `conversions` knows. */
export const newestOpset = 26;

/**
 * A change in an operator's meaning or form: nodes written for an operator set below `since` become the returned nodes
 * when the graph is raised to `since` or above. Operators that only gained types or optional inputs need no line.
 */
interface Conversion {
  readonly op: string;
  readonly since: number;
  convert(node: GraphNode, context: Context): readonly GraphNode[];
}

interface Context {
  readonly editor: GraphEditor;
  /** Operator set that the node was written for. */
  readonly from: number;
  readonly to: number;
  /** Adds a constant for this node and returns its name. */
  constant(suffix: string, tensor: Tensor): string;
  rank(value: string): number;
}

/** Moves attributes to constant inputs at fixed positions. */
function attributesToInputs(
  node: GraphNode,
  context: Context,
  moves: readonly (readonly [name: string, position: number])[],
): GraphNode {
  const inputs = [...node.inputs];
  for (const [name, position] of moves) {
    const given = node.attributes[name];
    if (given === undefined) continue;
    while (inputs.length <= position) inputs.push('');
    inputs[position] = context.constant(name, tensorOf(given));
  }
  const names = moves.map(([name]) => name);
  return { ...withAttributes(node, {}, names), inputs };
}

function tensorOf(given: Attribute): Tensor {
  switch (given.kind) {
    case 'ints':
      return int64Tensor([given.value.length], given.value);
    case 'int':
      return int64Tensor([1], [given.value]);
    case 'floats':
      return float32Tensor([given.value.length], Float32Array.from(given.value));
    case 'float':
      return float32Tensor([], Float32Array.of(given.value));
    default:
      throw new Error(`An attribute of kind ${given.kind} cannot become an input.`);
  }
}

const axesToInput = (op: string, since: number): Conversion => ({
  op,
  since,
  convert: (node, context) => [attributesToInputs(node, context, [['axes', 1]])],
});

/** Softmax and its like below 13 flatten to two dimensions at `axis` (default 1) and normalise each row. */
const flatteningSoftmax = (op: string): Conversion => ({
  op,
  since: 13,
  convert(node, context) {
    const [input] = node.inputs as [string];
    const [output] = node.outputs as [string];
    const dims = context.editor.type(input)?.dims;
    const rank = context.rank(input);
    const given = intAttribute(node, 'axis', 1);
    const axis = given < 0 ? given + rank : given;
    const trailing = dims?.slice(axis + 1) ?? [];
    if (trailing.every((dim) => dim === 1)) return [withAttributes(node, { axis: attribute.int(axis) })];
    const name = (suffix: string) => context.editor.unusedName(`${node.name}/${suffix}`);
    const shape = name('shape');
    const flat = name('flat');
    const normal = name('rows');
    return [
      { ...withAttributes(node, { axis: attribute.int(1) }), inputs: [flat], outputs: [normal] },
      makeNode(name('Shape'), 'Shape', [input], [shape]),
      makeNode(name('Flatten'), 'Flatten', [input], [flat], { axis: attribute.int(axis) }),
      makeNode(name('Reshape'), 'Reshape', [normal, shape], [output]),
    ];
  },
});

const identity = (node: GraphNode): GraphNode => ({
  ...node,
  op: 'Identity',
  inputs: [node.inputs[0]!],
  outputs: [node.outputs[0]!],
  attributes: {},
});

const conversions: readonly Conversion[] = [
  {
    op: 'BatchNormalization',
    since: 9,
    convert(node) {
      if (intAttribute(node, 'spatial', 1) === 0)
        fail('model/opset', `${describe(node)} has statistics for every element (“spatial” 0).`, {
          why: 'Operator sets from 9 on have no such form.',
        });
      return [withAttributes(node, {}, ['spatial'])];
    },
  },
  {
    op: 'BatchNormalization',
    since: 14,
    convert: (node) => [{ ...node, outputs: [node.outputs[0]!] }],
  },
  {
    op: 'Upsample',
    since: 10,
    convert(node, context) {
      // Upsample-7 holds its scales in an attribute, Upsample-9 in an input; both are Resize without the half pixel.
      const mode = stringAttribute(node, 'mode', 'nearest');
      const scales = hasAttribute(node, 'scales')
        ? context.constant('scales', tensorOf(node.attributes['scales']!))
        : node.inputs[1]!;
      return resize11(node, node.inputs[0]!, scales, mode, context);
    },
  },
  {
    op: 'Resize',
    since: 11,
    // What was an Upsample is in the new form by now.
    convert: (node, context) =>
      hasAttribute(node, 'coordinate_transformation_mode')
        ? [node]
        : resize11(node, node.inputs[0]!, node.inputs[1]!, stringAttribute(node, 'mode', 'nearest'), context),
  },
  {
    op: 'Slice',
    since: 10,
    convert: (node, context) => [
      attributesToInputs(node, context, [
        ['starts', 1],
        ['ends', 2],
        ['axes', 3],
      ]),
    ],
  },
  { op: 'TopK', since: 10, convert: (node, context) => [attributesToInputs(node, context, [['k', 1]])] },
  {
    op: 'Clip',
    since: 11,
    convert: (node, context) => [
      attributesToInputs(node, context, [
        ['min', 1],
        ['max', 2],
      ]),
    ],
  },
  {
    op: 'Pad',
    since: 11,
    convert: (node, context) => [
      attributesToInputs(node, context, [
        ['pads', 1],
        ['value', 2],
      ]),
    ],
  },
  { op: 'Scatter', since: 11, convert: (node) => [{ ...node, op: 'ScatterElements' }] },
  {
    op: 'Dropout',
    since: 12,
    convert: (node) => [node.outputs[1] ? withAttributes(node, {}, ['ratio']) : identity(node)],
  },
  flatteningSoftmax('Softmax'),
  flatteningSoftmax('LogSoftmax'),
  flatteningSoftmax('Hardmax'),
  axesToInput('Squeeze', 13),
  axesToInput('Unsqueeze', 13),
  axesToInput('ReduceSum', 13),
  ...[
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceProd',
    'ReduceL1',
    'ReduceL2',
    'ReduceLogSum',
    'ReduceLogSumExp',
    'ReduceSumSquare',
  ].map((op) => axesToInput(op, 18)),
  { op: 'Split', since: 13, convert: (node, context) => [attributesToInputs(node, context, [['split', 1]])] },
  {
    op: 'Split',
    since: 18,
    convert: (node) => [
      node.inputs[1] ? node : withAttributes(node, { num_outputs: attribute.int(node.outputs.length) }),
    ],
  },
  {
    op: 'GridSample',
    since: 20,
    convert(node) {
      const mode = stringAttribute(node, 'mode', 'bilinear');
      return [withAttributes(node, { mode: attribute.string(mode.replace(/^bi/, '')) })];
    },
  },
];

/** Resize below 11: scales measured from the corner, nearest takes the floor. */
function resize11(
  node: GraphNode,
  input: string,
  scales: string,
  mode: string,
  context: Context,
): readonly GraphNode[] {
  const roi = context.constant('roi', float32Tensor([0], new Float32Array(0)));
  return [
    {
      ...node,
      op: 'Resize',
      inputs: [input, roi, scales],
      attributes: {
        mode: attribute.string(mode === 'bilinear' ? 'linear' : mode),
        coordinate_transformation_mode: attribute.string('asymmetric'),
        nearest_mode: attribute.string('floor'),
      },
    },
  ];
}

/**
 * The same graph written for a newer ONNX operator set. Graphs already at `version` or above come back as they are.
 * Throws `model/opset` where a node has no equivalent that we know.
 */
export function upgradeOpset(graph: Graph, version: number): Graph {
  const from = graph.opsets.get('') ?? 1;
  if (from >= version) return graph;
  if (version > newestOpset)
    fail('model/opset', `Operator set ${version} is newer than ${newestOpset}, the newest that is known here.`);
  if (from < oldest) {
    fail('model/opset', `The model is written for operator set ${from}.`, {
      why: `Models below ${oldest} have other broadcasting rules and cannot be raised to ${version}.`,
      fix: 'Convert it with the version converter of the onnx package first.',
    });
  }
  const relevant = conversions
    .filter(({ since }) => since > from && since <= version)
    .sort((a, b) => a.since - b.since);
  const editor = new GraphEditor(graph);
  for (const node of editor.nodes) {
    if (node.domain !== '') continue;
    const subgraphs = upgradeSubgraphs(node, from, version);
    let nodes: readonly GraphNode[] = [subgraphs];
    for (const { op, convert } of relevant) {
      nodes = nodes.flatMap((current) =>
        current.op === op ? convert(current, contextOf(editor, current, from, version)) : [current],
      );
    }
    if (nodes.length !== 1 || nodes[0] !== node) editor.replace(node, inOrder(nodes));
  }
  return editor.result(new Map([...graph.opsets, ['', version]])).graph;
}

function contextOf(editor: GraphEditor, node: GraphNode, from: number, to: number): Context {
  return {
    editor,
    from,
    to,
    constant: (suffix, tensor) => editor.addInitializer(`${node.name}/${suffix}`, tensor),
    rank(value) {
      const rank = editor.type(value)?.dims?.length;
      if (rank === undefined)
        fail(
          'model/opset',
          `${describe(node)} cannot be raised to operator set ${to}: the rank of its input is not known.`,
        );
      return rank;
    },
  };
}

function upgradeSubgraphs(node: GraphNode, from: number, version: number): GraphNode {
  const set: Record<string, Attribute> = {};
  const raise = (graph: Graph) => upgradeOpset({ ...graph, opsets: new Map([['', from]]) }, version);
  for (const [name, given] of Object.entries(node.attributes)) {
    if (given.kind === 'graph') set[name] = { kind: 'graph', value: raise(given.value) };
    if (given.kind === 'graphs') set[name] = { kind: 'graphs', value: given.value.map(raise) };
  }
  return Object.keys(set).length > 0 ? withAttributes(node, set) : node;
}

/** Nodes of one conversion in topological order; the survivor that bears the layer's name may stand first. */
function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const waiting = [...nodes];
  const inside = new Set(nodes.flatMap((node) => node.outputs));
  const ordered: GraphNode[] = [];
  while (waiting.length > 0) {
    const index = waiting.findIndex((node) => node.inputs.every((input) => !inside.has(input)));
    const [node] = waiting.splice(index, 1);
    for (const output of node!.outputs) inside.delete(output);
    ordered.push(node!);
  }
  return ordered;
}
