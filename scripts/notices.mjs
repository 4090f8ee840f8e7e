// Third-party notices of what is shipped, from the list of sources that the last build found in its bundles.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences under which we ship. Another one stops the packaging until a person has looked at it. */
const accepted = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'];

/** What ends up in the package by other ways than bundling. */
const copied = [
  // Its WASM and loader lie beside the bundles.
  'node_modules/onnxruntime-web',
  // Parts of its standard library are compiled into the kernels.
  'node_modules/assemblyscript',
];

/** Packages that name a licence and leave its text out: who holds the copyright, as their repositories say. */
const holders = [
  [/^onnxruntime-/, 'Microsoft Corporation'],
  [/^@microsoft\/fast-/, 'Microsoft Corporation'],
];

/** What a package's own files do not say. */
const remarks = {
  'onnxruntime-web': (version) =>
    `Its WebAssembly is built from further components. Their notices are in ThirdPartyNotices.txt of the release:\nhttps://github.com/microsoft/onnxruntime/blob/v${version}/ThirdPartyNotices.txt`,
};

/** Every shipped package with its licence, and the text to ship with them. */
export function thirdPartyNotices(root) {
  const inputs = JSON.parse(readFileSync(join(root, '.cache', 'bundled-inputs.json'), 'utf8'));
  const folders = new Set(copied);
  for (const path of inputs) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder) folders.add(folder);
  }
  const packages = new Map();
  for (const folder of folders) {
    const shipped = describe(join(root, folder));
    packages.set(`${shipped.name}@${shipped.version}`, shipped);
  }
  const sorted = [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const head = `QSpec contains the following third-party software, each under its own licence.\n`;
  const list = sorted.map(({ name, version, licence }) => `  ${name} ${version} (${licence})`).join('\n');
  const line = '-'.repeat(100);
  const texts = sorted.map(
    ({ name, version, licence, text }) => `${line}\n${name} ${version}\n${licence}\n\n${text}\n`,
  );
  return { packages: sorted, text: [head, list, '', ...texts].join('\n') };
}

function describe(folder) {
  const { name, version, license: licence } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!accepted.includes(licence)) throw new Error(`${name} ${version} is shipped and has the licence “${licence}”.`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notices?|copying)(\.|$)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (!files.some((file) => /^(licen[cs]e|copying)/i.test(file))) {
    const holder = holders.find(([pattern]) => pattern.test(name))?.[1];
    if (licence !== 'MIT' || !holder) throw new Error(`${name} ${version} is shipped and holds no licence text.`);
    texts.unshift(mit(holder));
  }
  const remark = remarks[name]?.(version);
  return {
    name,
    version,
    licence,
    text: [...texts, ...(remark ? [remark] : [])].join('\n\n').replaceAll('\r\n', '\n'),
  };
}

const mit = (holder) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
