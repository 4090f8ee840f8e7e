import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';
import { expect } from 'vitest';
import { allThemes, inEditor, type Workbench } from './driver/index.ts';
import { exampleFile } from './fixtures.ts';

/** The example with rules that get in each other's way. */
const spec = `qspec 1
model "digits.onnx"

target cortex-m7 { latency <= 5 ms }

data calibration npz "digits.npz" { array x  scale 1/16  split "splits.json" part calibration }

quantize {
  weights int8 symmetric per-channel
  activations uint8 affine per-tensor
  layers op Conv { weights int4 }
  layers op Conv where depthwise { weights int8 per-tensor }
  layers first keep float
}
`;
/** Fewer channels everywhere, and the classifier in two. */
const prunedSpec = `qspec 1
model "digits.onnx"

target cortex-m4 { energy <= 2 mJ }

data calibration npz "digits.npz" { array x  scale 1/16  split "splits.json" part calibration }

prune {
  channels 25 %
  layers op Gemm { rank 3 }
}
quantize {
  weights int4 symmetric per-channel
  activations uint8 affine per-tensor
  layers "*/down" { weights int8 }
}
`;
/** With the note behind its head. */
const depthwiseRule = expect.stringMatching(/^layers op Conv where depthwise/);
const example = { workspace: 'examples/digits', files: { 'a.qspec': spec } };

