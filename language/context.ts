import type { ModelSummary } from '../engine/graph/summary.ts';
import type { HostPath } from '../engine/host.ts';
import type { Measurements } from '../engine/measurements/measurements.ts';
import type { Severities } from './checks/severities.ts';
import type { Spec, Text } from './generated/ast.ts';
import type { LoadedSpec } from './grammar/load.ts';
import { importedFrom } from './grammar/ranges.ts';
import { textValue } from './grammar/text.ts';
import { type Definitions, definitionsOf } from './resolve/definitions.ts';
import { networkWithAdded } from './resolve/foreseen.ts';
import type { LayerFields, RuleOutcome } from './resolve/layer-fields.ts';
import { type PruneField, resolvePrune } from './resolve/prune.ts';
import { type RuleResolution, resolveRules } from './resolve/rules.ts';
import { resolveTrain, type TrainField } from './resolve/train.ts';
import { type Network, networkOf } from './selectors/network.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What is known about a spec's surroundings. Whatever is absent is not judged. */
export interface SpecContext {
  readonly vocabulary: Vocabulary;
  /** Path arithmetic of the machine. */
  readonly path: Pick<HostPath, 'resolve' | 'dirname' | 'relative' | 'isAbsolute'>;
  /** The model that the spec names; absent while it is unknown, unreadable or still loading. */
  readonly model?: ModelSummary | undefined;
  /** What was measured of the model under the spec without the rules that ask for it; absent: rules that do are pending. */
  readonly measurements?: Measurements | undefined;
  /** What is at an absolute path (or glob); undefined where nobody has looked. */
  readonly fileAt?: (path: string) => FileKnowledge | undefined;
  /** Folders besides the spec's own in which exports may be written (`--out`). */
  readonly outputFolders?: readonly string[] | undefined;
  /** What findings are to be where a person wants them otherwise than they are. */
  readonly severities?: Severities | undefined;
}

export interface FileKnowledge {
  readonly exists: boolean;
  readonly isFolder?: boolean;
  /** It may not be looked at; whether it exists is then not known. */
  readonly outside?: boolean;
  /** Of data: how many samples there are before `skip` and `take`. */
  readonly samples?: number;
}

/** A spec in its surroundings, with what several checks need computed once. */
export interface CheckedSpec extends SpecContext {
  readonly spec: LoadedSpec;
  readonly ast: Spec;
  readonly definitions: Definitions;
  readonly network: Network | undefined;
  /** Of the model's layers, and those that pruning adds. Undefined without a model, as the rules. */
  readonly rules: RuleResolution | undefined;
  readonly prune: LayerFields<PruneField> | undefined;
  readonly train: LayerFields<TrainField> | undefined;
  /** Those of the three that there are: what is judged of every rule, whatever its block. */
  readonly outcomes: readonly RuleOutcome[];
  /** What a path means, starting from the folder of the file that it stands in. */
  absolute(path: Text): string;
}

export function examine(spec: LoadedSpec, context: SpecContext): CheckedSpec {
  const definitions = definitionsOf(spec);
  // The layers that rules speak of are those that will be compressed.
  const float = definitions.quantized === 'requantize' ? context.model?.quantized?.float : undefined;
  const model = float ? { ...float, quantized: context.model!.quantized! } : context.model;
  const file = model && networkOf(model, context.measurements);
  const folder = context.path.dirname(spec.path);
  const prune = file && definitions.prune && resolvePrune(definitions.prune.items, file, context.vocabulary);
  const train = file && definitions.train && resolveTrain(definitions.train.items, file);
  const { vocabulary } = context;
  const network = networkWithAdded({ model, network: file, prune, definitions, vocabulary });
  const rules = network && resolveRules(definitions.quantize, network, definitions.formats, vocabulary);
  return {
    ...context,
    ...(model && { model }),
    spec,
    ast: spec.ast,
    definitions,
    network,
    ...{ rules, prune, train, outcomes: [prune, rules, train].filter((outcome) => outcome !== undefined) },
    absolute(text) {
      const file = importedFrom(text);
      return context.path.resolve(file === undefined ? folder : context.path.dirname(file), textValue(text));
    },
  };
}
