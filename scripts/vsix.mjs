// The container of a VS Code extension: a zip with the extension's files under `extension/`, a manifest and a list of content types.
import { zipSync } from 'fflate';

/** Types by file name extension; what is missing here stops the packaging. */
const types = {
  cjs: 'application/javascript',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  md: 'text/markdown',
  mjs: 'application/javascript',
  npz: 'application/zip',
  onnx: 'application/octet-stream',
  png: 'image/png',
  qspec: 'text/plain',
  svg: 'image/svg+xml',
  ttf: 'font/ttf',
  txt: 'text/plain',
  vsixmanifest: 'text/xml',
  wasm: 'application/wasm',
};

/** The oldest date that a zip can hold: the same files give the same bytes. */
const date = new Date(1980, 0, 1, 12);

/**
 * Bytes of the `.vsix`. `files` maps paths inside the extension to contents; `translate` gives the text behind a `%key%`
 * of the manifest.
 */
export function vsix(manifest, files, translate) {
  const entries = {
    'extension.vsixmanifest': encode(packageManifest(manifest, files, translate)),
    '[Content_Types].xml': encode(contentTypes(Object.keys(files))),
  };
  for (const path of Object.keys(files).sort()) entries[`extension/${path}`] = files[path];
  return zipSync(entries, { level: 9, mtime: date });
}

function packageManifest(manifest, files, translate) {
  const properties = {
    'Microsoft.VisualStudio.Code.Engine': manifest.engines.vscode,
    'Microsoft.VisualStudio.Code.ExtensionDependencies': '',
    'Microsoft.VisualStudio.Code.ExtensionPack': '',
    'Microsoft.VisualStudio.Code.ExtensionKind': (manifest.extensionKind ?? ['workspace', 'web']).join(','),
    'Microsoft.VisualStudio.Code.LocalizedLanguages': '',
    'Microsoft.VisualStudio.Code.ExecutesCode': 'true',
  };
  const assets = {
    'Microsoft.VisualStudio.Code.Manifest': 'package.json',
    'Microsoft.VisualStudio.Services.Content.Details': 'README.md',
    'Microsoft.VisualStudio.Services.Content.Changelog': 'CHANGELOG.md',
    'Microsoft.VisualStudio.Services.Content.License': 'LICENSE.txt',
    'Microsoft.VisualStudio.Services.Icons.Default': manifest.icon,
  };
  const present = Object.entries(assets).filter(([, path]) => path && files[path]);
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">',
    '  <Metadata>',
    `    <Identity Language="en-US" Id="${xml(manifest.name)}" Version="${xml(manifest.version)}" Publisher="${xml(manifest.publisher)}"/>`,
    `    <DisplayName>${xml(translate(manifest.displayName))}</DisplayName>`,
    `    <Description xml:space="preserve">${xml(translate(manifest.description))}</Description>`,
    `    <Tags>${xml((manifest.keywords ?? []).join(','))}</Tags>`,
    `    <Categories>${xml((manifest.categories ?? []).join(','))}</Categories>`,
    '    <GalleryFlags>Public</GalleryFlags>',
    '    <Properties>',
    ...Object.entries(properties).map(([id, value]) => `      <Property Id="${id}" Value="${xml(value)}"/>`),
    '    </Properties>',
    ...(files['LICENSE.txt'] ? ['    <License>extension/LICENSE.txt</License>'] : []),
    ...(manifest.icon ? [`    <Icon>extension/${xml(manifest.icon)}</Icon>`] : []),
    '  </Metadata>',
    '  <Installation>',
    '    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>',
    '  </Installation>',
    '  <Dependencies/>',
    '  <Assets>',
    ...present.map(([type, path]) => `    <Asset Type="${type}" Path="extension/${xml(path)}" Addressable="true"/>`),
    '  </Assets>',
    '</PackageManifest>',
  ];
  return `${lines.join('\n')}\n`;
}

function contentTypes(paths) {
  const extensions = new Set(['vsixmanifest', ...paths.map((path) => /\.([^./]+)$/.exec(path)?.[1] ?? '')]);
  const defaults = [...extensions].sort().map((extension) => {
    if (!types[extension]) throw new Error(`scripts/vsix.mjs has no content type for files in “.${extension}”.`);
    return `  <Default Extension=".${extension}" ContentType="${types[extension]}"/>`;
  });
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">',
    ...defaults,
    '</Types>\n',
  ].join('\n');
}

const encode = (text) => new TextEncoder().encode(text);

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const xml = (text) => String(text).replaceAll(/[&<>"']/g, (character) => entities[character]);
