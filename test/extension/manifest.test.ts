import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderFinding } from '../../cli/findings.ts';
import { makeStyle } from '../../cli/terminal.ts';
import { root } from '../shared.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const words: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8'));

test('the commands of the manifest are those of the registry, one file each', () => {
  const folder = join(root, 'extension', 'commands');
  const ids = readdirSync(folder).flatMap((file) => {
    const found = /^ {2}id: '(qspec\.\w+)',$/m.exec(readFileSync(join(folder, file), 'utf8'));
    return found ? [found[1]!] : [];
  });
  const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  expect(declared.toSorted()).toEqual(ids.toSorted());
  const registry = readFileSync(join(folder, 'registry.ts'), 'utf8');
  const listed = /commands: readonly Command\[\] = \[([^\]]*)\]/.exec(registry)![1]!.match(/\w+/g)!;
  expect(listed.map((name) => `qspec.${name}`).toSorted()).toEqual(ids.toSorted());
});

test('menus name commands that exist', () => {
  const declared = new Set(manifest.contributes.commands.map(({ command }: { command: string }) => command));
  const used = Object.values<{ command: string }[]>(manifest.contributes.menus).flat();
  expect(used.filter(({ command }) => !declared.has(command))).toEqual([]);
});

test('the walkthrough leads to commands that exist, and counts them as done', () => {
  const declared = new Set(manifest.contributes.commands.map(({ command }: { command: string }) => command));
  for (const { id, description, completionEvents } of manifest.contributes.walkthroughs[0].steps) {
    const text = words[description.replaceAll('%', '')]!;
    const buttons = [...text.matchAll(/\(command:([\w.]+)\)/g)].map(([, command]) => command);
    expect(buttons, id).toHaveLength(1);
    expect(declared.has(buttons[0]), id).toBe(true);
    expect(completionEvents, id).toEqual([`onCommand:${buttons[0]}`]);
  }
});

test('every text of the manifest has its words, and no words are left over', () => {
  const used = [...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key!);
  expect(new Set(used)).toEqual(new Set(Object.keys(words)));
});

test('every setting that the code reads is declared, and every declared one is read', () => {
  const code = readFileSync(join(root, 'extension', 'settings.ts'), 'utf8');
  const read = [...code.matchAll(/(?:value|inspect<unknown>)\('([\w.]+)'\)/g)].map(([, name]) => `qspec.${name}`);
  expect(new Set(read)).toEqual(new Set(Object.keys(manifest.contributes.configuration.properties)));
});

test('the graph is an option beside other viewers, and what widens access is no setting of a workspace', () => {
  expect(manifest.contributes.customEditors).toMatchObject([{ viewType: 'qspec.graph', priority: 'option' }]);
  expect(manifest.contributes.configuration.properties['qspec.files.allowedFolders'].scope).toBe('machine');
  expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
});

test('the problem matcher reads what the command line prints', () => {
  const line = renderFinding(
    {
      code: 'model/unknown-layer',
      severity: 'error',
      what: 'There is no layer called "a [b]".',
      fix: 'Change it.',
      range: { start: { line: 2, column: 4 }, end: { line: 2, column: 9 } },
    },
    makeStyle(false),
    { file: 'folder/a model.qspec', source: '\n\n    layer' },
  ).split('\n')[0]!;
  const [{ pattern }] = manifest.contributes.problemMatchers;
  const match = new RegExp(pattern.regexp).exec(line)!;
  expect(match[pattern.file]).toBe('folder/a model.qspec');
  expect([match[pattern.line], match[pattern.column], match[pattern.severity]]).toEqual(['3', '5', 'error']);
  expect(match[pattern.message]).toBe('There is no layer called "a [b]".');
  expect(match[pattern.code]).toBe('model/unknown-layer');
});
