import type { Graph, GraphNode } from '../graph/graph.ts';
import { smoothArgument } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import { smoothing } from '../methods/smooth-quant.ts';
import { asProduct } from '../passes/channel-affine.ts';
import { GraphEditor } from '../passes/editor.ts';
import type { Choice, Plan } from '../plan.ts';
import { type IntegerForm, integerForm } from '../quantize/integer-form.ts';
import { movesOnly, waysToDivide } from './divide.ts';
import type { Demand } from './fold.ts';
import type { Rescaling } from './rescaling.ts';

/** A layer whose weights can take factors for the channels of its input. */
export interface Reader {
  readonly name: string;
  readonly op: string;
  /** Its input, and where in it the channels are. */
  readonly demand: Demand;
  readonly channels: number;
}

/** A reader whose method wants its channels rescaled. */
export interface WantingReader extends Reader {
  readonly form: IntegerForm;
  readonly choice: Choice;
}

/** Channels that all go back to one value: whatever factors they get are those of all readers. */
export interface Site {
  readonly readers: readonly Reader[];
  /** Those of the readers whose method asks for it; never empty. */
  readonly wanting: readonly WantingReader[];
}

/** What a layer's method wants of its input channels. */
export interface Wish {
  readonly rescaling: Rescaling;
  readonly arguments: Readonly<Record<string, number>>;
}

/** Undefined where the method wants nothing. A method that rounds in its own way may have activations smoothed before. */
export function wishOf(choice: Choice | undefined): Wish | undefined {
  if (choice?.method === undefined || choice.format === 'float') return undefined;
  const { rescaling } = methodNamed(choice.method.name);
  if (rescaling !== undefined) return { rescaling, arguments: choice.method.arguments };
  const alpha = choice.method.arguments[smoothArgument.name] ?? 0;
  return alpha > 0 ? { rescaling: smoothing, arguments: { alpha } } : undefined;
}

/** Whether a method of the plan's weights has input channels rescaled. */
export function needsRescaling(plan: Plan): boolean {
  return Object.values(plan.nodes).some(({ weight }) => wishOf(weight) !== undefined);
}

/**
 * In the order of the graph.
 * @param wants whether a layer with this choice is one that the sites are looked for
 */
export function sitesOf(graph: Graph, plan: Plan, wants: (choice: Choice) => boolean): readonly Site[] {
  const editor = new GraphEditor(graph);
  const sites = new Map<string, { readers: Reader[]; wanting: WantingReader[] }>();
  for (const node of graph.nodes) {
    const reader = readerOf(editor, node);
    if (reader === undefined) continue;
    const key = rootOf(editor, reader.demand);
    const site = sites.get(key) ?? { readers: [], wanting: [] };
    sites.set(key, site);
    site.readers.push(reader);
    const choice = plan.nodes[node.name]?.weight;
    const form = integerForm(node, graph);
    if (choice !== undefined && wants(choice) && 'kind' in form && form.kind === 'compute')
      site.wanting.push({ ...reader, form, choice });
  }
  return [...sites.values()].filter(({ wanting }) => wanting.length > 0);
}

function readerOf(editor: GraphEditor, node: GraphNode): Reader | undefined {
  const product = asProduct(editor, node);
  const value = node.inputs[0];
  if (product === undefined || node.op === 'ConvTranspose' || !value || editor.constant(value)) return undefined;
  const rank = editor.type(value)?.dims?.length;
  if (rank === undefined) return undefined;
  const axis = node.op === 'Conv' ? 1 : rank - 1;
  return { name: node.name, op: node.op, demand: { value, axes: [axis], first: 0 }, channels: product.inputChannels };
}

/** The value that the channels come from, reshapes and transposes aside, and where in it they are. */
function rootOf(editor: GraphEditor, demand: Demand): string {
  const { value, axes } = demand;
  const node = editor.producer(value);
  const [way] = node !== undefined && movesOnly(node) ? waysToDivide(editor, node, demand) : [];
  const [input] = way?.inputs ?? [];
  return node === undefined || input === undefined
    ? `${axes.join()} ${value}`
    : rootOf(editor, { ...input, value: node.inputs[input.index]! });
}
