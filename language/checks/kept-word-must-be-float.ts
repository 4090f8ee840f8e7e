import type { Word } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { dense } from '../resolve/prune.ts';
import { frozen } from '../resolve/train.ts';
import { float } from '../vocabulary.ts';
import type { Check, Remark } from './check.ts';

export const keptWordMustBeFloat: Check = {
  code: 'rule/keep',
  severity: 'error',
  section: 'rules',
  what: 'Layers are kept `float`, in `prune` `dense`, in `train` `frozen`, and nothing else.',
  why: 'A format needs the role that it is for, and so has everything else a word of its own.',
  fix: 'Write `keep float`, or `{ weights int8 }`.',
  example: 'quantize { layers first keep int8 }',
  *remarks({ ast }) {
    const quantize = [...nodesOf(ast, 'LayersRule'), ...nodesOf(ast, 'LayerRule')];
    const prune = [...nodesOf(ast, 'PruneLayersRule'), ...nodesOf(ast, 'PruneLayerRule')];
    const train = [...nodesOf(ast, 'TrainLayersRule'), ...nodesOf(ast, 'TrainLayerRule')];
    yield* judge(quantize, float, (word) => `give formats in braces: \`{ weights ${word} }\``);
    yield* judge(prune, dense, () => 'say in braces what goes: `{ sparsity 50 % }`');
    yield* judge(train, frozen, () => 'say in braces how they are trained: `{ rate 1e-5 }`');
  },
};

function* judge(
  rules: readonly { readonly keep?: Word }[],
  wanted: string,
  instead: (word: string) => string,
): Iterable<Remark> {
  for (const { keep } of rules) {
    if (!keep || keep.text === wanted) continue;
    yield {
      what: `Layers can be kept ${wanted} here, not \`${keep.text}\`.`,
      fix: `Write \`keep ${wanted}\`, or ${instead(keep.text)}.`,
      range: rangeOf(keep),
      replacement: wanted,
    };
  }
}
