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
}

const known = new WeakMap<RuleResolution, Held>();

/** Worked out once for all that ask; undefined without a model or a `quantize` block, and where a backend rounds where tensors are read. */
export function heldIn({ model, network, rules, definitions }: CheckedSpec): Held | undefined {
  if (!model || !network || !rules || !definitions.quantize) return undefined;
  // `codesOf` follows the placement of codes wherever a layer runs on them, and no other.
  if (backendNamed(backendOfBlock(definitions.quantize)?.name).placement.writes !== 'always') return undefined;
  const found = known.get(rules);
  if (found) return found;
  const flow = flowOf(model);
  const held = { flow, codes: codesOf(flow, rules), rules, network };
  known.set(rules, held);
  return held;
}
