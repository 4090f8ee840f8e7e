import { suggestion } from '../../engine/nearest.ts';
import type { DataOption, Numeric, Size } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { numberOf, sidesOf } from '../quantities/quantity.ts';
import { channelOrders, filters, integer, optionsOf } from '../resolve/data.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check, Remark } from './check.ts';

/** Most pixels on a side; nobody calibrates on more, and a slip of the finger asks for it. */
const longestSide = 65_536;

/** Values of data options: sizes, counts, words, list lengths. */
export const dataValueMustMakeSense: Check = {
  code: 'data/value',
  severity: 'error',
  section: 'data',
  what: 'A size, count, scale, layout or word that makes no sense; `mean` and `std` of different lengths.',
  why: 'No sample could be prepared that way.',
  fix: 'Correct the value.',
  example: 'data calibration images "calib/" { resize 0 }',
  *remarks({ ast, definitions }) {
    for (const statement of statementsOf(ast, 'DataStatement')) {
      for (const option of statement.options) yield* judge(option);
      const { MeanOption: mean, StdOption: std } = optionsOf(statement, definitions);
      const means = mean?.values?.values.length ?? 0;
      const stds = std?.values?.values.length ?? 0;
      const own = [mean, std].some((option) => option?.$container === statement);
      if (own && means > 1 && stds > 1 && means !== stds) {
        yield {
          what: `\`mean\` has ${means} values and \`std\` has ${stds}.`,
          fix: 'Give both one value, or one for each channel.',
          range: rangeOf(std?.$container === statement ? std : mean),
        };
      }
    }
  },
};

function* judge(option: DataOption): Iterable<Remark> {
  switch (option.$type) {
    case 'ResizeOption':
      yield* size(option.size, 'A size', '`256` (shorter side) or `320x240` (width, height)');
      break;
    case 'CropOption':
      yield* size(option.size, 'A crop', '`224` or `224x192` (width, height)');
      break;
    case 'TakeOption':
      yield* whole(option.count, 1, '`take` needs a whole number of samples, 1 or more.');
      break;
    case 'SkipOption':
      yield* whole(option.count, 0, '`skip` needs a whole number of samples.');
      break;
    case 'SeedOption':
      yield* whole(option.number, 0, 'A seed is a whole number, 0 or more.');
      break;
    case 'LabelsOption':
      yield* whole(option.offset, Number.MIN_SAFE_INTEGER, 'An offset of classes is a whole number.');
      break;
    case 'ScaleOption':
      if (numberOf(option.factor) === 0)
        yield { what: 'A scale of 0 makes every sample 0.', range: rangeOf(option.factor) };
      break;
    case 'StdOption':
      for (const value of option.values?.values ?? []) {
        if (numberOf(value) <= 0) yield { what: '`std` divides and must be above 0.', range: rangeOf(value) };
      }
      break;
    case 'FilterOption':
      yield* word(option.name, filters, 'filter');
      break;
    case 'ChannelsOption':
      yield* word(option.order, channelOrders, 'order of channels');
      break;
    case 'LayoutOption':
      yield* layout(option.from?.text, option.to?.text, rangeOf(option));
  }
}

function* size(node: Size | undefined, subject: string, example: string): Iterable<Remark> {
  const sides = sidesOf(node);
  if (!node || (sides && sides.length <= 2 && sides.every((side) => side >= 1 && side <= longestSide))) return;
  yield {
    what: `${subject} is one or two whole numbers from 1 to ${longestSide}.`,
    fix: `Write ${example}.`,
    range: rangeOf(node),
  };
}

function* whole(node: Numeric | undefined, low: number, what: string): Iterable<Remark> {
  if (node && !Number.isNaN(numberOf(node)) && integer(node, low) === undefined) yield { what, range: rangeOf(node) };
}

function* word(
  node: Extract<DataOption, { $type: 'FilterOption' }>['name'] | undefined,
  known: readonly string[],
  kind: string,
): Iterable<Remark> {
  if (!node || known.includes(node.text)) return;
  yield { what: `There is no ${kind} \`${node.text}\`.`, ...suggestion(node.text, known), range: rangeOf(node) };
}

function* layout(from: string | undefined, to: string | undefined, range: Remark['range'] & object): Iterable<Remark> {
  if (from === undefined || to === undefined) return;
  const letters = (name: string) => [...name].sort().join('');
  if (!/^[a-z]{1,8}$/.test(from) || new Set(from).size !== from.length) {
    yield { what: 'A layout is a letter for each axis, all different.', fix: 'Write `layout nhwc to nchw`.', range };
  } else if (letters(from) !== letters(to)) {
    yield {
      what: `\`${from}\` and \`${to}\` do not have the same axes.`,
      why: 'A change of layout only reorders axes.',
      range,
    };
  }
}
