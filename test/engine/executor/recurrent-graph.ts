import type { Attribute, Graph } from '../../../engine/graph/graph.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { float, GraphBuilder, int, randomNumbers, randomTensor, string } from './random-graph.ts';

/** One recurrent layer, in all the forms that the operators have. */
export interface RecurrentLayer {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  readonly seed: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly layout: 0 | 1;
  readonly steps: number;
  readonly batch: number;
  readonly size: number;
  readonly hidden: number;
  /** Which optional inputs there are: bias, initial hidden state, initial cell state, peepholes. */
  readonly given: readonly [boolean, boolean, boolean, boolean];
  /** Which outputs are wanted: Y, last hidden state, last cell state. */
  readonly wanted: readonly [boolean, boolean, boolean];
  readonly flag: boolean;
  readonly clip: number | undefined;
  readonly activations: readonly string[] | undefined;
  readonly lengths?: readonly number[];
}

export const gatesOf = { LSTM: 4, GRU: 3, RNN: 1 } as const;
const functionsOf = { LSTM: 3, GRU: 2, RNN: 1 } as const;

/** A graph of one layer, behind a Relu that makes its input a value of its own. */
export function recurrentGraph(layer: RecurrentLayer): Graph {
  const { op, seed, direction, layout, steps, batch, size, hidden, given, wanted, clip, flag } = layer;
  const random = randomNumbers(seed);
  const builder = new GraphBuilder(14);
  const directions = direction === 'bidirectional' ? 2 : 1;
  const rows = gatesOf[op] * hidden;
  const constant = (...dims: number[]) => builder.constant(randomTensor(dims, random));
  const x = builder.input('x', layout === 1 ? [batch, steps, size] : [steps, batch, size]);
  const state = (name: string) =>
    builder.input(name, layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden]);
  const inputs = [
    builder.node('LeakyRelu', [x]),
    constant(directions, rows, size),
    constant(directions, rows, hidden),
    given[0] ? constant(directions, 2 * rows) : '',
    layer.lengths ? builder.constant({ dtype: 'int32', dims: [batch], data: Int32Array.from(layer.lengths) }) : '',
    given[1] ? state('h') : '',
    ...(op === 'LSTM' ? [given[2] ? state('c') : '', given[3] ? constant(directions, 3 * hidden) : ''] : []),
  ];
  const names = Array.from(
    { length: functionsOf[op] * directions },
    (_, i) => layer.activations?.[i % layer.activations.length],
  );
  const attributes: Record<string, Attribute> = {
    hidden_size: int(hidden),
    direction: string(direction),
    layout: int(layout),
    ...(clip !== undefined && { clip: float(clip) }),
    ...(layer.activations && { activations: { kind: 'strings', value: names as string[] } }),
    ...(op === 'LSTM' && { input_forget: int(flag ? 1 : 0) }),
    ...(op === 'GRU' && { linear_before_reset: int(flag ? 1 : 0) }),
  };
  const outputs = (op === 'LSTM' ? ['y', 'yh', 'yc'] : ['y', 'yh']).map((name, i) => (wanted[i] ? name : ''));
  builder.nodes.push({ name: 'layer', op, domain: '', inputs, outputs, attributes });
  return builder.finish(outputs.filter((name) => name !== ''));
}

export function randomInputs(graph: Graph, seed: number): Map<string, Tensor> {
  const random = randomNumbers(seed);
  return new Map(graph.inputs.map((name) => [name, randomTensor(graph.types.get(name)!.dims as number[], random)]));
}
