import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { packagedExtension } from '../packaged.ts';
import { root } from '../shared.ts';

describe('the packaged extension', () => {
  let bytes: Uint8Array;
  let files: Record<string, Uint8Array>;
  const text = (path: string) => new TextDecoder().decode(files[path]);

  beforeAll(() => {
    bytes = readFileSync(packagedExtension());
    files = unzipSync(bytes);
  });

  test('is under 12 MB', () => {
    expect(bytes.length).toBeLessThan(12e6);
  });

  test('holds what runs and what a person reads, and nothing of development', () => {
    const allowed =
      /^(extension\.vsixmanifest|\[Content_Types\]\.xml|extension\/(dist\/(node|browser|extension|webview)\/.*\.(m?js|cjs|css|wasm|ttf)|extension\/syntaxes\/.*\.json|extension\/language-configuration\.json|media\/.*|examples\/digits\/[\w-]+\.(qspec|onnx|npz|json|md)|docs\/language\.md|docs\/images\/.*\.png|package(\.nls)?\.json|README\.md|CHANGELOG\.md|LICENSE\.txt|THIRD-PARTY-NOTICES\.txt))$/;
    expect(Object.keys(files).filter((path) => !allowed.test(path))).toEqual([]);
    for (const path of [
      'dist/extension/node.cjs',
      'dist/extension/browser.cjs',
      'dist/node/language-server.mjs',
      'docs/language.md',
    ]) {
      expect(Object.keys(files)).toContain(`extension/${path}`);
    }
    const manifest = JSON.parse(text('extension/package.json'));
    expect(Object.keys(manifest)).not.toContain('devDependencies');
    for (const path of [manifest.main, manifest.browser]) {
      expect(Object.keys(files)).toContain(join('extension', path));
    }
  });

  test('carries the notices of every package that is bundled', () => {
    const inputs: string[] = JSON.parse(readFileSync(join(root, '.cache', 'bundled-inputs.json'), 'utf8'));
    const names = new Set(inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
    expect(names.size).toBeGreaterThan(10);
    const notices = text('extension/THIRD-PARTY-NOTICES.txt');
    for (const name of [...names, 'onnxruntime-web', 'assemblyscript']) {
      expect(notices, name).toMatch(new RegExp(`^-{100}\n${name.replaceAll('/', '\\/')} \\d`, 'm'));
    }
    expect(notices).toContain('Permission is hereby granted');
    expect(notices).toContain('Apache License');
  });

  test('names itself as package.json does', () => {
    const { name, publisher, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(text('extension.vsixmanifest')).toContain(`Id="${name}" Version="${version}" Publisher="${publisher}"`);
    expect(text('extension.vsixmanifest')).not.toContain('%');
  });
});
