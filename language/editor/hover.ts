import type { AstNode } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';
import type { LayerSummary } from '../../engine/graph/summary.ts';
import type { Choice } from '../../engine/plan.ts';
import { amount, bytes, decibels, duration } from '../../engine/report/quantities.ts';
import { recipeNumbers } from '../../engine/training/recipe.ts';
import type { CheckedSpec } from '../context.ts';
import type { BlockRange, DataStatement, FormatStatement } from '../generated/ast.ts';
import { importedFrom } from '../grammar/ranges.ts';
import { type AnyRule, isRule } from '../grammar/rules.ts';
import { textValue } from '../grammar/text.ts';
import { budgetKinds, expectationKinds } from '../quantities/measured.ts';
import { findUnit } from '../quantities/units.ts';
import { valueText } from '../resolve/fields.ts';
import { amountText, prunePlanOf } from '../resolve/prune.ts';
import { blockNumber } from '../selectors/network.ts';
import { findProperty, qualifiedOperator } from '../selectors/properties.ts';
import { findRole } from '../selectors/roles.ts';
import { blocksNamed, isPending } from '../selectors/select.ts';
import { find, float, type VocabularyWord } from '../vocabulary.ts';
import { blockText } from './blocks.ts';
import type { LayersCost } from './cost.ts';
import { documentationAbove } from './documentation.ts';
import { plain } from './markdown.ts';
import { type Planned, plannedOf } from './planned.ts';
import { placeAt } from './position.ts';
import { documentationOf } from './words.ts';

/** Markdown that is safe to show (never trusted), and the word it is about. */
export interface Hover {
  readonly markdown: string;
  readonly range: TextRange;
}

/** What a person wants to know of the word under the pointer. */
export function hoverAt(spec: CheckedSpec, position: TextPosition): Hover | undefined {
  const place = placeAt(spec.spec, position);
  if (!place) return undefined;
  const markdown = describe(place.node, place.word, spec);
  return markdown === undefined ? undefined : { markdown, range: place.range };
}

function describe(node: AstNode, word: string, spec: CheckedSpec): string | undefined {
  const container = node.$container;
  if (node.$type === 'Text' && ((container && isRule(container)) || container?.$type === 'NameSelector')) {
    const layer = spec.model?.layers.find((candidate) => candidate.name === textValue(node as { raw?: string }));
    if (layer) return layerText(layer, spec);
  }
  if (isRule(node) && (word === 'layers' || word === 'layer')) {
    return ruleText(node, spec);
  }
  if (node.$type === 'BlockRange') return blockRangeText(node as BlockRange, spec);
  return wordText(node, word, spec);
}

/** Of the block that a number means, and of the last one of a range, the layers. */
function blockRangeText(range: BlockRange, { network }: CheckedSpec): string | undefined {
  if (!network) return undefined;
  const { from, to } = blocksNamed(range);
  const lines = (to > from ? [from, to] : [from]).flatMap((number) => {
    const layers = network.blocks[number - 1];
    return layers ? [`**Block ${number} of ${network.blocks.length}** ${plain(blockText(layers, network))}`] : [];
  });
  return lines.length > 0 ? lines.join('\n\n') : undefined;
}

function wordText(node: AstNode, word: string, spec: CheckedSpec): string | undefined {
  const { vocabulary } = spec;
  switch (node.$type === 'Word' || node.$type === 'Name' ? node.$container?.$type : node.$type) {
    case 'FormatWords':
    case 'SearchChoice': {
      const format = find(vocabulary.formats, word);
      if (format) return `**${plain(word)}** ${plain(format.description)}`;
      if (word === float) return '**float** Not quantised.';
      const own = spec.definitions.formats.get(word);
      return own ? formatText(own, spec) : documentationOf(word);
    }
    case 'FormatStatement':
      return node.$type === 'Name' ? formatText(node.$container as FormatStatement, spec) : documentationOf(word);
    case 'Call':
      return registered(word, [
        ...[...vocabulary.observers, ...vocabulary.methods, ...vocabulary.criteria],
        ...[...vocabulary.optimizers, ...vocabulary.schedules],
      ]);
    case 'PassesStatement':
      return registered(word, vocabulary.passes) ?? documentationOf(word);
    case 'TrainWord':
      return registered(word, recipeNumbers) ?? documentationOf(word);
    case 'TrainData': {
      const own = node.$type === 'Name' ? spec.definitions.dataByName.get(word) : undefined;
      return own ? dataText(own, spec) : documentationOf(word);
    }
    case 'TargetStatement':
      return node.$type === 'Name' ? registered(word, vocabulary.targets) : documentationOf(word);
    case 'DataStatement': {
      const own = node.$type === 'Name' ? spec.definitions.dataByName.get(word) : undefined;
      if (own) return dataText(own, spec);
      return registered(word, vocabulary.dataKinds) ?? documentationOf(word);
    }
    case 'RoleSelector':
      return described(word, findRole(word)) ?? documentationOf(word);
    case 'Property':
    case 'Test':
      return described(word, findProperty(word)) ?? documentationOf(word);
    case 'Unit': {
      const unit = findUnit(word);
      return unit && `**${plain(word)}** ${plain(unit.description)}`;
    }
    case 'Budget':
      return (
        described(
          word,
          budgetKinds.find((kind) => kind.name === word),
        ) ?? documentationOf(word)
      );
    case 'ExpectStatement':
      return (
        described(
          word,
          expectationKinds.find((kind) => kind.name === word),
        ) ?? documentationOf(word)
      );
    default:
      return documentationOf(word);
  }
}

