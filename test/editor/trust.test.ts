import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { decodeModel, encodeModel } from '../../engine/onnx/codec.ts';
import { changed } from '../../engine/onnx/proto.ts';
import { inEditor } from './driver/index.ts';
import { enginesOf, exampleFile, outputs } from './fixtures.ts';

const restricted = { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' };

/** What a name may try: to be markup, a link that runs a command, an icon, another reading order, or just long. */
const hostileNames = [
  '<img src=x onerror="document.title=1">',
  '[click](command:workbench.action.closeWindow)',
  '![x](https://example.invalid/x.png)',
  '</script><script>document.title=1</script>',
  '$(zap) `code` **bold**',
  '\u202egnihton',
  'x'.repeat(20_000),
];

/** The example's model with layers that are called so. */
function hostileModel(): Uint8Array {
  const model = decodeModel(exampleFile('digits.onnx'));
  const node = model.graph!.node.map((old, i) => changed(old, { name: hostileNames[i] ?? old.name }));
  return encodeModel(changed(model, { graph: changed(model.graph!, { node }) }));
}

const specOf = (model: string, place: string) =>
  `qspec 1\nmodel "${model}"\nquantize { weights int8 }\nexport onnx qdq "${place}"\n`;

/** Specs that reach out of their workspace, each in another way. */
const reachingOut = {
  'up.qspec': specOf('../outside/secret.onnx', 'a.onnx'),
  'absolute.qspec': specOf('/etc/hostname', 'a.onnx'),
  'link.qspec': specOf('link.onnx', 'a.onnx'),
  'unc.qspec': specOf(String.raw`\\\\192.0.2.1\\share\\m.onnx`, 'a.onnx'),
  'device.qspec': specOf('/dev/zero', 'a.onnx'),
  'export.qspec': specOf('digits.onnx', '../outside/a.onnx'),
  'exportlink.qspec': specOf('digits.onnx', 'out/a.onnx'),
};

inEditor('trust and hostile files', 'development', (scenario) => {
  scenario(
    'Restricted Mode: colours and no more, until trust is given',
    {
      workspace: 'examples/digits',
      files: { 'odd.qspec': 'qspec 1\nmodel "digits.onnx"\nquantize { weights int8 layer "nowhere" keep float }\n' },
      settings: restricted,
      timeout: 180_000,
    },
    async (code) => {
      await code.editor.open('odd.qspec');
      const colours = [await code.editor.colourOf('qspec'), await code.editor.colourOf('"digits.onnx"')];
      expect(new Set(colours).size).toBe(2);
      // The finding about the layer needs the model, and the model is not opened.
      await code.page.waitForTimeout(3000);
      expect(await code.problems.squiggles().count()).toBe(0);

      await code.explorer.contextMenu('digits.onnx', 'Open Graph');
      const view = await code.webviews.withElement('[data-testid="notice"]', 30_000);
      expect(await view.locator('body').innerText()).toContain('not trusted');
      await code.screenshot('restricted');
      expect(enginesOf(code.server.folder)).toEqual([]);
      expect(outputs(code.folder)).toEqual([]);

      await view.getByText('Manage Trust').click();
      await code.page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
      await code.editor.open('odd.qspec');
      await code.problems.waitForSquiggle('error', 30_000);
    },
  );

  scenario(
    'names of layers are text wherever they are shown',
    {
      files: {
        'hostile.onnx': hostileModel(),
        'hostile.qspec':
          'qspec 1\nmodel "hostile.onnx"\nquantize {\n  weights int8\n  layers op Conv { weights int8 }\n}\nexport onnx qdq "out/a.onnx"\n',
      },
      timeout: 180_000,
    },
    async (code) => {
      const title = await code.page.title();
      await code.editor.open('hostile.qspec');
      await code.problems.waitForNoSquiggle();
      const hover = await until(
        () => code.editor.hover('layers'),
        (text) => /\d+ layers/.test(text),
      );
      expect(hover).toContain('onerror');
      expect(await code.page.locator('.monaco-hover a[data-href^="command:"], .monaco-hover img').count()).toBe(0);
      await code.screenshot('hostile-hover');
      await code.editor.leaveHover();

      await code.explorer.contextMenu('hostile.onnx', 'Open Graph');
      const graph = await code.webviews.withElement('[data-testid="graph"]', 60_000);
      await graph.locator('g[data-layer]').first().click({ force: true });
      expect(await graph.locator('img, script:not([src]):not(#_vscodeApiScript)').count()).toBe(0);
      await code.screenshot('hostile-graph');

      await code.explorer.contextMenu('hostile.qspec', 'Quantize');
      const report = await code.webviews.withElement('[data-testid="report"]', 60_000);
      expect(await report.locator('img, script:not([src]):not(#_vscodeApiScript)').count()).toBe(0);
      await code.screenshot('hostile-report');
      expect(await code.page.title()).not.toBe('1');
      expect(title).not.toBe('1');
    },
  );

  scenario(
    'a spec reaches nothing outside the workspace',
    {
      files: { 'digits.onnx': exampleFile('digits.onnx'), ...reachingOut },
      timeout: 180_000,
      expectedErrors: [/\.qspec (was not run|could not be run)/],
    },
    async (code) => {
      const outside = join(code.folder, '..', 'outside');
      mkdirSync(outside);
      writeFileSync(join(outside, 'secret.onnx'), exampleFile('digits.onnx'));
      symlinkSync(join(outside, 'secret.onnx'), join(code.folder, 'link.onnx'));
      symlinkSync(outside, join(code.folder, 'out'));
      for (const name of Object.keys(reachingOut)) {
        await code.explorer.contextMenu(name, 'Quantize');
        await code.notifications.waitFor(
          new RegExp(`${name.replace('.', '\\.')} (was not run|could not be run)`),
          60_000,
        );
        await code.notifications.clear();
      }
      expect(readdirSync(outside)).toEqual(['secret.onnx']);
      expect(readFileSync(join(outside, 'secret.onnx'))).toEqual(Buffer.from(exampleFile('digits.onnx')));
    },
  );
});

async function until(look: () => Promise<string>, holds: (text: string) => boolean): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const text = await look();
    if (holds(text) || attempt === 5) return text;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
