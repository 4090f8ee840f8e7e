import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checks } from '../../language/checks/table.ts';
import { checkSpec } from '../../language/index.ts';
import { root } from '../shared.ts';
import { loadResource, readResources, resourceFolder } from './support/resources.ts';

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

  it('has a paragraph in docs/language.md for every code', () => {
    const documentation = readFileSync(join(root, 'docs', 'language.md'), 'utf8');
    const undocumented = checks.filter((row) => !documentation.includes(`\`${row.code}\``)).map((row) => row.code);
    expect(undocumented).toEqual([]);
  });
});
