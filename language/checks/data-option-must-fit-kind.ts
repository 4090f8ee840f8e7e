import type { DataOption, DataStatement } from '../generated/ast.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { optionKeywords } from './data-options.ts';

/** Options that only some kinds of data have. The others take all. */
const kindsOf: { readonly [K in DataOption['$type']]?: readonly string[] } = {
  ArrayOption: ['npz'],
  OffsetsOption: ['npz'],
};
const imageSteps: readonly DataOption['$type'][] = ['ResizeOption', 'FilterOption', 'CropOption', 'ChannelsOption'];

export const dataOptionMustFitKind: Check = {
  code: 'data/option-kind',
  severity: 'error',
  section: 'data',
  what: 'An option that this kind of data does not have, or labels that it cannot have.',
  why: 'It would change nothing.',
  fix: 'Remove it.',
  example: 'data calibration images "calib/" { array x }',
  *remarks({ ast }) {
    for (const statement of statementsOf(ast, 'DataStatement')) {
      const kind = statement.kind?.text;
      for (const option of statement.options) {
        const kinds = kindsOf[option.$type];
        if (kind !== undefined && kinds && !kinds.includes(kind)) {
          yield {
            what: `\`${optionKeywords[option.$type as 'ArrayOption']}\` is for ${kinds.join(' and ')} data; this is \`${kind}\`.`,
            fix: 'Remove it.',
            range: rangeOf(option),
          };
        }
        if (kind === 'onnx-pb' && imageSteps.includes(option.$type)) {
          yield {
            what: `\`${optionKeywords[option.$type as 'CropOption']}\` works on images; \`onnx-pb\` data are tensors as the model takes them.`,
            fix: 'Remove it.',
            range: rangeOf(option),
          };
        }
        if (option.$type === 'LabelsOption') yield* labels(statement);
      }
    }
  },
};

function* labels(statement: DataStatement) {
  const option = statement.options.find((candidate) => candidate.$type === 'LabelsOption');
  const kind = statement.kind?.text;
  if (option?.$type !== 'LabelsOption' || kind === undefined) return;
  const source = option.source?.text;
  const range = rangeOf(option);
  if (source === 'file' && !option.path) {
    yield { what: '`labels file` needs the path of the file.', fix: 'Write `labels file "labels.csv"`.', range };
  } else if (source !== 'file' && option.path) {
    yield { what: 'Only `labels file` takes a path.', fix: 'Write `labels file "…"`.', range };
  } else if (source === 'folder' && kind !== 'images') {
    yield { what: `\`labels folder\` needs samples that are files in folders; this is \`${kind}\`.`, range };
  } else if (source !== 'file' && source !== 'folder' && kind !== 'npz') {
    const name = source ?? textValue(option.array);
    yield {
      what: `\`${kind}\` data has no arrays, so none called \`${name}\` can hold the labels.`,
      fix:
        kind === 'images'
          ? 'Write `labels folder` or `labels file "labels.csv"`.'
          : 'Write `labels file "labels.npy"`.',
      range,
    };
  }
}
