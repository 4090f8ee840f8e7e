// Makes `language/generated/` (the syntax tree's types and the grammar as data) from the grammar; skipped when nothing changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const grammar = join(root, 'language', 'grammar', 'qspec.langium');
const out = join(root, 'language', 'generated');
const stamp = join(out, 'stamp.txt');

const config = join(root, 'language', 'grammar', 'langium-config.json');

function fingerprint() {
  const hash = createHash('sha256');
  const sources = [join(root, 'node_modules', 'langium-cli', 'package.json'), import.meta.filename, config, grammar];
  for (const source of sources) hash.update(readFileSync(source));
  return hash.digest('hex');
}

export async function generate() {
  const current = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === current) return;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { generate: generateParser } = await import('langium-cli');
  if (!(await generateParser({ file: config })))
    throw new Error('The grammar in language/grammar/qspec.langium has errors; see above.');
  const grammarFile = join(out, 'grammar.ts');
  const [loader, own] = [
    "{ loadGrammarFromJson } from 'langium'",
    "{ loadGrammarFromJson } from '../grammar/grammar-json.ts'",
  ];
  const text = readFileSync(grammarFile, 'utf8');
  if (!text.includes(loader)) throw new Error(`grammar.ts does not import ${loader}.`);
  writeFileSync(grammarFile, text.replace(loader, own));
  // Node runs these files as they are, so every relative import must carry its extension.
  for (const file of readdirSync(out).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(out, file), 'utf8');
    if (/from '\.\/[^']*(?<!\.ts)'/.test(text)) throw new Error(`${file} imports without .ts extension.`);
  }
  writeFileSync(stamp, current);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await generate();
