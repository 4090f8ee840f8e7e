import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shared.ts';

/** Path of the `.vsix` of `dist/` as it stands. Packed when first asked for after a build, then used again. */
export function packagedExtension(): string {
  const path = join(root, '.test-results', 'qspec.vsix');
  mkdirSync(join(root, '.test-results'), { recursive: true });
  const sources = [
    join(root, 'package.json'),
    join(root, 'dist', 'extension'),
    join(root, '.cache', 'bundled-inputs.json'),
  ];
  const scripts = readdirSync(join(root, 'scripts')).map((name) => join(root, 'scripts', name));
  const newest = Math.max(...[...sources, ...scripts].map((source) => statSync(source).mtimeMs));
  if (!existsSync(path) || statSync(path).mtimeMs <= newest) {
    execFileSync(process.execPath, [join(root, 'scripts', 'package.mjs'), '--no-build', '--out', path]);
  }
  return path;
}
