import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Description } from '../../language/checks/check.ts';
import { syntaxFindings } from '../../language/checks/syntax.ts';
import { checks } from '../../language/checks/table.ts';
import { linkImports } from '../../language/grammar/imports.ts';
import { checkSpec, type FileKnowledge, loadSpec } from '../../language/index.ts';
import { root } from '../shared.ts';
import { exampleNetwork } from './support/model.ts';
import { loadResource, readResources, resourceFolder } from './support/resources.ts';
import { vocabulary } from './support/vocabulary.ts';

const folderOf = (code: string) => code.replace('/', '-');

for (const { code } of checks) {
  describe(code, () => {
    const folder = folderOf(code);
    const resources = existsSync(join(resourceFolder, folder)) ? readResources(folder) : [];

    it('has a resource where it speaks and one where it is silent', () => {
      expect(resources.some((resource) => resource.expected.length > 0)).toBe(true);
      expect(resources.some((resource) => resource.expected.length === 0)).toBe(true);
    });

    it.each(resources.map((resource) => [resource.name, resource] as const))('%s', (_name, resource) => {
      const findings = checkSpec(loadResource(resource), resource.context);
      const own = findings.filter((finding) => finding.code === code);
      const got = own.map(({ severity, what, replacement, range }) => ({
        severity,
        what,
        range: range && { start: range.start, end: range.end },
        // A quick fix is compared where the resource states one.
        ...(replacement === undefined ? {} : { replacement }),
      }));
      const wanted = [...resource.expected]
        .sort((a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column)
        .map((finding, i) => ({
          ...finding,
          ...(finding.replacement === undefined && got[i]?.replacement !== undefined
            ? { replacement: got[i].replacement }
            : {}),
        }));
      expect(got).toEqual(wanted);
      if (resource.clean) expect(findings).toEqual([]);
    });
  });
}

describe('the table of checks', () => {
  it('lists each code once', () => {
    expect(new Set(checks.map((row) => row.code)).size).toBe(checks.length);
  });

  it('has a line for every folder of resources', () => {
    const folders = readdirSync(resourceFolder).filter((name) => !['syntax', 'whole'].includes(name));
    expect(folders.sort()).toEqual(checks.map((row) => folderOf(row.code)).sort());
  });

  it('has a line for every code that reading a text can give', () => {
    const sources = ['load.ts', 'messages.ts'].map((name) =>
      readFileSync(join(root, 'language', 'grammar', name), 'utf8'),
    );
    const codes = new Set([...sources.join().matchAll(/code: '([^']+)'/g)].map((match) => match[1]!));
    expect(codes.size).toBeGreaterThanOrEqual(6);
    expect(syntaxFindings.map(({ code }) => code).sort()).toEqual([...codes].sort());
  });
});

describe('the example of docs/findings.md', () => {
  const withoutExample = ['syntax/too-large', 'syntax/gave-up'];
  const described: readonly Description[] = [...syntaxFindings, ...checks];

  it('is there for every code but those whose example would fill a page', () => {
    expect(described.filter(({ example }) => example === undefined).map(({ code }) => code)).toEqual(withoutExample);
  });

  it.each(described.flatMap(({ code, example }) => (example === undefined ? [] : [[code, example] as const])))(
    'of %s gives it',
    (code, example) => {
      const whole = example.startsWith('qspec') || example.includes('model "');
      const text = whole ? example : `qspec 1\nmodel "network.onnx"\n${example}`;
      const spec = linkImports(loadSpec(text, '/project/network.qspec'), posix, (path) =>
        path === '/project/faulty.qspec' ? { text: 'qspec 1\nquantize { weights int17 }' } : { kind: 'missing' },
      );
      const fileAt = (path: string): FileKnowledge =>
        path.startsWith('/project/') && !path.includes('missing')
          ? { exists: true, samples: 1000 }
          : { exists: false, outside: !path.startsWith('/project/') };
      const findings = checkSpec(spec, { vocabulary, path: posix, model: exampleNetwork, fileAt });
      expect(findings.map((finding) => finding.code)).toContain(code);
    },
  );
});
