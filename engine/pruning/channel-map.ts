import { subgraphsOf, valuesCaptured } from '../graph/captures.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { describe } from '../operators/shared/attributes.ts';
import type { Dimension } from '../tensor.ts';
import { ChannelIds } from './channel-ids.ts';
import { rules } from './channel-rules.ts';

/** Where a value's channels lie, and which they are: position p of the axis belongs to channel `ids[p]`. */
export interface ChannelAxis {
  readonly axis: number;
  readonly ids: Int32Array;
}

/** A constant of a node that has an element, row, … for each channel: it loses those of channels that are cut. */
export interface Slice extends ChannelAxis {
  readonly input: number;
}

/** What a node does to the channels of what it reads. */
export interface NodeChannels {
  /**
   * `product`: computes new channels of all that it reads. `grouped`: channels of its own as well, each of the few that are cut
   * with it. `elementwise`: each channel by itself. `move`: the same channels in another place.
   */
  readonly kind: 'product' | 'grouped' | 'elementwise' | 'move';
  readonly output?: ChannelAxis;
  readonly slices: readonly Slice[];
  /** Input that states a shape, and where in it the number of channels stands. */
  readonly shape?: { readonly input: number; readonly at: number };
  /** Of `move`: what the output's positions are taken from, one behind the other; each by position, absent: all in order. */
  readonly moved?: readonly { readonly input: number; readonly from?: Int32Array; readonly length: number }[];
}

export interface ChannelMap {
  readonly ids: ChannelIds;
  readonly values: ReadonlyMap<string, ChannelAxis>;
  readonly nodes: ReadonlyMap<string, NodeChannels>;
}

/** What a rule sees of the graph. */
export interface RuleContext {
  readonly ids: ChannelIds;
  readonly opset: number;
  /** Channels of an input; undefined where they are not followed. */
  channels(input: number): ChannelAxis | undefined;
  dims(value: string | undefined): readonly Dimension[] | undefined;
  isConstant(value: string | undefined): boolean;
  /** Elements of a small constant of integers; undefined where it is none. */
  integers(value: string | undefined): readonly number[] | undefined;
}

/** Why channels have to stay, in a rule. */
export interface Stays {
  readonly stays: string;
}

/** How an operator treats channels. Only called where one of its inputs has channels that are followed, or it computes new ones. */
export type ChannelRule = (node: GraphNode, context: RuleContext) => NodeChannels | Stays;

/**
 * Follows the channels of convolutions and matrix products through a graph, after the dependency graph of Fang et al. 2023
 * (DepGraph), channel by channel: which of them stay or go together, and what is laid along them. Looks at shapes alone, except
 * for axes and the like; anything that is not understood pins what it reads.
 */
export function mapChannels(graph: Graph): ChannelMap {
  const ids = new ChannelIds();
  const values = new Map<string, ChannelAxis>();
  const nodes = new Map<string, NodeChannels>();
  const pin = (value: string, why: string) => {
    const channels = values.get(value);
    if (channels) ids.pin(channels.ids, why);
  };
  for (const node of graph.nodes) {
    for (const body of subgraphsOf(node)) {
      for (const value of valuesCaptured(body)) pin(value, `a body of ${describe(node)} reads them`);
    }
    const context: RuleContext = {
      ids,
      opset: graph.opsets.get(node.domain) ?? 1,
      channels: (input) => values.get(node.inputs[input] ?? ''),
      dims: (value) => (value ? (graph.initializers.get(value)?.dims ?? graph.types.get(value)?.dims) : undefined),
      isConstant: (value) => !!value && graph.initializers.has(value),
      integers: (value) => {
        const tensor = value ? graph.initializers.get(value) : undefined;
        return tensor?.dtype === 'int64' ? Array.from(tensor.data as BigInt64Array, Number) : undefined;
      },
    };
    const rule = node.domain === '' || node.domain === 'com.microsoft' ? rules.get(node.op) : undefined;
    const known = rule?.(node, context) ?? { stays: `${describe(node)} looks across channels` };
    if ('stays' in known || node.outputs.slice(1).some((output) => output !== '')) {
      const why = 'stays' in known ? known.stays : `${describe(node)} has a second output`;
      for (const value of node.inputs) pin(value, why);
      continue;
    }
    nodes.set(node.name, known);
    if (known.output) values.set(node.outputs[0]!, known.output);
  }
  for (const value of graph.outputs) pin(value, 'they are an output of the model');
  return { ids, values, nodes };
}
