import type { Tensor } from '../../tensor.ts';
import { numbersOf } from '../metrics.ts';

export type AgreementName = 'classes' | 'detections' | 'anchors' | 'pixels' | 'decisions';

/** An output of a model on one sample. */
export interface NamedOutput {
  readonly name: string;
  readonly values: ArrayLike<number>;
  readonly dims: readonly number[];
  /** Holds integers: what was decided, and not how sure. */
  readonly integer: boolean;
}

/** Gathers on how much of what a model decides another one decides alike; keeps counts, not samples. */
export interface Agreement {
  add(reference: readonly NamedOutput[], candidate: readonly NamedOutput[]): void;
  /** Undefined where nothing was decided. */
  share(): number | undefined;
}

/** A registry row: what agreement means for models whose outputs look like this. */
export interface AgreementKind {
  readonly name: AgreementName;
  /** What agrees, and how it is told, for reports: “Pixels 98 % alike (…)”. */
  readonly what: string;
  readonly how: string;
  /**
   * Undefined where it does not suit.
   * @param outputs of the reference on the first sample
   * @param inputs dims of the sample's inputs
   */
  begin(outputs: readonly NamedOutput[], inputs: readonly (readonly number[])[]): Agreement | undefined;
}

/** The outputs of a run that hold numbers, in the graph's order. */
export function namedOutputs(names: readonly string[], tensors: ReadonlyMap<string, Tensor>): NamedOutput[] {
  return names.flatMap((name) => {
    const tensor = tensors.get(name);
    const values = tensor && numbersOf(tensor);
    if (tensor === undefined || values === undefined) return [];
    return [{ name, values, dims: tensor.dims, integer: /int|bool/.test(tensor.dtype) }];
  });
}
