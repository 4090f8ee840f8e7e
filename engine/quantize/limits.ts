import { type Container, contained, containerBeside } from '../formats/carrier.ts';
import { findFormat } from '../formats/registry.ts';
import type { DataType } from '../tensor.ts';

/**
 * A combination of formats that some runtime does not compute with in integers: one row of the table of an export style or of
 * a target. What a row leaves out it does not ask for; of several that fit the first counts.
 */
export interface Limit {
  /** Operator types. */
  readonly operators?: readonly string[];
  /** ONNX element types that hold the codes (`NumberFormat.dtype`). */
  readonly weights?: readonly DataType[];
  readonly activations?: readonly DataType[];
  readonly weightScheme?: 'affine' | 'symmetric';
  readonly activationScheme?: 'affine' | 'symmetric';
  /** The side whose format is to be another one. */
  readonly blames: 'weights' | 'activations';
  /** `refused`: the runtime does not load the model, or has no such kernel; `float`: it computes the layer in float. */
  readonly outcome: 'refused' | 'float';
  /** Whole sentences, for a finding. */
  readonly why: string;
  readonly fix: string;
}

/** What a layer that runs on codes is made of, by the names of its formats. */
export interface LayerFormats {
  readonly op: string;
  /** Absent for a layer without weights. */
  readonly weights?: { readonly format: string; readonly scheme: string };
  readonly activations: { readonly format: string; readonly scheme: string };
}

/** The first limit that a layer meets; `container`: how codes of fewer than 8 bits are written. */
export function limitOf(
  limits: readonly Limit[],
  { op, weights, activations }: LayerFormats,
  container?: Container,
): Limit | undefined {
  const [own, read] = [weights && findFormat(weights.format), findFormat(activations.format)];
  const weightType = own && contained(own, read ? containerBeside(read, container) : container, 'weights').dtype;
  const activationType = read && contained(read, container, 'activations').dtype;
  const fits = <T>(asked: readonly T[] | undefined, own: T | undefined) =>
    asked === undefined || (own !== undefined && asked.includes(own));
  return limits.find(
    (limit) =>
      fits(limit.operators, op) &&
      fits(limit.weights, weightType) &&
      fits(limit.activations, activationType) &&
      fits(limit.weightScheme && [limit.weightScheme as string], weights?.scheme) &&
      fits(limit.activationScheme && [limit.activationScheme as string], activations.scheme),
  );
}
