import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openInOnnxRuntime } from '../onnxruntime.ts';
import { inEditor } from './driver/index.ts';
import { enginesOf, eventually, exampleFile, outputs, slowWorkspace } from './fixtures.ts';
import { quantizesTheExample, report } from './scenarios/quantize.ts';

inEditor('quantising', 'development', (scenario) => {
  quantizesTheExample(scenario);

  scenario('a cancelled run leaves no file', { files: slowWorkspace('slow'), timeout: 180_000 }, async (code) => {
    await code.explorer.contextMenu('slow.qspec', 'Quantize');
    await code.notifications.waitFor(/ \d+\/\d+ · .*left/, 60_000);
    await code.screenshot('progress');
    await code.notifications.click('Quantizing slow.qspec', 'Cancel');
    await code.notifications.waitUntilGone('Quantizing slow.qspec', 10_000);
    expect(outputs(code.folder)).toEqual([]);
    expect(await code.notifications.errors()).toEqual([]);
    // The engine that was cancelled is ready for the next.
    await code.explorer.contextMenu('slow.qspec', 'Quantize');
    await code.notifications.waitFor(/ \d+\/\d+/, 60_000);
    await code.notifications.click('Quantizing slow.qspec', 'Cancel');
    await code.notifications.waitUntilGone('Quantizing slow.qspec', 10_000);
  });

  scenario(
    'an engine killed in mid-run is told of and started again, and the editor lives on',
    { files: slowWorkspace('slow'), timeout: 180_000, expectedErrors: [/The engine ended unexpectedly/] },
    async (code) => {
      await code.editor.open('slow.qspec');
      await code.explorer.contextMenu('slow.qspec', 'Quantize');
      await code.notifications.waitFor(/ \d+\/\d+/, 60_000);
      const [first] = await eventually('an engine', () => nonEmpty(enginesOf(code.server.folder)));
      process.kill(first!, 'SIGKILL');
      await code.notifications.waitFor(/engine ended unexpectedly \(signal SIGKILL\)/);
      await code.screenshot('engine-killed');
      expect(outputs(code.folder)).toEqual([]);
      expect(await code.editor.hover('int8')).toMatch(/8/);
      await code.editor.leaveHover();
      await code.notifications.click('engine ended unexpectedly', 'Run Again');
      await code.notifications.waitFor(/ \d+\/\d+/, 60_000);
      const [second] = await eventually('another engine', () => nonEmpty(enginesOf(code.server.folder)));
      expect(second).not.toBe(first);
      await code.notifications.click('Quantizing slow.qspec', 'Cancel');
      await code.notifications.waitUntilGone('Quantizing slow.qspec', 10_000);
    },
  );

  scenario(
    'a second run waits for the first, and a reload in mid-run is told of',
    { files: slowWorkspace('one', 'two'), timeout: 180_000 },
    async (code) => {
      await code.explorer.contextMenu('one.qspec', 'Quantize');
      await code.notifications.waitFor(/ \d+\/\d+/, 60_000);
      await code.explorer.contextMenu('two.qspec', 'Quantize');
      await code.notifications.waitFor(/Quantizing two\.qspec.*Waiting for another run/s);
      await code.screenshot('queue');
      await code.notifications.click('Quantizing two.qspec', 'Cancel');
      await code.notifications.waitUntilGone('Quantizing two.qspec', 10_000);
      await code.reload();
      await code.notifications.waitFor(/one\.qspec ended when its window was closed or reloaded/);
      await eventually('no engine left', () => enginesOf(code.server.folder).length === 0);
      expect(outputs(code.folder)).toEqual([]);
    },
  );

  scenario(
    'a model without a spec gets a starter spec; data that lie beside it and fit are used without asking',
    { files: { 'digits.onnx': exampleFile('digits.onnx'), 'digits.npz': exampleFile('digits.npz') }, timeout: 120_000 },
    async (code) => {
      await code.explorer.contextMenu('digits.onnx', 'Quantize');
      await code.webviews.withElement(report, 60_000);
      const spec = readFileSync(join(code.folder, 'digits.qspec'), 'utf8');
      expect(spec).toMatch(/^data calibration npz "digits\.npz"/m);
      expect(outputs(code.folder)).toContain('digits.int8.onnx');
    },
  );

  scenario(
    'without data a person is asked, and weights alone need none',
    { files: { 'digits.onnx': exampleFile('digits.onnx') }, timeout: 120_000 },
    async (code) => {
      await code.explorer.contextMenu('digits.onnx', 'Quantize');
      await code.quickInputRows.filter({ hasText: 'Weights only' }).waitFor({ timeout: 60_000 });
      await code.screenshot('ask-for-data');
      await code.pick('Weights only');
      await code.webviews.withElement(report, 60_000);
      expect(readFileSync(join(code.folder, 'digits.qspec'), 'utf8')).not.toMatch(/^data /m);
      const session = await openInOnnxRuntime(join(code.folder, 'out', 'digits.int8.onnx'));
      await session.release();
    },
  );

  scenario(
    'what runs is what was typed: unsaved changes are saved, and an error is shown instead of a run',
    { workspace: 'examples/digits', timeout: 120_000, expectedErrors: [/digits\.qspec was not run/] },
    async (code) => {
      await code.editor.open('digits.qspec');
      await code.editor.replace('out/digits.int8.onnx', 'out/typed.onnx');
      await code.runCommand('QSpec: Quantize');
      await code.webviews.withElement(report, 60_000);
      expect(outputs(code.folder)).toContain('typed.onnx');
      await code.editor.open('digits.qspec');
      await code.editor.replace('op Conv', 'op Cnv');
      await code.runCommand('QSpec: Quantize');
      await code.notifications.waitFor(/digits\.qspec was not run/);
      expect(existsSync(join(code.folder, 'out', 'typed.onnx'))).toBe(true);
    },
  );

  scenario(
    'a spec that is in no file yet asks where to, and does not run before it is told',
    { workspace: 'examples/digits', timeout: 120_000 },
    async (code) => {
      await code.runCommand('File: New Untitled Text File');
      await code.runCommand('Change Language Mode');
      await code.quickInput.fill('QSpec');
      await code.pick('QSpec');
      await code.editor.insert(
        'qspec 1\nmodel "digits.onnx"\nquantize { weights int8 }\nexport onnx qdq "out/typed.onnx"\n',
      );
      await code.runCommand('QSpec: Quantize');
      await expect.poll(() => code.quickInput.inputValue()).toMatch(/\.qspec$/);
      await code.screenshot('save-untitled');
      await code.page.keyboard.press('Escape');
      await code.page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
      expect(outputs(code.folder)).toEqual([]);

      await code.runCommand('QSpec: Quantize');
      await expect.poll(() => code.quickInput.inputValue()).toMatch(/\.qspec$/);
      await code.quickInput.fill(join(code.folder, 'typed.qspec'));
      await code.page.keyboard.press('Enter');
      await code.webviews.withElement(report, 60_000);
      expect(readFileSync(join(code.folder, 'typed.qspec'), 'utf8')).toContain('out/typed.onnx');
      expect(outputs(code.folder)).toContain('typed.onnx');
    },
  );
});

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
