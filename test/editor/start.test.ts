import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../shared.ts';
import { allThemes, inEditor } from './driver/index.ts';
import { exampleFile } from './fixtures.ts';
import { report } from './scenarios/quantize.ts';

const manifest: { contributes: { configuration: { properties: Record<string, { scope?: string }> } } } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

inEditor('getting started', 'development', (scenario) => {
  scenario('the walkthrough leads from nothing to a quantised example', { timeout: 240_000 }, async (code) => {
    const { page } = code;
    const open = async () => {
      await code.runCommand('Welcome: Open Walkthrough...');
      await code.pick('Make a network smaller with QSpec');
      await page.locator('.gettingStartedContainer .getting-started-step').first().waitFor();
    };
    const press = async (step: string, button: string) => {
      await open();
      await page.locator('.getting-started-step', { hasText: step }).first().click();
      await page.locator('.getting-started-step.expanded .monaco-button', { hasText: button }).first().click();
    };
    await open();
    await page.locator('.gettingStartedContainer img').first().waitFor();
    for (const theme of allThemes) {
      await code.setTheme(theme);
      await page.waitForTimeout(500);
      await code.screenshot('walkthrough');
    }
    await code.setTheme('dark');
    await press('Open the example', 'Open Example');
    await code.pick('Into empty');
    await page.locator('.tab.active[data-resource-name="digits.qspec"]').waitFor();
    const folder = join(code.folder, 'qspec-example');
    expect(readFileSync(join(folder, 'digits.onnx')).equals(exampleFile('digits.onnx'))).toBe(true);
    await press('Look at the network', 'Open Graph');
    await code.webviews.withElement('[data-testid="graph"] .card', 60_000);
    await press('See what the spec decides', 'Show Resolved Plan');
    await code.webviews.withElement('[data-testid="plan"]', 60_000);
    await press('Quantize and judge', 'Quantize');
    await code.pick('digits.qspec');
    const view = await code.webviews.withElement(report, 120_000);
    expect(await view.locator(report).innerText()).toContain('Top-1');
    expect(existsSync(join(folder, 'out', 'digits.int8.onnx'))).toBe(true);
    await open();
    const done = page.locator('.getting-started-step .codicon-getting-started-step-checked');
    await expect.poll(() => done.count()).toBe(4);
    await code.screenshot('walkthrough-done');
  });

  scenario('the settings say what they are for', {}, async (code) => {
    await code.runCommand('Preferences: Open Settings (UI)');
    await code.page.locator('.settings-editor .suggest-input-container').first().click();
    await code.page.keyboard.type('@ext:qspec.qspec');
    // The list draws only what is in sight, so the editor's own count is read:
    // one each, and one for what is overridden for the language.
    const found = code.page.locator('.settings-editor .settings-count-widget');
    const settings = Object.values(manifest.contributes.configuration.properties);
    const ofMachine = settings.filter(({ scope }) => scope?.startsWith('machine')).length;
    await expect.poll(() => found.innerText()).toMatch(new RegExp(`^${settings.length - ofMachine + 1} `));
    await code.screenshot('settings');
    // What is a matter of the machine is set where it is.
    await code.page.locator('.settings-editor .action-label', { hasText: 'Remote' }).first().click();
    await expect.poll(() => found.innerText()).toMatch(new RegExp(`^${settings.length + 1} `));
    await code.screenshot('settings-machine');
  });
});
