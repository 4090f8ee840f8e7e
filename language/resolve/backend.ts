import type { Backend, Quantizer } from '../../engine/backends/backend.ts';
import { backends } from '../../engine/backends/registry.ts';
import type { BackendStatement } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import type { Quantize } from './definitions.ts';
import type { Fields } from './fields.ts';

/** What a backend says of weights, and of inputs and outputs alike. */
export interface BackendFields {
  readonly weights: Fields;
  readonly activations: Fields;
}

export function backendOf({ name }: BackendStatement): Backend | undefined {
  return backends.find((known) => known.name === name?.text);
}

/** The backend whose placement holds: the last that the block names. */
export function backendOfBlock({ items }: Quantize): Backend | undefined {
  const statement = items.filter((item) => item.$type === 'BackendStatement').at(-1);
  return statement && backendOf(statement);
}

/** As if the block stated the backend's formats itself; the word that names it decides them. */
export function fieldsOfBackend(statement: BackendStatement): BackendFields {
  const backend = backendOf(statement);
  if (!backend) return { weights: {}, activations: {} };
  const range = rangeOf(statement);
  const fields = (quantizer: Quantizer): Fields =>
    Object.fromEntries(Object.entries(quantizer).map(([field, value]) => [field, { value, range }]));
  return { weights: fields(backend.weights), activations: fields(backend.activations) };
}
