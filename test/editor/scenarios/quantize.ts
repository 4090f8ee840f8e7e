import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openInOnnxRuntime } from '../../onnxruntime.ts';
import { allThemes, type Scenario, type Workbench } from '../driver/index.ts';
import { exportedByCommandLine, outputs } from '../fixtures.ts';

export const report = '[data-testid="report"]';

/** The main job, in the development folder and in the package alike. */
export function quantizesTheExample(scenario: Scenario): void {
  scenario(
    'from the explorer’s context menu: the export that the command line makes, and a report',
    { workspace: 'examples/digits', timeout: 180_000 },
    async (code) => {
      await code.explorer.contextMenu('digits.onnx', 'Quantize');
      const view = await code.webviews.withElement(report, 60_000);
      expect(outputs(code.folder)).toEqual(['digits.int8.onnx', 'digits.int8.report.html']);
      const exported = readFileSync(join(code.folder, 'out', 'digits.int8.onnx'));
      expect(Buffer.compare(exported, Buffer.from(exportedByCommandLine()))).toBe(0);
      const session = await openInOnnxRuntime(exported);
      expect(session.inputs.map(({ name }) => name)).toEqual(['image']);
      await session.release();

      // Accuracy, size, the table of layers and a histogram.
      await expect.poll(() => view.locator(report).innerText()).toMatch(/Top-1/i);
      expect(await view.locator(report).innerText()).toMatch(/KiB/);
      await view.locator('[data-testid="layers"] [data-layer="conv1"]').first().click();
      await view.locator('[data-testid="histogram"]').first().waitFor();
      await pictures(code, 'report');

      // The report survives a reload of the window.
      await code.stateSaved();
      await code.reload();
      await code.webviews.withElement(report, 60_000);
    },
  );
}

async function pictures(code: Workbench, name: string): Promise<void> {
  for (const theme of allThemes) {
    await code.setTheme(theme);
    await code.page.waitForTimeout(300);
    await code.screenshot(name);
  }
}
