import type { Graph } from '../graph/graph.ts';
import { stridesOf } from '../operators/shared/broadcast.ts';
import { expandTo } from '../operators/shared/movement.ts';
import { numbersOf } from '../operators/shared/numbers.ts';
import { asProduct, foldAfter } from '../passes/channel-affine.ts';
import type { GraphEditor } from '../passes/editor.ts';
import { sharesWeight, wire } from '../quantize/wiring.ts';
import { float32Tensor, type Tensor } from '../tensor.ts';
import { type Channels, waysToDivide } from './divide.ts';

/** A value that is to be divided by factors, channel by channel. */
export interface Demand extends Channels {
  readonly value: string;
}

/** Constants and products that, divided, divide all that is demanded. */
export interface Fold {
  readonly constants: readonly (Channels & {
    readonly output: string;
    readonly index: number;
    readonly rank: number;
  })[];
  /** Outputs of products with constant weights. */
  readonly products: readonly { readonly output: string; readonly first: number }[];
}

/** Nodes looked at before the search gives up: only products of two activations make it branch. */
const mostSteps = 500;

/**
 * Where in front of layers their division can go without anyone else noticing.
 * @param demands inputs of layers that take the factors into their weights, and the places (`placeOf`) at which these read them
 * @returns why not, as the end of “…, because”, where there is no such place
 */
export function findFold(
  graph: Graph,
  editor: GraphEditor,
  demands: readonly (Demand & { readonly reader: string })[],
): Fold | string {
  const wiring = wire(graph);
  const order = new Map(graph.nodes.flatMap(({ outputs }, at) => outputs.map((value) => [value, at] as const)));
  let steps = 0;

  const settle = (state: State): Fold | string => {
    if (++steps > mostSteps) return 'there are too many ways to the layers before it';
    const next = latest(state.open, order);
    if (next === undefined) return state;
    const { value } = next;
    const obstacle = whyShared(value, state);
    if (obstacle !== undefined) return obstacle;
    const node = wiring.producer(value)!;
    let reason = `factors do not pass through ${node.op} “${node.name}”`;
    for (const way of node.outputs[0] === value ? waysToDivide(editor, node, next) : []) {
      if (way.product && sharesWeight(wiring, node)) {
        reason = `the weights of “${node.name}” are those of other layers too`;
        continue;
      }
      const taken = takeWay(state, next, node, way);
      const found = taken === undefined ? reason : settle(taken);
      if (typeof found !== 'string') return found;
      reason = found;
    }
    return reason;
  };

  const whyShared = (value: string, { served }: State): string | undefined => {
    if (wiring.producer(value) === undefined) return `“${value}” is an input of the model`;
    if (wiring.isOutput(value)) return `“${value}” is an output of the model`;
    const other = wiring.consumers(value).find(({ node, index }) => !served.has(placeOf(node.name, index)));
    return other && `“${value}” is read by ${other.node.op} “${other.node.name}” as well`;
  };

  let start: State | undefined = { open: new Map(), served: new Set(), constants: [], products: [] };
  for (const demand of demands) start = start && withDemand(start, demand, demand.reader);
  return start === undefined ? 'its readers take the channels in different orders' : settle(start);
}

/** The place at which a node reads a value. */
export function placeOf(node: string, index: number): string {
  return `${index} ${node}`;
}

interface State extends Fold {
  /** Values that are still to be divided, by name. */
  readonly open: ReadonlyMap<string, Demand>;
  /** Places that reckon with the division of what they read. */
  readonly served: ReadonlySet<string>;
}

/** The state with one more demand; undefined where the value is to be divided in another way already. */
function withDemand(state: State, { value, axes, first }: Demand, place: string): State | undefined {
  const known = state.open.get(value);
  if (known !== undefined && (known.first !== first || known.axes.join() !== axes.join())) return undefined;
  return {
    ...state,
    open: new Map(state.open).set(value, { value, axes, first }),
    served: new Set(state.served).add(place),
  };
}

function takeWay(
  state: State,
  { value, first }: Demand,
  node: Graph['nodes'][number],
  way: ReturnType<typeof waysToDivide>[number],
): State | undefined {
  const open = new Map(state.open);
  open.delete(value);
  let next: State | undefined = {
    ...state,
    open,
    constants: [...state.constants, ...way.constants.map((constant) => ({ ...constant, output: value }))],
    products: way.product ? [...state.products, { output: value, first }] : state.products,
  };
  for (const { index, ...channels } of way.inputs)
    next = next && withDemand(next, { ...channels, value: node.inputs[index]! }, placeOf(node.name, index));
  return next;
}

/** Of the open values the one that is computed last: whoever reads it has been looked at by then. */
function latest(open: ReadonlyMap<string, Demand>, order: ReadonlyMap<string, number>): Demand | undefined {
  const at = ({ value }: Demand) => order.get(value) ?? -1;
  return [...open.values()].reduce<Demand | undefined>(
    (last, demand) => (last === undefined || at(demand) > at(last) ? demand : last),
    undefined,
  );
}

/** Divides what a fold names by the factors. */
export function applyFold(editor: GraphEditor, { constants, products }: Fold, factors: Float64Array): void {
  for (const { output, first } of products) {
    const product = asProduct(editor, editor.producer(output))!;
    const scale = Float64Array.from({ length: product.outputChannels }, (_, channel) => 1 / factors[first + channel]!);
    foldAfter(editor, product, { scale, shift: new Float64Array(scale.length) }, output, []);
  }
  for (const { output, index, rank, axes, first } of constants) {
    const node = editor.producer(output)!;
    const dims = editor.type(output)!.dims!;
    const sizes = rank === dims.length ? axes.map((axis) => dims[axis] as number) : undefined;
    const constant = editor.constant(node.inputs[index])!;
    const scaled = divided(constant, { axes, first }, sizes ?? constant.dims, rank, factors);
    const inputs = [...node.inputs];
    inputs[index] = editor.replaceInitializer(inputs[index]!, node, scaled);
    editor.replace(node, [{ ...node, inputs }]);
  }
}

/** A constant with its channels divided; one that is the same for several of them gets an element for each. */
function divided(
  constant: Tensor,
  { axes, first }: Channels,
  sizes: readonly number[],
  rank: number,
  factors: Float64Array,
): Tensor {
  const dims = [...new Array<number>(rank - constant.dims.length).fill(1), ...constant.dims];
  axes.forEach((axis, i) => {
    dims[axis] = sizes[i]!;
  });
  const strides = stridesOf(dims);
  const values = numbersOf(expandTo(constant, dims));
  const data = Float32Array.from(values, (value, at) => {
    const channel = axes.reduce(
      (index, axis) => index * dims[axis]! + (Math.floor(at / strides[axis]!) % dims[axis]!),
      0,
    );
    return value / factors[first + channel]!;
  });
  return float32Tensor(dims, data);
}
