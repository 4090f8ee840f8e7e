import { backends } from '../../engine/backends/registry.ts';
import { containers } from '../../engine/formats/carrier.ts';
import type { CheckedSpec } from '../context.ts';
import { roleWords } from '../grammar/block-words.ts';
import { textValue } from '../grammar/text.ts';
import { budgetKinds, expectationKinds, findBudgetKind } from '../quantities/measured.ts';
import { channelOrders, filters } from '../resolve/data.ts';
import { noPasses } from '../resolve/passes.ts';
import { dense } from '../resolve/prune.ts';
import { frozen } from '../resolve/train.ts';
import { qualifiedOperator } from '../selectors/properties.ts';
import { arithmetics } from '../vocabulary.ts';
import { goalNames } from './closed-words.ts';
import { examples } from './quantity-values.ts';
import type { Block } from './situation.ts';
import { byUse } from './usual-formats.ts';

/** Choices of one tab stop at most. */
const mostChoices = 12;

/** A place that the cursor stops at, with what stands there until something else is typed. */
function stop(number: number, text: string): string {
  return `\${${number}:${text.replaceAll(/[\\$}]/g, '\\$&')}}`;
}

/** A place with a list to choose from. */
function choice(number: number, words: readonly string[], first = words[0]): string {
  const ordered = [...words.filter((word) => word === first), ...words.filter((word) => word !== first)];
  const list = ordered.slice(0, mostChoices).map((word) => word.replaceAll(/[\\$},|]/g, '\\$&'));
  return list.length > 0 ? `\${${number}|${list.join(',')}|}` : stop(number, first ?? '');
}

/**
 * A whole statement or item for its keyword, with tab stops where something is to be chosen (TextMate's syntax, which editors
 * share); undefined for words that nothing must follow. What it gives, as it stands, reads without a syntax error.
 */
export function snippetOf(keyword: string, block: Block, spec: CheckedSpec): string | undefined {
  switch (block) {
    case 'file':
      return statement(keyword, spec);
    case 'target':
      return budget(keyword);
    case 'data':
      return dataOption(keyword, spec);
    case 'quantize':
    case 'rule':
      return quantizeItem(keyword, spec);
    case 'prune':
    case 'prune-rule':
      return pruneItem(keyword, spec);
    case 'train':
    case 'train-rule':
      return trainItem(keyword, spec);
    case 'search':
      return searchItem(keyword, spec);
    case 'export':
      if (keyword === 'container') return `container ${choice(1, containers)}`;
      return keyword === 'opset' ? `opset ${stop(1, '21')}` : undefined;
    default:
      return undefined;
  }
}

function budget(name: string): string | undefined {
  const kind = findBudgetKind(name);
  return kind && `${name} <= ${stop(1, examples[kind.measure].at(-1)!)}`;
}

function statement(keyword: string, spec: CheckedSpec): string | undefined {
  const { vocabulary, definitions } = spec;
  switch (keyword) {
    case 'qspec':
      return 'qspec 1';
    case 'import':
      return `import "${stop(1, 'base.qspec')}"`;
    case 'model':
      return `model "${stop(1, 'model.onnx')}"`;
    case 'target':
      return lines(`target ${choice(1, names(vocabulary.targets))} {`, `  flash <= ${stop(2, '1 MiB')}`, '}');
    case 'data': {
      const name = choice(
        1,
        definitions.dataByName.has('calibration') ? ['validation', 'calibration'] : ['calibration', 'validation'],
      );
      const kind = choice(2, names(vocabulary.dataKinds), 'npz');
      return lines(`data ${name} ${kind} "${stop(3, 'samples.npz')}" {`, `  take ${stop(4, '100')}`, '}');
    }
    case 'format':
      return `format ${stop(1, 'w4')} = ${choice(2, formatNames(spec), 'int4')} ${choice(3, ['symmetric', 'affine'])}`;
    case 'quantize':
      return lines(
        'quantize {',
        `  weights ${choice(1, formatNames(spec), 'int8')}`,
        `  activations ${choice(2, formatNames(spec), 'uint8')}`,
        '}',
      );
    case 'passes':
      return `passes ${choice(1, ['all', noPasses])}`;
    case 'prune':
      return lines('prune {', `  sparsity ${stop(1, '50 %')}`, '}');
    case 'train':
      return lines('train {', `  epochs ${stop(1, '3')}`, `  rate ${stop(2, '1e-4')}`, '}');
    case 'search':
      return lines(
        'search {',
        `  weights one of ${stop(1, 'int4, int8')}`,
        `  minimize ${choice(2, goalNames, 'loss')}`,
        `  subject to ${stop(3, 'size')} <= ${stop(4, '1 MiB')}`,
        '}',
      );
    case 'export':
      return `export onnx ${choice(1, ['qdq', 'float'])} "${stop(2, `out/${modelName(spec)}.int8.onnx`)}"`;
    case 'expect':
      return `expect ${choice(1, names(expectationKinds), 'agreement')} ${choice(2, ['>=', '<='])} ${stop(3, '99 %')}`;
    default:
      return undefined;
  }
}