inEditor('the resolved plan', 'development', (scenario) => {
  scenario(
    'shows what each layer gets beside the spec, and where that is decided, in both directions',
    { ...example, timeout: 180_000 },
    async (code) => {
      const plan = await opened(code, 'a.qspec');
      const rows = plan.locator('.layer');
      await expect.poll(() => plan.locator('[data-testid="plan"]').getAttribute('data-layers')).toBe('26');
      expect(await row(plan, 'conv1').innerText()).toMatch(/float[\s\S]*13\s+layers first/);
      expect(await plan.locator('[data-testid="totals"]').innerText()).toMatch(/All 26[\s\S]*KiB/);

      // From the table to the spec: a click selects the rule and leaves the focus here.
      await row(plan, 'depthwise1').click();
      await expect.poll(() => code.editor.selectedLines()).toEqual([depthwiseRule]);
      const detail = plan.locator('[data-testid="layer-detail"]');
      expect(await detail.innerText()).toMatch(/int8 symmetric per-tensor/);
      // The rule that it leads to marks all its layers.
      await expect.poll(() => plan.locator('.layer.decides').count()).toBe(2);
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.page.waitForTimeout(300);
        await code.screenshot('plan');
      }
      await detail.getByText('Close').click();

      // From the spec to the table: what a later rule overrides is told from what is decided.
      await code.runCommand('View: Focus First Editor Group');
      await code.editor.goTo(11, 12);
      const cursor = plan.locator('[data-testid="cursor"]');
      await expect
        .poll(() => cursor.innerText())
        .toMatch(/line 11:\s*layers op Conv[\s\S]*decided by it[\s\S]*overridden/);
      expect(await row(plan, 'depthwise1').getAttribute('class')).toMatch(/overridden/);
      expect(await row(plan, 'conv1').getAttribute('class')).toMatch(/overridden/);
      expect(await row(plan, 'pointwise1').getAttribute('class')).toMatch(/decides/);
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.screenshot('plan-cursor');
      }

      // Only what a rule changes, sorted by the rule.
      await plan.locator('[data-testid="changed-only"]').click();
      await expect.poll(() => plan.locator('[data-testid="count"]').innerText()).toMatch(/^[1-9] of 26 layers/);
      await plan.getByText('Decided by', { exact: true }).click();
      await expect.poll(() => rows.first().innerText()).toMatch(/11\s+layers op Conv/);
    },
  );

  scenario(
    'follows what is typed, and keeps the last plan while the text cannot be read',
    { ...example, timeout: 180_000 },
    async (code) => {
      const plan = await opened(code, 'a.qspec');
      await expect.poll(() => row(plan, 'classifier').innerText()).toMatch(/int8/);
      await code.editor.replace('weights int8 symmetric', 'weights int4 symmetric');
      await expect.poll(() => row(plan, 'classifier').innerText()).toMatch(/int4/);

      await code.editor.replace('keep float', 'keep float }}');
      const note = plan.locator('[data-testid="note"]');
      await expect.poll(() => note.innerText()).toMatch(/Line 1\d cannot be read yet/);
      expect(await row(plan, 'classifier').innerText()).toMatch(/int4/);
      await code.screenshot('plan-stale');
      await code.editor.replace('keep float }}', 'keep float');
      await expect.poll(() => note.isHidden()).toBe(true);

      await code.editor.replace('model "digits.onnx"', '//');
      const notice = await code.webviews.withElement('[data-testid="notice"]');
      expect(await notice.locator('body').innerText()).toContain('names no model');
      await code.screenshot('plan-empty');
    },
  );

  scenario(
    'counts a pruned network as it will be, layers that a split adds among them',
    { workspace: 'examples/digits', files: { 'a.qspec': prunedSpec }, timeout: 180_000 },
    async (code) => {
      const plan = await opened(code, 'a.qspec');
      await expect.poll(() => plan.locator('[data-testid="plan"]').getAttribute('data-layers')).toBe('27');
      expect(await row(plan, 'classifier/down').innerText()).toMatch(/int8/);
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.page.waitForTimeout(300);
        await code.screenshot('plan-pruned');
      }
    },
  );

  scenario('is used by keys alone, and leads to the graph', { ...example, timeout: 180_000 }, async (code) => {
    const plan = await opened(code, 'a.qspec');
    const { keyboard } = code.page;
    expect(await plan.locator('[data-testid="layers"]').getAttribute('role')).toBe('grid');
    await plan.locator('[data-testid="filter"] input').click();
    await keyboard.type('depthwise2');
    await expect.poll(() => plan.locator('[data-testid="count"]').innerText()).toBe('1 of 26 layers');
    // Over the checkbox into the table, from the heads to the layer.
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    await keyboard.press('ArrowDown');
    await expect.poll(() => plan.locator(':focus').getAttribute('role')).toBe('rowheader');
    await keyboard.press('Space');
    await plan.locator('[data-testid="layer-detail"]').waitFor();
    await keyboard.press('Enter');
    await expect.poll(() => code.editor.selectedLines()).toEqual([depthwiseRule]);
    await code.page.locator('.monaco-editor.focused').waitFor();

    await plan.getByText('Show in graph').click();
    const graph = await code.webviews.withElement('[data-testid="graph"]', 60_000);
    await expect
      .poll(() => graph.locator('[data-testid="details"]').innerText(), { timeout: 30_000 })
      .toMatch(/depthwise2/);
  });

  scenario(
    'follows the spec that is edited, unless it is to stay; a reload brings it back',
    {
      ...example,
      files: { ...example.files, 'b.qspec': 'qspec 1\nmodel "digits.onnx"\nquantize { weights int2 }\n' },
      timeout: 180_000,
      // What VS Code asks at the moment of a reload is not answered any more.
      expectedErrors: [/provider FAILED/],
    },
    async (code) => {
      const title = async () => (await code.webviews.withElement('[data-testid="plan"]')).locator('h1').innerText();
      await opened(code, 'a.qspec');
      await code.editor.open('b.qspec');
      await expect.poll(title).toBe('b.qspec');
      const plan = await code.webviews.withElement('[data-testid="pin"]');
      await plan.locator('[data-testid="pin"]').click();
      // A file opens where the focus is; the view is to stay in sight.
      await code.runCommand('View: Focus First Editor Group');
      await code.editor.open('a.qspec');
      await code.page.waitForTimeout(1000);
      expect(await title()).toBe('b.qspec');
      await code.stateSaved();
      await code.reload();
      await expect.poll(title, { timeout: 60_000 }).toBe('b.qspec');
    },
  );

  scenario(
    'in an untrusted workspace says why it is empty',
    {
      ...example,
      settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
      timeout: 180_000,
    },
    async (code) => {
      await code.editor.open('a.qspec');
      await code.runCommand('QSpec: Show Resolved Plan');
      const notice = await code.webviews.withElement('[data-testid="notice"]', 60_000);
      expect(await notice.locator('body').innerText()).toContain('not trusted');
      await code.screenshot('plan-untrusted');
    },
  );

  scenario(
    'works in the web extension host',
    { ...example, settings: { 'remote.extensionKind': { 'qspec.qspec': ['web'] } }, timeout: 180_000 },
    async (code) => {
      const plan = await opened(code, 'a.qspec');
      await row(plan, 'depthwise1').click();
      await expect.poll(() => code.editor.selectedLines()).toEqual([depthwiseRule]);
    },
  );

  scenario(
    'names and rules of a model and a spec are text',
    { files: { 'digits.onnx': exampleFile('digits.onnx') }, timeout: 180_000 },
    async (code) => {
      const hostile = `qspec 1\nmodel "digits.onnx"\nquantize {\n  weights int8\n  layer "<img src=x onerror='document.title=1'>" optional { weights int4 }\n}\n`;
      writeFileSync(join(code.folder, 'hostile.qspec'), hostile);
      const plan = await opened(code, 'hostile.qspec');
      await code.editor.goTo(5, 6);
      await expect
        .poll(() => plan.locator('[data-testid="cursor"]').innerText())
        .toMatch(/<img[\s\S]*matches no layer/);
      expect(await plan.locator('img, script:not([src]):not(#_vscodeApiScript)').count()).toBe(0);
    },
  );
});

/** Opens a spec and its plan beside it. */
async function opened(code: Workbench, spec: string): Promise<FrameLocator> {
  await code.editor.open(spec);
  await code.runCommand('QSpec: Show Resolved Plan');
  return code.webviews.withElement('[data-testid="plan"]', 60_000);
}

function row(plan: FrameLocator, layer: string): Locator {
  return plan.locator(`.layer[data-layer="${layer}"]`);
}
