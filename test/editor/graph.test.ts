import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decodeModel, encodeModel } from '../../engine/onnx/codec.ts';
import { shared } from '../shared.ts';
import { allThemes, inEditor, type Workbench } from './driver/index.ts';
import { exampleFile } from './fixtures.ts';

const squeezenet = shared('models', 'squeezenet_fp32_from_fp16.onnx');
/** SqueezeNet where it is to be had; else the example, which is drawn, searched and clicked just the same. */
const model = squeezenet
  ? { name: 'squeezenet.onnx', layers: 66, layer: 'Conv_0' }
  : { name: 'digits.onnx', layers: 26, layer: 'conv1' };
const bytes = squeezenet ? readFileSync(squeezenet) : exampleFile('digits.onnx');

inEditor('the graph viewer', 'development', (scenario) => {
  scenario(
    `draws ${model.name}, finds layers, shows one that is clicked, colours by sensitivity`,
    { files: { [model.name]: bytes }, timeout: 180_000 },
    async (code) => {
      await code.explorer.contextMenu(model.name, 'Open Graph');
      const view = await code.webviews.withElement('[data-testid="graph"]', 60_000);
      await expect
        .poll(() => view.locator('[data-testid="graph"]').getAttribute('data-layers'))
        .toBe(String(model.layers));
      // Weights alone need no data: the colours come by themselves.
      await view.locator('[data-testid="legend"]').waitFor({ timeout: 60_000 });
      await expect.poll(() => view.locator('[data-testid="legend"]').innerText()).toMatch(/dB/);

      await view.locator('[data-testid="search"] input').click();
      await code.page.keyboard.type('conv');
      await expect.poll(() => view.locator('[data-testid="hits"]').innerText()).toMatch(/\d+ hits/);
      await code.page.keyboard.press('Enter');
      await expect.poll(() => view.locator('[data-testid="hits"]').innerText()).toMatch(/\d+ of \d+/);

      await view.locator('[data-testid="search"] input').fill(model.layer);
      await code.page.keyboard.press('Enter');
      await view.locator(`g[data-layer="${model.layer}"]`).click();
      const details = view.locator('[data-testid="details"]');
      await expect.poll(() => details.innerText()).toMatch(/kernel\s+3×3/);
      expect(await details.innerText()).toContain(model.layer);
      await pictures(code, 'graph');
      await view.locator('[data-testid="fit"]').click();
      await code.setTheme('dark');
      await code.screenshot('graph-fit');

      // Looking elsewhere and coming back shows the same.
      await code.runCommand('File: New Untitled Text File');
      await code.runCommand('View: Close Editor');
      const again = await code.webviews.withElement('[data-testid="graph"]', 60_000);
      await expect.poll(() => again.locator('[data-testid="details"]').innerText()).toMatch(/kernel\s+3×3/);
    },
  );

  scenario(
    'measures sensitivity with the data of a spec',
    { workspace: 'examples/digits', timeout: 120_000 },
    async (code) => {
      await code.explorer.contextMenu('digits.onnx', 'Open Graph');
      const view = await code.webviews.withElement('[data-testid="legend"]', 60_000);
      await view.getByText('Measure sensitivity').first().click();
      await expect
        .poll(() => view.locator('[data-testid="legend"]').innerText(), { timeout: 60_000 })
        .toMatch(/digits\.qspec, 16 samples/);
      await code.screenshot('sensitivity');
    },
  );

  scenario(
    'shows a version from git beside the present one',
    { files: { 'digits.onnx': exampleFile('digits.onnx') }, settings: { 'git.enabled': true }, timeout: 120_000 },
    async (code) => {
      const git = (...args: string[]) => execFileSync('git', ['-C', code.folder, ...args], { stdio: 'pipe' });
      git('init', '-q');
      git('add', '.');
      git('-c', 'user.name=QSpec', '-c', 'user.email=qspec@example.invalid', 'commit', '-qm', 'A model');
      const model = decodeModel(exampleFile('digits.onnx'));
      const layerOf = (name: string) => model.graph!.node.find((own) => own.name === name)!;
      layerOf('relu1').name = 'renamed';
      layerOf('norm1').attribute.find((own) => own.name === 'epsilon')!.f = 0.25;
      writeFileSync(`${code.folder}/digits.onnx`, encodeModel(model));
      await code.reload();
      await code.runCommand('Source Control: Focus on Changes View');
      await code.page.locator('.scm-view .monaco-list-row', { hasText: 'digits.onnx' }).first().click();
      await code.page.locator('.tab.active', { hasText: 'digits.onnx' }).waitFor();
      await code.editor.reopenWith('QSpec Graph');
      await expect.poll(() => code.webviews.count(), { timeout: 30_000 }).toBe(2);
      const [before, after] = [code.webviews.frame(0), code.webviews.frame(1)];
      const line = '[data-testid="comparison"]';
      await expect
        .poll(() => before.locator(line).innerText())
        .toMatch(/Against the file[\s\S]*1 added[\s\S]*1 removed/);
      await expect.poll(() => after.locator(line).innerText()).toMatch(/Against the index|Against HEAD/);
      expect(await before.locator('.card.is-removed').getAttribute('data-layer')).toBe('relu1');
      expect(await after.locator('.card.is-added').getAttribute('data-layer')).toBe('renamed');
      await after.getByTitle('Next difference (N)').click();
      await expect
        .poll(() => after.locator('[data-testid="details"]').innerText())
        .toMatch(/norm1[\s\S]*changed[\s\S]*epsilon\s+0\.00001 → 0\.25/i);
      await pictures(code, 'graph-diff');
      // Alone, a version is marked in nothing.
      await code.runCommand('View: Show Explorer');
      await code.explorer.contextMenu('digits.onnx', 'Open Graph');
      const alone = await code.webviews.withElement('[data-testid="graph"]');
      await expect.poll(() => alone.locator(line).count()).toBe(0);
    },
  );

  scenario(
    'says what is wrong with a file that is no model',
    { files: { 'broken.onnx': 'not a model at all' }, timeout: 120_000 },
    async (code) => {
      await code.explorer.contextMenu('broken.onnx', 'Open Graph');
      const view = await code.webviews.withElement('[data-testid="notice"]', 60_000);
      await expect.poll(() => view.locator('body').innerText()).toMatch(/not an ONNX model|no ONNX model/i);
      await code.screenshot('graph-broken');
    },
  );
});

async function pictures(code: Workbench, name: string): Promise<void> {
  for (const theme of allThemes) {
    await code.setTheme(theme);
    await code.page.waitForTimeout(300);
    await code.screenshot(name);
  }
}