function dataOption(keyword: string, { model }: CheckedSpec): string | undefined {
  switch (keyword) {
    case 'input':
      return `input ${choice(1, model?.inputs.map(({ name }) => name).filter((name) => /^\w+$/.test(name)) ?? [], 'input')}`;
    case 'array':
      return `array ${stop(1, 'x')}`;
    case 'offsets':
      return `offsets ${stop(1, 'offsets')}`;
    case 'labels':
      return `labels ${stop(1, 'y')}`;
    case 'layout':
      return `layout ${choice(1, ['nhwc to nchw', 'nchw to nhwc'])}`;
    case 'channels':
      return `channels ${choice(1, channelOrders)}`;
    case 'resize':
      return `resize ${stop(1, '256')}`;
    case 'filter':
      return `filter ${choice(1, filters, 'bilinear')}`;
    case 'crop':
      return `crop ${stop(1, '224')}`;
    case 'scale':
      return `scale ${stop(1, '1/255')}`;
    case 'mean':
    case 'std':
      return `${keyword} [${stop(1, keyword === 'mean' ? '0.485, 0.456, 0.406' : '0.229, 0.224, 0.225')}]`;
    case 'skip':
    case 'take':
      return `${keyword} ${stop(1, '100')}`;
    case 'seed':
      return `seed ${stop(1, '0')}`;
    case 'split':
      return `split "${stop(1, 'split.json')}"`;
    default:
      return undefined;
  }
}

function quantizeItem(keyword: string, spec: CheckedSpec): string | undefined {
  switch (keyword) {
    case 'weights':
      return `weights ${choice(1, formatNames(spec), 'int8')}`;
    case 'activations':
    case 'inputs':
    case 'outputs':
      return `${keyword} ${choice(1, formatNames(spec), 'uint8')}`;
    case 'bias':
      return `bias ${choice(1, ['int32', 'float'])}`;
    case 'lock':
      return `lock ${choice(1, roleWords)}`;
    case 'reset':
      return `reset ${choice(1, ['all', ...roleWords])}`;
    case 'arithmetic':
      return `arithmetic ${choice(1, arithmetics)}`;
    case 'backend':
      return `backend ${choice(
        1,
        backends.map(({ name }) => name),
      )}`;
    case 'layers':
      return lines(
        `layers ${stop(1, `op ${firstOperator(spec)}`)} {`,
        `  weights ${choice(2, formatNames(spec), 'int4')}`,
        '}',
      );
    case 'layer':
      return `layer ${stop(1, '"name"')} ${choice(2, ['keep float'])}`;
    default:
      return undefined;
  }
}

function pruneItem(keyword: string, spec: CheckedSpec): string | undefined {
  switch (keyword) {
    case 'sparsity':
    case 'channels':
      return `${keyword} ${stop(1, keyword === 'sparsity' ? '50 %' : '25 %')}`;
    case 'rank':
      return `rank ${stop(1, '25 %')}`;
    case 'pattern':
      return `pattern ${stop(1, '2:4')}`;
    case 'by':
      return `by ${choice(1, names(spec.vocabulary.criteria))}`;
    case 'layers':
      return lines(`layers ${stop(1, `op ${firstOperator(spec)}`)} {`, `  sparsity ${stop(2, '50 %')}`, '}');
    default:
      return otherItem(keyword, dense);
  }
}

function trainItem(keyword: string, spec: CheckedSpec): string | undefined {
  const { vocabulary, definitions } = spec;
  switch (keyword) {
    case 'optimizer':
      return `optimizer ${choice(1, names(vocabulary.optimizers))}`;
    case 'schedule':
      return `schedule ${choice(1, names(vocabulary.schedules))}`;
    case 'data':
      return `data ${choice(1, [...definitions.dataByName.keys()], 'training')}`;
    case 'distil':
      return `distil ${stop(1, '50 %')}`;
    case 'layers':
      return lines(`layers ${stop(1, `op ${firstOperator(spec)}`)} {`, `  rate ${stop(2, '1e-5')}`, '}');
    default:
      return otherItem(keyword, frozen);
  }
}

/** What blocks of rules other than `quantize` have in common. */
function otherItem(keyword: string, kept: string): string | undefined {
  if (keyword === 'lock' || keyword === 'reset') return `${keyword} all`;
  return keyword === 'layer' ? `layer ${stop(1, '"name"')} keep ${kept}` : undefined;
}

function searchItem(keyword: string, spec: CheckedSpec): string | undefined {
  switch (keyword) {
    case 'weights':
    case 'activations':
      return `${keyword} one of ${choice(1, formatNames(spec), 'int4')}, ${choice(2, formatNames(spec), 'int8')}`;
    case 'minimize':
    case 'maximize':
      return `${keyword} ${choice(1, goalNames, 'loss')}`;
    case 'subject':
      return `subject to ${choice(1, names(budgetKinds), 'size')} <= ${stop(2, '1 MiB')}`;
    default:
      return undefined;
  }
}

function lines(...list: readonly string[]): string {
  return list.join('\n');
}

function names(rows: readonly { readonly name: string }[]): readonly string[] {
  return rows.map(({ name }) => name);
}

/** Formats of the spec, then those that its targets can run; all without targets. */
function formatNames({ vocabulary, definitions }: CheckedSpec): readonly string[] {
  const targets = vocabulary.targets.filter(({ name }) => definitions.targets.some((own) => own.name?.text === name));
  const runs = names(byUse(vocabulary.formats)).filter((name) =>
    targets.every((target) => target.formats.includes(name)),
  );
  return [...definitions.formats.keys(), ...runs];
}

/** Of the first layer that computes. */
function firstOperator({ model }: CheckedSpec): string {
  const layer = model?.layers.find(({ quantization }) => quantization === 'compute');
  return layer ? qualifiedOperator(layer) : 'Conv';
}

function modelName({ definitions }: CheckedSpec): string {
  const path = definitions.model?.path ? textValue(definitions.model.path) : '';
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.onnx$/i, '') || 'model';
}
