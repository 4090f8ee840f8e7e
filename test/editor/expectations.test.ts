import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { inEditor } from './driver/index.ts';
import { exampleFile, outputs } from './fixtures.ts';

/** The example with one line that cannot hold. */
const spec = `${new TextDecoder().decode(exampleFile('digits.qspec'))}expect size <= 1 KiB\n`;

inEditor('expectations', 'development', (scenario) => {
  scenario(
    'are tests: listed, run without writing anything, and judged where they stand',
    { workspace: 'examples/digits', files: { 'digits.qspec': spec }, timeout: 180_000 },
    async (code) => {
      await code.runCommand('Testing: Focus on Test Explorer View');
      const rows = code.page.locator('.test-explorer .monaco-list-row');
      const row = (text: string) => rows.filter({ hasText: text }).first();
      await row('digits.qspec').waitFor({ timeout: 60_000 });
      await code.runCommand('Test: Run All Tests');
      await code.page.locator('.test-explorer .codicon-testing-failed-icon').first().waitFor({ timeout: 120_000 });
      await row('digits.qspec').click();
      await code.page.keyboard.press('ArrowRight');
      await row('expect size <= 1 KiB').waitFor();
      await row('expect top1 >= 97 %').locator('.codicon-testing-passed-icon').waitFor();
      await row('expect size <= 64 KiB').locator('.codicon-testing-passed-icon').waitFor();
      await row('expect size <= 1 KiB').locator('.codicon-testing-failed-icon').waitFor();
      expect(outputs(code.folder)).toEqual([]);
      expect(readFileSync(join(code.folder, 'digits.qspec'), 'utf8')).toBe(spec);
      await code.editor.open('digits.qspec');
      await code.editor.select('expect size <= 1 KiB');
      await code.screenshot('expectations');
    },
  );

  scenario(
    'one of them runs from its line, and what was found stands there',
    { workspace: 'examples/digits', files: { 'digits.qspec': spec }, timeout: 180_000 },
    async (code) => {
      await code.editor.open('digits.qspec');
      await code.runCommand('Testing: Focus on Test Explorer View');
      await code.page.locator('.test-explorer .monaco-list-row', { hasText: 'digits.qspec' }).first().waitFor();
      await code.editor.focus();
      await code.editor.select('expect size <= 1 KiB');
      await code.runCommand('Test: Run Test at Cursor');
      const message = code.page.locator('.editor-group-container').getByText(/Found: \d+(\.\d+)? KiB/);
      await message.first().waitFor({ timeout: 120_000 });
      // Only that one ran.
      await code.page.locator('.testing-explorer, .pane-body').getByText('0/1').first().waitFor();
      await code.screenshot('expectation-at-line');
    },
  );
});
