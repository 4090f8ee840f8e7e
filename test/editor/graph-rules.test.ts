import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator } from 'playwright-core';
import { expect } from 'vitest';
import { allThemes, inEditor, type Workbench } from './driver/index.ts';
import { exampleFile } from './fixtures.ts';

const spec = `qspec 1
model "digits.onnx"

quantize {
  weights int8 symmetric per-channel

  layers op Gemm keep float
}
`;

/** Notes between the lines would stand among their texts. */
const settings = { 'qspec.inlayHints.enabled': false };

inEditor('rules from the graph', 'development', (scenario) => {
  scenario(
    'layers are selected one by one, by their operator, on a way and in a frame, and a rule for them is written',
    { files: { 'digits.onnx': exampleFile('digits.onnx'), 'a.qspec': spec }, settings, timeout: 240_000 },
    async (code) => {
      await code.editor.open('a.qspec');
      const graph = await opened(code);
      // Room for the graph beside the spec: layers are clicked where they stand.
      await code.runCommand('View: Toggle Primary Side Bar Visibility');
      const details = graph.locator('[data-testid="details"]');
      await card(graph, 'conv1').click();
      await expect.poll(() => details.innerText()).toMatch(/layer "conv1"/);
      await card(graph, 'depthwise1').click({ modifiers: ['ControlOrMeta'] });
      await expect.poll(() => details.locator('h2').innerText()).toBe('2 layers');
      await details.locator('[data-testid="select-alike"]').click();
      await expect.poll(() => ways(graph)).toContain('layers op Conv');
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.page.waitForTimeout(300);
        await code.screenshot('graph-selection');
      }

      await graph.locator('[data-testid="add-rule"]').click();
      // The format is to be chosen: the list of formats is open, the first stands there.
      const formats = code.page.locator('.suggest-widget.visible .monaco-list-row .label-name');
      await formats.first().waitFor();
      await code.screenshot('graph-rule');
      expect(await text(code)).toContain('  layers op Gemm keep float\n  layers op Conv { weights int4 }\n}\n');
      await code.editor.complete('int16');
      await expect.poll(() => text(code)).toContain('  layers op Conv { weights int16 }\n}\n');
      // Beside it the graph shows which layers the rule is about.
      await expect
        .poll(() => graph.locator('[data-testid="rule-at-cursor"]').innerText())
        .toMatch(/a\.qspec, line 8:\s*layers op Conv\s*\d+ layers/);
      expect(await card(graph, 'conv1').locator('.rule-frame').count()).toBe(1);
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.page.waitForTimeout(300);
        await code.screenshot('graph-rule-at-cursor');
      }
      // One step takes back the choice, another the rule.
      await code.editor.focus();
      for (let i = 0; i < 2; i++) await code.page.keyboard.press('ControlOrMeta+z');
      await expect.poll(() => text(code)).toBe(spec);

      // By keys: from one to another with all between; what is on a way is a rule of its own kind.
      await card(graph, 'conv1').click();
      await code.page.keyboard.press('Shift+ArrowDown');
      await code.page.keyboard.press('Shift+ArrowDown');
      await code.page.keyboard.press('Shift+ArrowDown');
      await expect.poll(() => details.locator('h2').innerText()).toBe('4 layers');
      await expect.poll(() => ways(graph)).toContain('layers from "conv1" to "depthwise1"');
      await code.page.keyboard.press('Escape');
      await frame(code, graph, 'norm1', 'depthwise1');
      await expect.poll(() => details.locator('h2').innerText()).toBe('3 layers');
      await card(graph, 'conv1').click();
      await card(graph, 'depthwise1').click({ modifiers: ['Shift'] });
      await expect.poll(() => details.locator('h2').innerText()).toBe('4 layers');
      await graph.getByText(/from "conv1"/).click();
      await code.page.keyboard.press('r');
      await expect.poll(() => text(code)).toMatch(/ {2}layers from "conv1" to "depthwise1" \{ weights int4 \}\n\}/);
    },
  );

  scenario(
    'what is selected in graph, plan or spec is shown in the others',
    { files: { 'digits.onnx': exampleFile('digits.onnx'), 'a.qspec': spec }, settings, timeout: 240_000 },
    async (code) => {
      await code.editor.open('a.qspec');
      await code.runCommand('QSpec: Show Resolved Plan');
      const plan = await code.webviews.withElement('[data-testid="plan"]', 60_000);
      const graph = await opened(code);
      await code.runCommand('View: Move Editor into Group Below');
      await graph.locator('[data-testid="search"] input').fill('classifier');
      await code.page.keyboard.press('Enter');
      await card(graph, 'classifier').click();
      // To the plan and to the deciding line.
      await expect.poll(() => plan.locator('[data-testid="layer-detail"] h2').innerText()).toBe('classifier');
      await code.page
        .locator('.monaco-editor [class*="ced-"][class*="-whole-line"], .monaco-editor .cdr[class*="ced-"]')
        .first()
        .waitFor();
      await code.screenshot('graph-plan-spec');
      // From the plan to the graph.
      await plan.locator('.layer[data-layer="conv1"]').click();
      await expect.poll(() => card(graph, 'conv1').getAttribute('class')).toMatch(/\bselected\b/);
      // From the spec to the graph.
      await code.runCommand('View: Focus First Editor Group');
      await code.editor.goTo(7, 5);
      await expect
        .poll(() => graph.locator('[data-testid="rule-at-cursor"]').innerText())
        .toMatch(/line 7:\s*layers op Gemm/);
      await code.editor.goTo(5, 5);
      await expect.poll(() => graph.locator('[data-testid="rule-at-cursor"]').count()).toBe(0);
    },
  );

  scenario(
    'of several specs one is chosen',
    {
      files: { 'digits.onnx': exampleFile('digits.onnx'), 'a.qspec': spec, 'b.qspec': spec },
      settings,
      timeout: 240_000,
    },
    async (code) => {
      const graph = await opened(code);
      await card(graph, 'conv1').click();
      await graph.locator('[data-testid="keep-float"]').click();
      await expect.poll(() => code.quickInput.getAttribute('placeholder')).toBe('Which spec is the rule for?');
      await code.pick('b.qspec');
      await expect.poll(() => text(code)).toContain('  layer "conv1" keep float\n}\n');
      await code.editor.save();
      const saved = (name: string) => readFileSync(join(code.folder, name), 'utf8');
      await expect.poll(() => saved('b.qspec')).toContain('"conv1"');
      expect(saved('a.qspec')).toBe(spec);
    },
  );

  scenario(
    'where no spec names the model one is begun with the rule',
    { files: { 'digits.onnx': exampleFile('digits.onnx') }, settings, timeout: 120_000 },
    async (code) => {
      const graph = await opened(code);
      await card(graph, 'conv1').click();
      await graph.locator('[data-testid="keep-float"]').click();
      await expect.poll(() => existsSync(join(code.folder, 'digits.qspec'))).toBe(true);
      await expect.poll(() => text(code)).toMatch(/ {2}layer "conv1" keep float\n\}/);
    },
  );
});

async function opened(code: Workbench): Promise<FrameLocator> {
  await code.explorer.contextMenu('digits.onnx', 'Open Graph');
  return code.webviews.withElement('[data-testid="graph"] .card', 60_000);
}

/** The lines on the screen; a spec of the scenarios is on it whole. */
async function text(code: Workbench): Promise<string> {
  return (await code.editor.visibleLines()).join('\n');
}

const card = (graph: FrameLocator, layer: string) => graph.locator(`g[data-layer="${layer}"]`);

/** Draws a frame around two cards that are in sight. */
async function frame(code: Workbench, graph: FrameLocator, from: string, to: string): Promise<void> {
  const [first, last] = [await card(graph, from).boundingBox(), await card(graph, to).boundingBox()];
  const { mouse, keyboard } = code.page;
  await keyboard.down('Shift');
  await mouse.move(first!.x - 20, first!.y + 5);
  await mouse.down();
  await mouse.move(last!.x + last!.width + 20, last!.y + last!.height / 2, { steps: 4 });
  await mouse.up();
  await keyboard.up('Shift');
}

/** How the rule would begin, one way each. */
async function ways(graph: FrameLocator): Promise<string[]> {
  return graph.locator('[data-testid="rule-section"] .ways code').allInnerTexts();
}
