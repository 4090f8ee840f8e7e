import type { Address, Call, PackedMatrix, Step, Workspace } from '../../../kernels/api.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type ActivationChoice, activationChoices, directionsOf } from '../../operators/recurrent/cell.ts';
import { floatAttribute, intAttribute } from '../../operators/shared/attributes.ts';
import { elementCount } from '../../tensor.ts';
import type { Declined, Lower, Lowering, Operand, Packed } from '../lowering.ts';
import { pitchOf } from '../operand.ts';
import { type Order, plainOrder } from '../order.ts';

const floatBytes = 4;

/** Gates, or parts of them, that enter one matrix product. */
interface Rows {
  readonly first: number;
  readonly count: number;
}

/** One direction of a layer, its weights packed. */
interface Weights {
  /** Inputs to the sums of all gates, with every bias that can be added there. */
  readonly input: Packed<PackedMatrix>;
  /** Hidden state to sums; one matrix for each of the cell's products. */
  readonly recurrent: readonly Packed<PackedMatrix>[];
  readonly activations: readonly ActivationChoice[];
  readonly peepholes: Operand | undefined;
}

/** Where the parts of one step lie. */
interface StepPlaces {
  readonly workspace: Workspace;
  readonly weights: Weights;
  readonly batch: number;
  readonly hidden: number;
  readonly clip: number | undefined;
  /** [batch, gates · hidden]: the inputs' part of the sums. */
  readonly inputs: Address;
  /** Hidden state before and after; absent before the first step where the model gives none. */
  readonly before: Address | undefined;
  readonly after: Address;
  /** [batch, hidden] before and after, for cells that have one. */
  readonly cellBefore: Address | undefined;
  readonly cell: Address;
  readonly peepholes: Address | undefined;
  /** Room for [batch, gates · hidden] and two of [batch, hidden]. */
  readonly scratch: Address;
}

/** What distinguishes LSTM, GRU and RNN. */
interface Cell {
  readonly gates: number;
  readonly activations: readonly string[];
  /** The products of the hidden state, by rows of R. */
  products(node: GraphNode): readonly Rows[];
  /** Gates whose recurrent bias cannot be added to the inputs' part. */
  separateBias(node: GraphNode): number | undefined;
  step(node: GraphNode, places: StepPlaces): Step[];
}

/** sums = product of the hidden state + the inputs' part, or that part alone at the beginning. */
function addRecurrent(places: StepPlaces, matrix: PackedMatrix, part: Rows, state: Address | undefined): Step[] {
  const { workspace, batch, hidden, inputs, scratch, weights } = places;
  if (state === undefined) return [];
  return [
    workspace.gemm({
      m: batch,
      a: state,
      b: matrix,
      output: scratch,
      residual: inputs + part.first * hidden * floatBytes,
      residualStride: weights.input.value.n,
    }),
  ];
}

const lstm: Cell = {
  gates: 4,
  activations: ['sigmoid', 'tanh', 'tanh'],
  products: () => [{ first: 0, count: 4 }],
  separateBias: () => undefined,
  step(node, places) {
    const { workspace, weights, batch, hidden, clip, inputs, before, after, cellBefore, cell, scratch } = places;
    const { peepholes } = places;
    const [gate, candidate, output] = weights.activations as [ActivationChoice, ActivationChoice, ActivationChoice];
    const [matrix] = weights.recurrent;
    return [
      ...addRecurrent(places, matrix!.get(), { first: 0, count: 4 }, before),
      workspace.lstmCell({
        ...{ batch, hidden, clip, cell, output: after, previous: cellBefore },
        gates: before === undefined ? inputs : scratch,
        coupled: intAttribute(node, 'input_forget', 0) !== 0,
        activations: [gate, candidate, output],
        peepholes,
      }),
    ];
  },
};

const isResetAfter = (node: GraphNode) => intAttribute(node, 'linear_before_reset', 0) !== 0;

