import type { Call, Spec } from '../generated/ast.ts';
import { nodesOf } from '../grammar/walk.ts';
import type { CallableWord, Vocabulary } from '../vocabulary.ts';

export interface WrittenCall {
  readonly call: Call;
  readonly kind: 'observer' | 'method' | 'criterion' | 'optimizer' | 'schedule';
  readonly words: readonly CallableWord[];
}

/** Every name of a registry that takes arguments, with the registry that it is looked up in. */
export function* callsOf(ast: Spec, vocabulary: Vocabulary): Iterable<WrittenCall> {
  for (const { observers, methods } of nodesOf(ast, 'FormatWords')) {
    for (const call of observers) yield { call, kind: 'observer', words: vocabulary.observers };
    for (const call of methods) yield { call, kind: 'method', words: vocabulary.methods };
  }
  for (const { criterion } of nodesOf(ast, 'PruneCriterion')) {
    if (criterion) yield { call: criterion, kind: 'criterion', words: vocabulary.criteria };
  }
  for (const { call, kind } of nodesOf(ast, 'TrainCall')) {
    if (call) yield { call, kind, words: kind === 'optimizer' ? vocabulary.optimizers : vocabulary.schedules };
  }
}
