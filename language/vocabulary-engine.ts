import { readers } from '../engine/data/registry.ts';
import { formatFamilies, formats } from '../engine/formats/registry.ts';
import { targets } from '../engine/hardware/registry.ts';
import { methods } from '../engine/methods/registry.ts';
import { observers } from '../engine/observers/registry.ts';
import { operators } from '../engine/operators/registry.ts';
import { passes } from '../engine/passes/index.ts';
import { criteria } from '../engine/pruning/registry.ts';
import { optimizers, schedules } from '../engine/training/recipe.ts';
import { qualifiedOperator } from './selectors/properties.ts';
import type { Vocabulary } from './vocabulary.ts';

let vocabulary: Vocabulary | undefined;

/** The words of the engine's registries as they stand. Kept apart from the language itself because it brings the registries' code along. */
export function engineVocabulary(): Vocabulary {
  vocabulary ??= {
    formats,
    families: formatFamilies,
    observers,
    methods,
    criteria,
    optimizers,
    schedules,
    passes: passes.map(({ name, summary }) => ({ name, description: summary })),
    targets,
    dataKinds: readers.map((reader) => ({ name: reader.kind, description: reader.summary })),
    operators: [...new Set(operators.map(qualifiedOperator))].sort(),
  };
  return vocabulary;
}