const gru: Cell = {
  gates: 3,
  activations: ['sigmoid', 'tanh'],
  products: (node) =>
    isResetAfter(node)
      ? [{ first: 0, count: 3 }]
      : [
          { first: 0, count: 2 },
          { first: 2, count: 1 },
        ],
  separateBias: (node) => (isResetAfter(node) ? 2 : undefined),
  step(node, places) {
    const { workspace, weights, batch, hidden, clip, inputs, before, after, scratch } = places;
    const [gate, candidate] = weights.activations as [ActivationChoice, ActivationChoice];
    const [first, second] = weights.recurrent;
    const cell = { batch, hidden, clip };
    if (isResetAfter(node)) {
      return [
        workspace.gemm({ m: batch, a: before!, b: first!.get(), output: scratch }),
        workspace.gruCell({
          ...cell,
          ...{ inputs, recurrent: scratch, previous: before!, output: after, activations: [gate, candidate] },
        }),
      ];
    }
    const update = scratch + 3 * batch * hidden * floatBytes;
    const kept = update + batch * hidden * floatBytes;
    return [
      ...addRecurrent(places, first!.get(), { first: 0, count: 2 }, before),
      workspace.gruGates({ ...cell, gates: scratch, previous: before!, update, kept, activation: gate }),
      ...addRecurrent(places, second!.get(), { first: 2, count: 1 }, kept),
      workspace.rnnCell({
        ...cell,
        ...{ sums: scratch, gru: { update, previous: before! }, output: after, activation: candidate },
      }),
    ];
  },
};

const rnn: Cell = {
  gates: 1,
  activations: ['tanh'],
  products: () => [{ first: 0, count: 1 }],
  separateBias: () => undefined,
  step(_node, places) {
    const { workspace, weights, batch, hidden, clip, inputs, before, after, scratch } = places;
    const sums = before === undefined ? inputs : scratch;
    return [
      ...addRecurrent(places, weights.recurrent[0]!.get(), { first: 0, count: 1 }, before),
      workspace.rnnCell({ batch, hidden, clip, sums, output: after, activation: weights.activations[0]! }),
    ];
  },
};

export const lowerLstm: Lower = (node, lowering) => lowerRecurrent(node, lowering, lstm);
export const lowerGru: Lower = (node, lowering) => lowerRecurrent(node, lowering, gru);
export const lowerRnn: Lower = (node, lowering) => lowerRecurrent(node, lowering, rnn);

/**
 * One product for the inputs of all steps, then step by step the product of the hidden state and the cell's kernel. Steps are the
 * slowest axis in memory whatever `layout` says; a hidden state is written where it belongs in Y and read from there.
 */
