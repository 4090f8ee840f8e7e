import type { RecurrentActivation, Step, Workspace } from '../api.ts';
import { recurrentFunctions } from '../functions.ts';
import { type Builder, call, step } from './builder.ts';

type Args<M extends keyof Workspace> = Workspace[M] extends (args: infer A) => unknown ? A : never;

/** What an activated gate of one unit costs, in multiply-adds. */
const gateWork = 40;

function activation<N extends string>(name: N, { fn, alpha = 0, beta = 0 }: RecurrentActivation) {
  return { [`${name}Fn`]: recurrentFunctions.indexOf(fn), [`${name}Alpha`]: alpha, [`${name}Beta`]: beta } as {
    readonly [K in `${N}Fn` | `${N}Alpha` | `${N}Beta`]: number;
  };
}

const items = ({ batch, hidden }: { readonly batch: number; readonly hidden: number }) => batch * Math.ceil(hidden / 4);
const work = ({ batch, hidden }: { readonly batch: number; readonly hidden: number }) => batch * hidden * gateWork;

export function lstmCell(builder: Builder, args: Args<'lstmCell'>): Step {
  const { gates, previous = 0, cell, output, peepholes = 0, hidden, coupled, clip = Number.POSITIVE_INFINITY } = args;
  const [gate, candidate, out] = args.activations;
  const values = {
    ...{ gates, previous, cell, output, peepholes, hidden, coupled: coupled ? 1 : 0, clip },
    ...activation('gate', gate),
    ...activation('cell', candidate),
    ...activation('output', out),
  };
  return step('lstmCell', call(builder, 'lstmCellF32', values, items(args), 5 * work(args)));
}

export function gruCell(builder: Builder, args: Args<'gruCell'>): Step {
  const { inputs, recurrent, previous, output, hidden, clip = Number.POSITIVE_INFINITY } = args;
  const [gate, candidate] = args.activations;
  const values = {
    ...{ inputs, recurrent, previous, output, hidden, clip },
    ...activation('gate', gate),
    ...activation('cell', candidate),
  };
  return step('gruCell', call(builder, 'gruCellF32', values, items(args), 3 * work(args)));
}

export function gruGates(builder: Builder, args: Args<'gruGates'>): Step {
  const { gates, previous, update, kept, hidden, clip = Number.POSITIVE_INFINITY } = args;
  const values = { gates, previous, update, kept, hidden, clip, ...activation('gate', args.activation) };
  return step('gruGates', call(builder, 'gruGatesF32', values, items(args), 2 * work(args)));
}

export function rnnCell(builder: Builder, args: Args<'rnnCell'>): Step {
  const { sums, gru, output, hidden, clip = Number.POSITIVE_INFINITY } = args;
  const states = { update: gru?.update ?? 0, previous: gru?.previous ?? 0 };
  const values = { sums, ...states, output, hidden, clip, ...activation('cell', args.activation) };
  return step('rnnCell', call(builder, 'rnnCellF32', values, items(args), work(args)));
}
