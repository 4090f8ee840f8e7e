import type { Placement } from '../../engine/backends/backend.ts';
import { backendNamed } from '../../engine/backends/registry.ts';
import type { CheckedSpec } from '../context.ts';
import { backendOfBlock } from '../resolve/backend.ts';
import type { RuleResolution } from '../resolve/rules.ts';
import type { Network } from '../selectors/network.ts';
import { type Codes, codesOf } from './codes.ts';
import { type Flow, flowOf } from './flow.ts';

/** How a spec holds the tensors of its model. */
export interface Held {
  readonly flow: Flow;
  readonly codes: Codes;
  readonly rules: RuleResolution;
  readonly network: Network;
  readonly placement: Placement;
}

const known = new WeakMap<RuleResolution, Held>();

/** Worked out once for all that ask; undefined without a model or a `quantize` block. */
export function heldIn({ model, network, rules, definitions }: CheckedSpec): Held | undefined {
  if (!model || !network || !rules || !definitions.quantize) return undefined;
  const found = known.get(rules);
  if (found) return found;
  const { placement } = backendNamed(backendOfBlock(definitions.quantize)?.name);
  const flow = flowOf(model);
  const held = { flow, codes: codesOf(flow, rules, placement), rules, network, placement };
  known.set(rules, held);
  return held;
}