function lowerRecurrent(node: GraphNode, lowering: Lowering, cell: Cell): Declined {
  const [x, w, r, b, lengths, h0, c0, p] = node.inputs as [string, string, string, ...(string | undefined)[]];
  const { dtype, dims } = lowering.type(x);
  if (dtype !== 'float32') return `no kernel for ${dtype}`;
  const given = [w, r, b, p].map((name) => (name ? (lowering.constant(name)?.data as Float32Array) : null));
  if (given.includes(undefined as never)) return 'the weights are only known while running';
  const [input, recurrent, bias, peepholes] = given as [Float32Array, Float32Array, ...(Float32Array | null)[]];
  const batchFirst = intAttribute(node, 'layout', 0) === 1;
  const [steps, batch] = batchFirst ? [dims[1]!, dims[0]!] : [dims[0]!, dims[1]!];
  if (lengths && !sameLengths(lowering, lengths, steps)) return 'no kernel for sequences of different lengths';
  const size = dims[2]!;
  const hidden = lowering.type(r).dims[2]!;
  const rows = cell.gates * hidden;
  const ways = directionsOf(node);
  const limit = floatAttribute(node, 'clip', 0);
  const separate = cell.separateBias(node);
  const weights = activationChoices(node, cell.activations).map((activations, d): Weights => {
    const part = (values: Float32Array, each: number, first = 0, count = each) =>
      values.subarray(d * each + first, d * each + first + count);
    const inputBias = bias && part(bias, 2 * rows, 0, rows);
    const recurrentBias = bias && part(bias, 2 * rows, rows, rows);
    const isSeparate = (row: number) => Math.floor(row / hidden) === separate;
    const pack = (values: Float32Array, k: number, n: number, addend: Float32Array | undefined) =>
      lowering.pack((workspace) => workspace.packMatrix({ k, n, values, transposed: true, bias: addend }));
    return {
      activations,
      input: pack(
        part(input, rows * size),
        size,
        rows,
        inputBias?.map((value, row) => (isSeparate(row) ? value : value + recurrentBias![row]!)),
      ),
      recurrent: cell.products(node).map(({ first, count }) => {
        const start = first * hidden;
        const values = part(recurrent, rows * hidden, start * hidden, count * hidden * hidden);
        const addend = separate === undefined ? undefined : recurrentBias;
        return pack(
          values,
          hidden,
          count * hidden,
          addend?.subarray(start, start + count * hidden).map((value, row) => (isSeparate(start + row) ? value : 0)),
        );
      }),
      peepholes: peepholes ? lowering.data(part(peepholes, 3 * hidden).slice()) : undefined,
    };
  });

  const sequence = lowering.input(x, batchFirst ? [1, 0, 2] : plainOrder(3), { pitched: true });
  const stateOrder: Order = batchFirst ? [1, 0, 2] : plainOrder(3);
  const state = (name: string | undefined) => (name ? lowering.input(name, stateOrder) : undefined);
  const count = batch * hidden;
  const hasHidden = state(h0) ?? (cell === gru ? lowering.data(new Float32Array(ways.length * count)) : undefined);
  const hasCell = cell === lstm ? state(c0) : undefined;
  const wants = (index: number) => (node.outputs[index] ?? '') !== '';
  const all = ways.length * steps * count * floatBytes;
  const y = wants(0) ? lowering.output(0, batchFirst ? [1, 2, 0, 3] : plainOrder(4)) : lowering.scratch(all);
  // The last hidden state of a layer of one direction lies in Y already.
  const isLastOfY = wants(1) && wants(0) && ways.length === 1;
  const lastStep = ways[0] === 'forward' ? steps - 1 : 0;
  if (isLastOfY) {
    const strides = batchFirst ? [hidden, hidden, 1] : [count, hidden, 1];
    lowering.alias(1, y, stateOrder, { offset: lastStep * count * floatBytes, strides });
  }
  const last = wants(1) && !isLastOfY ? lowering.output(1, stateOrder) : undefined;
  const cells =
    cell !== lstm
      ? undefined
      : wants(2)
        ? lowering.output(2, stateOrder)
        : lowering.scratch(ways.length * count * floatBytes);
  const sums = lowering.scratch(steps * batch * rows * floatBytes);
  const scratch = lowering.scratch((batch * rows + 2 * count) * floatBytes);
  const present = (...operands: readonly (Operand | undefined)[]) =>
    operands.filter((operand) => operand !== undefined);
  lowering.emit({
    kernel: node.op.toLowerCase(),
    reads: present(sequence, hasHidden, hasCell, ...weights.map((own) => own.peepholes)),
    writes: present(y, last, cells, sums, scratch),
    build(workspace, at) {
      const made: Step[] = [];
      for (const [d, way] of ways.entries()) {
        const own = weights[d]!;
        made.push(
          workspace.gemm({
            m: steps * batch,
            a: at(sequence),
            aStride: pitchOf(sequence)!,
            b: own.input.get(),
            output: at(sums),
          }),
        );
        const place = (operand: Operand | undefined) => operand && at(operand) + d * count * floatBytes;
        let before = place(hasHidden);
        let cellBefore = place(hasCell);
        for (let i = 0; i < steps; i++) {
          const t = way === 'forward' ? i : steps - 1 - i;
          const after = at(y) + (t * ways.length + d) * count * floatBytes;
          made.push(
            ...cell.step(node, {
              ...{ workspace, weights: own, batch, hidden, before, after, cellBefore },
              clip: limit > 0 ? limit : undefined,
              inputs: at(sums) + t * batch * rows * floatBytes,
              cell: place(cells) ?? 0,
              peepholes: own.peepholes && at(own.peepholes),
              scratch: at(scratch),
            }),
          );
          before = after;
          cellBefore = place(cells);
        }
        const dense = { dims: [count], inputStrides: [1], outputStrides: [1], elementBytes: 4 } as const;
        if (last) made.push(workspace.copy({ input: before!, output: place(last)!, ...dense }));
      }
      return { name: node.op.toLowerCase(), calls: made.flatMap((step): readonly Call[] => step.calls) };
    },
  });
  return undefined;
}

/** Whether all sequences are known to have all steps. */
function sameLengths(lowering: Lowering, name: string, steps: number): boolean {
  const tensor = lowering.constant(name);
  return (
    tensor !== undefined &&
    elementCount(tensor.dims) > 0 &&
    Array.from(tensor.data as Int32Array, Number).every((n) => n === steps)
  );
}
