import type { AstNode } from 'langium';
import type { TextPosition, TextRange } from '../../engine/findings.ts';
import { recipeNumbers } from '../../engine/training/recipe.ts';
import type { CheckedSpec } from '../context.ts';
import type {
  BlockRange,
  Call,
  ExportStatement,
  FormatStatement,
  FormatWord,
  FormatWords,
  OperatorName,
  Property,
  Quantity,
  Selector,
  Test,
  TrainCall,
  Unit,
} from '../generated/ast.ts';
import { isRule } from '../grammar/rules.ts';
import { spelled } from '../grammar/spelling.ts';
import { textValue } from '../grammar/text.ts';
import { findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import { numberOf } from '../quantities/quantity.ts';
import { findProperty } from '../selectors/properties.ts';
import { findRole } from '../selectors/roles.ts';
import { type CallableWord, find, float, formatOf, type Vocabulary } from '../vocabulary.ts';
import { closedWords } from './closed-words.ts';
import { paragraphs, plain } from './markdown.ts';
import { type CallKind, callablePage } from './pages/callable.ts';
import { dataPage, namedFormatPage } from './pages/definition.ts';
import { exportPage } from './pages/export.ts';
import { formatPage, useOf } from './pages/format.ts';
import { keywordPage, type Manual } from './pages/keyword.ts';
import { layerPage } from './pages/layer.ts';
import { quantityPage } from './pages/quantity.ts';
import { rulePage } from './pages/rule.ts';
import { blockPage, operatorPage, propertyPage, rolePage, selectorPage } from './pages/selector.ts';
import { budgetPage, targetPage } from './pages/target.ts';
import { placeAt } from './position.ts';

/** Markdown that is safe to show (never trusted), and the word it is about. */
export interface Hover {
  readonly markdown: string;
  readonly range: TextRange;
}

/** What a person wants to know of the word under the pointer. */
export function hoverAt(spec: CheckedSpec, position: TextPosition, manual?: Manual): Hover | undefined {
  const place = placeAt(spec.spec, position);
  if (!place) return undefined;
  const markdown = pageOf(place.node, place.word, spec) ?? keywordPage(place.word, manual);
  return markdown === undefined ? undefined : { markdown, range: place.range };
}

/** Undefined for what means nothing here, and for keywords. */
function pageOf(node: AstNode, word: string, spec: CheckedSpec): string | undefined {
  const { vocabulary } = spec;
  const parent = node.$container;
  if (isRule(node)) return word === 'layers' || word === 'layer' ? rulePage(node, spec) : undefined;
  switch (node.$type) {
    case 'Text':
      return textPage(node as { raw?: string } & AstNode, spec);
    case 'RegexSelector':
      return selectorPage(node as Selector, spec);
    case 'PositionSelector':
      return positionPage(node as Selector, word, spec);
    case 'BlockRange':
      return blockPage(node as BlockRange, spec);
    case 'OperatorName':
      return operatorPage((node as OperatorName).name ?? word, spec);
    case 'Property': {
      const property = findProperty((node as Property).name);
      const test = parent?.$type === 'Test' ? (parent as Test) : undefined;
      return property && propertyPage(property, test, spec);
    }
    case 'Quantity':
      return quantityOf(node as Quantity);
    case 'Unit':
      return parent?.$type === 'Quantity' ? quantityOf(parent as Quantity) : quantityPage((node as Unit).text);
    case 'FormatWord':
      return parent && formatWordPage(parent, node as FormatWord, spec);
    case 'TrainWord': {
      const number = find(recipeNumbers, word);
      return number && described(number);
    }
    case 'StanceWord':
      return closedWordPage(parent?.$type, word);
    case 'Word':
    case 'Name':
      return wordPage(node, word, spec);
    default:
      return undefined;
  }

  function wordPage(own: AstNode, text: string, { definitions }: CheckedSpec): string | undefined {
    switch (parent?.$type) {
      case 'FormatStatement':
        return own.$type === 'Name' ? namedFormatPage(parent as FormatStatement, spec) : undefined;
      case 'Call':
        return callPage(parent as Call, text, spec);
      case 'PassesStatement': {
        const pass = find(vocabulary.passes, text);
        return pass && described(pass);
      }
      case 'TrainData': {
        const data = definitions.dataByName.get(text);
        return data && dataPage(data, spec);
      }
      case 'TargetStatement': {
        const target = find(vocabulary.targets, text);
        return target && targetPage(target, spec);
      }
      case 'DataStatement': {
        const data = own.$type === 'Name' ? definitions.dataByName.get(text) : undefined;
        const kind = find(vocabulary.dataKinds, text);
        return data ? dataPage(data, spec) : kind && described(kind);
      }
      case 'RoleSelector': {
        const role = findRole(text);
        return role && rolePage(role, spec);
      }
      case 'Budget': {
        const kind = findBudgetKind(text);
        return kind && budgetPage(kind, spec);
      }
      case 'ExpectStatement': {
        const kind = findExpectationKind(text);
        return kind && budgetPage(kind, spec);
      }
      case 'ExportStatement':
        return exportPage(parent as ExportStatement, text, spec);
      default:
        return closedWordPage(parent?.$type, text);
    }
  }
}

/** Statements and options that take one word of a closed list, by the keyword that the list stands behind. */
const keywordOf: Readonly<Record<string, string>> = {
  ArithmeticStatement: 'arithmetic',
  ModelStatement: 'quantized',
  BackendStatement: 'backend',
  FilterOption: 'filter',
  ChannelsOption: 'channels',
  LayoutOption: 'layout',
  LabelsOption: 'labels',
  SearchGoal: 'minimize',
};

function closedWordPage(parent: string | undefined, word: string): string | undefined {
  const words = closedWords.get(keywordOf[parent ?? ''] ?? '');
  const known = words?.find(({ label }) => label === word);
  return known && described({ name: word, description: known.documentation });
}

export function described({ name, description }: { readonly name: string; readonly description: string }): string {
  return `**${plain(name)}** ${plain(description, 600)}`;
}

function formatWordPage(parent: AstNode, word: FormatWord, spec: CheckedSpec): string | undefined {
  const spelling = spelled(word);
  if (spelling === float) return '**float** Not quantised.';
  const format = formatOf(spec.vocabulary, spelling);
  if (format) {
    return formatPage(format, spec, parent.$type === 'FormatWords' ? useOf(parent as FormatWords, format, spec) : {});
  }
  const family = find(spec.vocabulary.families, word.text);
  if (family) return described(family);
  const own = spec.definitions.formats.get(word.text);
  return own && namedFormatPage(own, spec);
}

function callPage(call: Call, word: string, { vocabulary }: CheckedSpec): string | undefined {
  const kind = kindOf(call);
  const known = find(callables[kind](vocabulary), word);
  return known && callablePage(known, kind);
}

function kindOf({ $container: parent, $containerProperty: property }: Call): CallKind {
  if (parent.$type === 'TrainCall') return (parent as TrainCall).kind;
  if (parent.$type === 'PruneCriterion') return 'by';
  return property === 'observers' ? 'observe' : 'using';
}

const callables: Readonly<Record<CallKind, (vocabulary: Vocabulary) => readonly CallableWord[]>> = {
  observe: ({ observers }) => observers,
  using: ({ methods }) => methods,
  by: ({ criteria }) => criteria,
  optimizer: ({ optimizers }) => optimizers,
  schedule: ({ schedules }) => schedules,
};

/** A layer that is named, or those that a pattern means. */
function textPage(text: { readonly raw?: string } & AstNode, spec: CheckedSpec): string | undefined {
  const parent = text.$container;
  const names = parent !== undefined && isRule(parent);
  if (!names && parent?.$type !== 'NameSelector' && parent?.$type !== 'TensorSelector') return undefined;
  const layer =
    parent.$type === 'TensorSelector'
      ? undefined
      : spec.network?.layers[spec.network.indexOf.get(textValue(text)) ?? -1];
  if (layer) return layerPage(layer, spec);
  return names ? undefined : selectorPage(parent as Selector, spec);
}

function positionPage(selector: Selector, word: string, spec: CheckedSpec): string | undefined {
  const means = selectorPage(selector, spec);
  return means && paragraphs(keywordPage(word, undefined) ?? '', means);
}

function quantityOf(quantity: Quantity): string | undefined {
  return quantity.unit?.text === undefined ? undefined : quantityPage(quantity.unit.text, numberOf(quantity));
}
