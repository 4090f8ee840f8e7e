import { heldIn } from '../flow/held.ts';
import { limitedLayers } from '../flow/limited.ts';
import { find } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { combination } from './remarks.ts';

/** Formats that a target runs one by one, and not together or not in this scheme. */
export const formatsMustGoTogetherOnTarget: Check = {
  code: 'target/combination',
  severity: 'error',
  mayBeLowered: true,
  section: 'targets',
  what: 'Weights and activations in formats that the target runs, but not together, not in this scheme or not in this operator.',
  why: 'The target has no kernel for it.',
  fix: 'The finding says what the kernels take.',
  example: 'target cortex-m7\ndata calibration npz "c.npz"\nquantize { weights int8 affine activations int8 }',
  needs: 'model',
  *remarks(spec) {
    const held = heldIn(spec);
    if (!held) return;
    for (const { name } of spec.definitions.targets) {
      const target = find(spec.vocabulary.targets, name?.text);
      if (!target?.limits) continue;
      for (const limited of limitedLayers(held, target.limits)) {
        yield combination(limited, `${target.name} has no kernel for`);
      }
    }
  },
};