/** A format of the spec: what it is made of, what its author says of it, and where it is imported from. */
function formatText(statement: FormatStatement, spec: CheckedSpec): string {
  const made = plain(statement.format?.$cstNode?.text ?? '');
  return withRemarks(`**${plain(statement.name?.text ?? '')}** \\= ${made}`, statement, spec);
}

function dataText(statement: DataStatement, spec: CheckedSpec): string {
  const where = `${statement.kind?.text ?? ''} ${textValue(statement.path)}`;
  return withRemarks(`**${plain(statement.name?.text ?? '')}** ${plain(where)}`, statement, spec);
}

function withRemarks(head: string, statement: AstNode, spec: CheckedSpec): string {
  const said = documentationAbove(spec.spec, statement);
  const file = importedFrom(statement);
  return [
    head,
    ...(said === undefined
      ? []
      : [
          said
            .split('\n')
            .map((line) => plain(line))
            .join('\n'),
        ]),
    ...(file === undefined ? [] : [`From ${plain(spec.path.relative(spec.path.dirname(spec.spec.path), file))}.`]),
  ].join('\n\n');
}

function registered(word: string, words: readonly VocabularyWord[]): string | undefined {
  return described(word, find(words, word));
}

function described(word: string, entry: { readonly description: string } | undefined): string | undefined {
  return entry && `**${plain(word)}** ${plain(entry.description, 600)}`;
}

/** Layers matched, and what they cost before and after all rules have had their say. */
function ruleText(rule: AnyRule, spec: CheckedSpec): string | undefined {
  const outcome = spec.outcomes.find(({ matches }) => matches.some((match) => match.rule === rule));
  const match = outcome?.matches.find((candidate) => candidate.rule === rule);
  if (!outcome || !match || !spec.model) return documentationOf('layers');
  if (isPending(rule, spec.network!)) return withRemarks('**not measured**', rule, spec);
  const { layers } = match;
  const names = [...layers].slice(0, 8).map((index) => plain(spec.model!.layers[index]!.name, 80));
  const lines = [
    withRemarks(
      `**${layers.size} ${layers.size === 1 ? 'layer' : 'layers'}**${rule.$container.$type === 'QuantizeBlock' ? costText(spec, layers) : ''}`,
      rule,
      spec,
    ),
  ];
  if (names.length > 0) lines.push(`${names.join(', ')}${layers.size > names.length ? ', …' : ''}`);
  const held = new Set(
    outcome.lockedOut
      .filter((met) => met.statement === rule || met.statement.$container === rule)
      .map((met) => met.layer),
  );
  if (held.size > 0) lines.push(`Locks hold it off ${held.size} of them.`);
  return lines.join('\n\n');
}

function costText(spec: CheckedSpec, layers: ReadonlySet<number>): string {
  const planned = layers.size > 0 ? plannedOf(spec) : undefined;
  if (!planned) return '';
  const cost = planned.costOf(layers);
  return ` · ${amount(cost.parameters)} parameters · ${amount(cost.macs)} MACs · ${bytes(cost.bytesBefore)} → ${bytes(cost.bytesAfter)}${timeText(cost, planned)}`;
}

function timeText({ timeBefore, timeAfter }: LayersCost, { target }: Planned): string {
  if (timeBefore === undefined || timeAfter === undefined) return '';
  return ` · ${duration(timeBefore)} → ${duration(timeAfter)} on ${plain(target.title)}`;
}

/** A layer's row, and for each role what was decided and where. */
function layerText(layer: LayerSummary, spec: CheckedSpec): string {
  const shape = (sides: LayerSummary['outputs'][number]['shape'] | undefined) =>
    plain(sides ? `[${sides.map((side) => side ?? '?').join(', ')}]` : '?');
  const block = spec.network && blockNumber(layer.position.index, spec.network);
  const lines = [
    `**${plain(layer.name)}** ${plain(qualifiedOperator(layer))} ${shape(layer.inputs[0]?.shape)} → ${shape(layer.outputs[0]?.shape)}`,
    `${amount(layer.parameters)} parameters · ${amount(layer.macs)} MACs · ${bytes(layer.weightBytes + layer.biasBytes)}${block === undefined ? '' : ` · block ${block}`}${sensitivityText(layer, spec)}`,
  ];
  const pruned = spec.prune && prunePlanOf(spec.prune, spec.network!, spec.vocabulary).nodes[layer.name];
  if (pruned) lines.push(`Pruned: ${plain(`${amountText(pruned.amount)} by ${valueText(pruned.criterion)}`)}`);
  const roles = plannedOf(spec)?.plan.nodes[layer.name];
  if (roles)
    lines.push(
      Object.entries(roles)
        .map(([role, choice]) => choiceText(role, choice))
        .join('\n'),
    );
  else if (layer.quantization === null) lines.push('Stays float: QSpec has no integer form of this operator.');
  return lines.join('\n\n');
}

function sensitivityText({ name }: LayerSummary, { network }: CheckedSpec): string {
  const sensitivity = network?.measured?.sensitivity;
  if (!sensitivity || !Object.hasOwn(sensitivity, name)) return '';
  return ` · sensitivity ${plain(decibels(sensitivity[name] ?? Number.POSITIVE_INFINITY))}`;
}

function choiceText(role: string, choice: Choice | undefined): string {
  if (!choice) return '';
  const from = choice.origin.format ? ` \\(line ${choice.origin.format.start.line + 1}\\)` : '';
  if (choice.format === float) return `- ${plain(role)}: float${from}`;
  const method = choice.method ? ` using ${choice.method.name}` : '';
  return `- ${plain(role)}: ${plain(`${choice.format} ${choice.scheme} ${choice.granularity} observe ${choice.observer.name}${method}`)}${from}`;
}
