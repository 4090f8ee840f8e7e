import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSpec, resolveSpec } from '../../language/index.ts';
import { engineVocabulary } from '../../language/vocabulary-engine.ts';
import { root } from '../shared.ts';
import { expectedText, planText, statedPlan } from './support/expected-plan.ts';
import { parseResource, specPath } from './support/resources.ts';

/**
 * What configurations of other tools become in a spec. A folder a tool: `keys.txt` lists every key of its configuration as its
 * own sources declare them, the specs are configurations of it. docs/configurations.md says of every key what becomes of it.
 */
const folder = join(import.meta.dirname, 'configurations');
const tools = readdirSync(folder).sort();
const specsOf = (tool: string) => readdirSync(join(folder, tool)).filter((name) => name.endsWith('.qspec'));
const textOf = (tool: string, name: string) => readFileSync(join(folder, tool, name), 'utf8');

for (const tool of tools) {
  describe(tool, () => {
    it.each(specsOf(tool))('%s gives every layer what that configuration means', (name) => {
      const source = textOf(tool, name);
      const { text, expected, context } = parseResource(name, source);
      const { job, findings } = resolveSpec(loadSpec(text, specPath), { ...context, vocabulary: engineVocabulary() });
      expect(findings.map(({ severity, what, range }) => ({ severity, what, range }))).toEqual(expected);
      const stated = statedPlan(source);
      expect(stated.length).toBeGreaterThan(0);
      expect(planText(job!.plan!, context.model!)).toEqual(expectedText(stated, context.model!));
    });
  });
}

interface Row {
  readonly keys: readonly string[];
  readonly snippets: readonly string[];
  readonly status: string;
  /** Example file that the status names. */
  readonly file: string | undefined;
}

const document = readFileSync(join(root, 'docs', 'configurations.md'), 'utf8');
const codeIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const onOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

/** The rows under the heading that links to a tool's folder. */
function rowsOf(tool: string): readonly Row[] {
  const section = document.split(/^## /m).find((part) => part.includes(`(../test/language/configurations/${tool}/)`));
  return (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [keys, , mapping, status] = line.split(/(?<!\\)\|/).slice(1, -1);
      const said = status!.trim();
      return {
        keys: codeIn(keys!),
        snippets: codeIn(mapping!),
        status: said,
        file: /\((\S+\.qspec)\)$/.exec(said)?.[1],
      };
    });
}

describe('docs/configurations.md', () => {
  it('has a section for every tool', () => {
    const linked = [...document.matchAll(/\(\.\.\/test\/language\/configurations\/([^/]+)\/\)/g)].map(
      ([, tool]) => tool,
    );
    expect([...new Set(linked)].sort()).toEqual(tools);
  });

  it.each(tools)('says of every key of %s what becomes of it, once', (tool) => {
    const keys = textOf(tool, 'keys.txt').split('\n');
    const declared = keys.filter((line) => line !== '' && !line.startsWith('#'));
    expect(
      rowsOf(tool)
        .flatMap((row) => row.keys)
        .sort(),
    ).toEqual(declared.sort());
  });

  it.each(tools)('names for every key of %s that maps a spec that holds its words', (tool) => {
    for (const { keys, snippets, status, file } of rowsOf(tool)) {
      const about = `${keys.join()}: ${status}`;
      expect(status, about).toMatch(/^(maps \(\S+\.qspec\)|(refused|missing): \S.*)$/);
      if (file === undefined) {
        expect(snippets, about).toEqual([]);
        continue;
      }
      expect(specsOf(tool), about).toContain(file);
      expect(snippets.length, about).toBeGreaterThan(0);
      const text = onOneLine(textOf(tool, file).replaceAll(/^\s*\/\/.*$/gm, ''));
      for (const snippet of snippets) expect(text, about).toContain(snippet);
    }
  });

  it.each(tools)('uses every spec of %s', (tool) => {
    expect([...new Set(rowsOf(tool).flatMap(({ file }) => file ?? []))].sort()).toEqual(specsOf(tool).sort());
  });
});
