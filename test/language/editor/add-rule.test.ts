import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { posixPath } from '../../../engine/files/posix-path.ts';
import { examine } from '../../../language/context.ts';
import { type NewRule, ruleEdit } from '../../../language/editor/add-rule.ts';
import { applyEdits, formatSpec } from '../../../language/editor/format.ts';
import { lineStarts } from '../../../language/grammar/ranges.ts';
import { loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { vocabulary } from '../support/vocabulary.ts';

const rule: NewRule = { head: 'layers op Conv', says: 'weights' };

function editOf(text: string, added: NewRule) {
  return ruleEdit(examine(loadSpec(text, '/a.qspec'), { vocabulary, path: posixPath, model: small }), added);
}

/** The text with the rule in it, the format chosen as the choice of that place, and the choices. */
function withRule(
  text: string,
  added: NewRule,
  pick = 0,
): { readonly text: string; readonly choices: readonly string[] } {
  const edit = editOf(text, added);
  if (!edit) throw new Error('no edit');
  const starts = lineStarts(text);
  const offset = ({ line, column }: { line: number; column: number }) => starts[line]! + column;
  const choices = /\$\{1\|(.*)\|\}/.exec(edit.snippet)?.[1]?.split(',') ?? [];
  const plain = edit.snippet
    .replace(/\$\{1\|.*\|\}/, choices[pick % choices.length] ?? '')
    .replaceAll('$0', '')
    .replaceAll(/\\([\\$}])/g, '$1');
  const { start, end } = edit.range;
  return { text: text.slice(0, offset(start)) + plain + text.slice(offset(end)), choices };
}

const layouts: readonly (readonly [what: string, before: string, after: string, added: NewRule])[] = (
  [
    [
      'after the other rules',
      'quantize {\n  weights int8\n\n  layers first keep float\n}\n',
      'quantize {\n  weights int8\n\n  layers first keep float\n  layers op Conv { weights int4 }\n}\n',
    ],
    [
      'apart from what is said of all layers',
      'quantize {\n  weights int8\n}\n',
      'quantize {\n  weights int8\n\n  layers op Conv { weights int4 }\n}\n',
    ],
    [
      'after comments at the end of the block',
      'quantize {\n  weights int8\n  // rules\n}\n',
      'quantize {\n  weights int8\n  // rules\n  layers op Conv { weights int4 }\n}\n',
    ],
    [
      'into a block on one line, which is laid out on several',
      'quantize { weights int8 }\nexpect size <= 1 MiB\n',
      'quantize {\n  weights int8\n  layers op Conv { weights int4 }\n}\nexpect size <= 1 MiB\n',
    ],
    ['into an empty block', 'quantize {\n}\n', 'quantize {\n  layers op Conv { weights int8 }\n}\n'],
    ['into an empty block on one line', 'quantize {}\n', 'quantize {\n  layers op Conv { weights int8 }\n}\n'],
    [
      'into a block of its own before results are spoken of',
      'qspec 1\nmodel "m.onnx"  // ours\n\nexpect size <= 1 MiB\n',
      'qspec 1\nmodel "m.onnx"  // ours\n\nquantize {\n  layers op Conv { weights int8 }\n}\n\nexpect size <= 1 MiB\n',
    ],
    [
      'into a block of its own at the end',
      'model "m"',
      'model "m"\n\nquantize {\n  layers op Conv { weights int8 }\n}\n',
    ],
    ['into a block of its own in an empty text', '', 'quantize {\n  layers op Conv { weights int8 }\n}\n'],
    [
      'with nothing to choose where layers stay float',
      'quantize {\n  weights int8\n}\n',
      'quantize {\n  weights int8\n\n  layer "a$b}\\\\" keep float\n}\n',
      { head: 'layer "a$b}\\\\"', says: 'keep float' },
    ],
    [
      'a long list of names on several lines',
      'quantize {\n  layers first keep float\n}\n',
      `quantize {\n  layers first keep float\n  layer "${'a'.repeat(40)}", "${'b'.repeat(40)}",\n    "${'c'.repeat(40)}", "d" { weights int8 }\n}\n`,
      { head: `layer ${['a', 'b', 'c'].map((c) => `"${c.repeat(40)}"`).join(', ')}, "d"`, says: 'weights' },
    ],
  ] as readonly (readonly [string, string, string, NewRule?])[]
).map(([what, before, after, added = rule]) => [what, before, after, added]);

describe('a rule is added', () => {
  it.each(layouts)('%s', (_, before, after, added) => {
    expect(withRule(before, added).text).toBe(after);
  });

  it('with the formats that the target can run, own names first and what all layers get last', () => {
    const spec =
      'target cortex-m7\nformat w4 = int4 per-channel\nformat a = uint8 observe mse\nquantize {\n  weights int8\n}\n';
    expect(withRule(spec, rule).choices).toEqual(['w4', 'int4', 'uint8', 'float', 'int8']);
    expect(withRule(spec, { ...rule, says: 'activations' }).choices.slice(0, 2)).toEqual(['w4', 'a']);
  });

  it('not to a text that cannot be read', () => {
    expect(editOf('quantize { weights int8 {\n}\n', rule)).toBeUndefined();
    expect(editOf('quantize {\n  weights int8\n', rule)).toBeUndefined();
  });

  const item = fc.constantFrom(
    'weights int8',
    '// a\n',
    '\n',
    'layers first keep float',
    '/* b */',
    '  ',
    'bias int32',
  );
  const statement = fc.constantFrom('qspec 1', '\n', 'model "m"', '// c\n', 'expect size <= 1 MiB', 'format a = int8');
  const spec = fc
    .tuple(
      fc.array(statement, { maxLength: 4 }),
      fc.option(fc.array(item, { maxLength: 6 })),
      fc.array(statement, { maxLength: 3 }),
    )
    .map(([before, block, after]) =>
      [...before, ...(block ? [`quantize {${block.join('\n')}\n}`] : []), ...after].join('\n'),
    );
  it('so that a text that is laid out stays laid out, and gains that rule alone', () => {
    fc.assert(
      fc.property(
        spec,
        fc.nat(20),
        fc.constantFrom<NewRule['says']>('weights', 'activations', 'keep float'),
        (text, pick, says) => {
          const neat = applyEdits(text, formatSpec(text));
          const { text: after } = withRule(neat, { head: 'layers op Conv', says }, pick);
          expect(applyEdits(after, formatSpec(after))).toBe(after);
          const { ast, findings } = loadSpec(after, '/a.qspec');
          expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
          const rules = (of: typeof ast) =>
            of.statements.flatMap((one) =>
              one.$type === 'QuantizeBlock' ? one.items.map(({ $cstNode }) => $cstNode!.text) : [],
            );
          const added = rules(ast);
          expect(added.slice(0, -1)).toEqual(rules(loadSpec(neat, '/a.qspec').ast));
          expect(added.at(-1)).toMatch(/^layers op Conv /);
        },
      ),
      { numRuns: 500 },
    );
  });
});
