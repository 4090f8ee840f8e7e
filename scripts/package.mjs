// `npm run package`: builds and packs the extension as qspec-VERSION.vsix, for every platform and the web.
//   --out FILE   writes there     --no-build   takes dist/ as it is
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { thirdPartyNotices } from './notices.mjs';
import { vsix } from './vsix.mjs';

const root = join(import.meta.dirname, '..');
const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);

/** What is packed besides what is generated; everything else of the repository stays outside. */
const contents = [
  ...['dist', 'media', 'extension/syntaxes', 'extension/language-configuration.json', 'docs/language.md'],
  // What `Open Example` copies.
  ...['README.md', 'digits.qspec', 'digits.onnx', 'digits.npz', 'splits.json'].map((name) => `examples/digits/${name}`),
];
const documents = { 'README.md': 'README.md', 'CHANGELOG.md': 'CHANGELOG.md', LICENSE: 'LICENSE.txt' };

/** A person on a slow line should not have to wait for it. */
const largest = 12 * 1024 * 1024;

/** Fields of package.json that only development needs. */
const developmentFields = ['private', 'scripts', 'dependencies', 'devDependencies', 'allowScripts'];

if (!process.argv.includes('--no-build')) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), '--quiet'], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const files = collect();
mustHoldWhatIsNamed(manifest, files);
const bytes = vsix(manifest, files, translator());
const output = argument('--out') ?? join(root, `${manifest.name}-${manifest.version}.vsix`);
writeFileSync(`${output}.part`, bytes);
renameSync(`${output}.part`, output);
report();
if (bytes.length > largest) {
  console.error(`The package is larger than ${largest / 1024 / 1024} MiB.`);
  process.exit(1);
}

/** Path in the extension → bytes. */
function collect() {
  const found = {};
  const add = (path, name = path) => {
    found[name] = readFileSync(join(root, path));
  };
  const walk = (path) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const inside = posix.join(path, entry.name);
      if (entry.isDirectory()) walk(inside);
      else if (!entry.name.endsWith('.map')) add(inside);
    }
  };
  for (const path of contents.filter((path) => existsSync(join(root, path))))
    path.includes('.') ? add(path) : walk(path);
  for (const [path, name] of Object.entries(documents)) add(path, name);
  for (const name of readdirSync(root).filter((name) => /^package\.nls(\.[\w-]+)?\.json$/.test(name))) add(name);
  const text = found['README.md'].toString();
  // Pictures that the README shows; links to other documents lead to the repository.
  for (const [, path] of text.matchAll(/(?:src|srcset)="(?!https?:)([^"]+)"|!\[[^\]]*\]\((?!https?:)([^)]+)\)/g)) {
    if (path && existsSync(join(root, path))) add(path);
  }
  const shipped = Object.fromEntries(Object.entries(manifest).filter(([name]) => !developmentFields.includes(name)));
  found['package.json'] = Buffer.from(`${JSON.stringify(shipped, null, 2)}\n`);
  found['THIRD-PARTY-NOTICES.txt'] = Buffer.from(thirdPartyNotices(root).text);
  return found;
}

/** A path in package.json that is not packed would fail in the user's editor only. */
function mustHoldWhatIsNamed(value, packed) {
  if (typeof value === 'string') {
    const path = /^(?:\.\/|media\/)/.test(value) ? posix.normalize(value) : undefined;
    if (path && !packed[path]) throw new Error(`package.json names ${value}, which is not packed.`);
  } else if (value && typeof value === 'object') {
    for (const part of Object.values(value)) mustHoldWhatIsNamed(part, packed);
  }
}

/** Texts of package.json as package.nls.json has them. */
function translator() {
  const path = join(root, 'package.nls.json');
  const texts = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  return (text) => text.replace(/^%(.*)%$/, (all, key) => texts[key] ?? all);
}

function report() {
  const size = (count) => `${(count / 1024 / 1024).toFixed(2)} MiB`;
  const sorted = Object.entries(files).sort(([, a], [, b]) => b.length - a.length);
  console.log(`${output}: ${size(bytes.length)}, ${sorted.length} files; the largest before compression:`);
  for (const [path, { length }] of sorted.slice(0, 8)) console.log(`  ${size(length).padStart(10)}  ${path}`);
}
