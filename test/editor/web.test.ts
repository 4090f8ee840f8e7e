import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { inEditor } from './driver/index.ts';
import { enginesOf, exportedByCommandLine, outputs } from './fixtures.ts';

/** Runs the extension in the window's own extension host, a worker of the browser, as in VS Code for the Web. */
const inTheWeb = { 'remote.extensionKind': { 'qspec.qspec': ['web'] } };

inEditor('the web extension host', 'development', (scenario) => {
  scenario(
    'knows of a spec what the desktop knows: the language server is a worker',
    { workspace: 'examples/digits', settings: inTheWeb, timeout: 240_000 },
    async (code) => {
      await code.editor.open('digits.qspec');
      await code.editor.select('op Conv where depthwise');
      // The model comes through the window's file system.
      await expect.poll(() => code.editor.hover('layers op').catch(() => ''), { timeout: 60_000 }).toMatch(/2 layers/);
      await code.editor.leaveHover();
      await code.editor.select('digits.onnx');
      await code.page.keyboard.press('Delete');
      expect(await code.editor.completions()).toContain('digits.onnx');
      await code.editor.complete('digits.onnx');
      await code.editor.select('int8 symmetric per-channel');
      expect(await code.editor.quickFixes()).toContain('Name this format w8');
      await code.page.keyboard.press('Escape');
      await code.editor.hover('int8 symmetric');
      await code.screenshot('web-hover');
    },
  );

  scenario(
    'quantises the example on one thread, with the bytes of the command line',
    { workspace: 'examples/digits', settings: inTheWeb, timeout: 240_000 },
    async (code) => {
      await code.editor.open('digits.qspec');
      await code.editor.replace('op Conv', 'op Cnv');
      await code.problems.waitForSquiggle('error', 60_000);
      await code.editor.replace('op Cnv', 'op Conv');
      await code.problems.waitForNoSquiggle();
      await code.editor.save();
      await code.explorer.contextMenu('digits.onnx', 'Quantize');
      await code.webviews.withElement('[data-testid="report"]', 120_000);
      expect(enginesOf(code.server.folder)).toEqual([]);
      expect(outputs(code.folder)).toEqual(['digits.int8.onnx', 'digits.int8.report.html']);
      const bytes = readFileSync(join(code.folder, 'out', 'digits.int8.onnx'));
      expect(Buffer.compare(bytes, Buffer.from(exportedByCommandLine()))).toBe(0);
      await code.screenshot('web-report');
    },
  );
});
