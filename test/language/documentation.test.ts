import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formats } from '../../engine/formats/registry.ts';
import { recipeNumbers } from '../../engine/training/recipe.ts';
import { dataOptionWords } from '../../language/checks/data-options.ts';
import { exportFormats } from '../../language/checks/exports.ts';
import { checkSpec, loadSpec } from '../../language/index.ts';
import { budgetKinds, expectationKinds } from '../../language/quantities/measured.ts';
import { units } from '../../language/quantities/units.ts';
import { channelOrders, filters } from '../../language/resolve/data.ts';
import { properties } from '../../language/selectors/properties.ts';
import { roles } from '../../language/selectors/roles.ts';
import { arithmetics, codeRanges, granularities, scaleWords, schemes } from '../../language/vocabulary.ts';
import { root } from '../shared.ts';
import { specPath } from './support/resources.ts';
import { vocabulary } from './support/vocabulary.ts';

const text = readFileSync(join(root, 'docs', 'language.md'), 'utf8');
const examples = [...text.matchAll(/```qspec\n([\s\S]*?)```/g)].map((match) => ({
  line: text.slice(0, match.index).split('\n').length + 1,
  code: match[1]!,
}));

describe('docs/language.md', () => {
  it('has an example of every statement', () => {
    expect(examples.length).toBeGreaterThanOrEqual(10);
  });

  it.each(examples.map((example) => [example.line, example.code] as const))(
    'example on line %i checks clean',
    (_line, code) => {
      const findings = checkSpec(loadSpec(code, specPath), { vocabulary, path: posix });
      expect(findings.filter((finding) => !['search/not-run', 'train/not-run'].includes(finding.code))).toEqual([]);
    },
  );

  it('names every word of the language', () => {
    const words = [
      ...units.filter((unit) => !unit.name.includes('μ')).map((unit) => unit.name),
      ...dataOptionWords,
      ...filters,
      ...channelOrders,
      ...budgetKinds.map((kind) => kind.name),
      ...expectationKinds.map((kind) => kind.name),
      ...properties.map((property) => property.name),
      ...roles.map((role) => role.name),
      ...recipeNumbers.map(({ name }) => name),
      ...arithmetics,
      ...schemes,
      ...granularities,
      ...scaleWords,
      ...codeRanges,
      ...exportFormats.flatMap((format) => [
        ...format.styles.map((style) => `${format.name} ${style.name}`),
        ...format.options.map((option) => option.name),
      ]),
    ];
    const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
    const missing = words.filter(
      (word) =>
        !quoted.some(
          (code) =>
            code === word || code.startsWith(`${word} `) || code.includes(` ${word} `) || code.endsWith(` ${word}`),
        ),
    );
    expect(missing).toEqual([]);
  });

  it('speaks of number formats that there are', () => {
    for (const name of ['int8', 'uint8', 'int4']) expect(formats.some((format) => format.name === name)).toBe(true);
  });
});
