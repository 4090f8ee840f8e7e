import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** The tree of files and its context menu. */
export class Explorer {
  private readonly code: Workbench;

  constructor(code: Workbench) {
    this.code = code;
  }

  row(name: string): Locator {
    return this.code.page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`).first();
  }

  /** Picks an item of a file's context menu. */
  async contextMenu(name: string, item: string): Promise<void> {
    const { page } = this.code;
    const entry = page.locator('.monaco-menu .action-item', { hasText: item }).first();
    await this.code.retried(`“${item}” in the menu of ${name}`, async (timeout) => {
      await this.row(name).click({ button: 'right', timeout });
      await entry.waitFor({ timeout });
      // A menu takes no click in its first moment, so that the one that opened it picks nothing.
      await page.waitForTimeout(200);
      await entry.click({ timeout });
      await page.locator('.monaco-menu').first().waitFor({ state: 'hidden', timeout: 2_000 });
    });
  }

  /** The labels in a file's context menu. */
  async menuItems(name: string): Promise<string[]> {
    const { page } = this.code;
    const labels = page.locator('.monaco-menu .action-item .action-label');
    await this.code.retried(`the menu of ${name}`, async (timeout) => {
      await this.row(name).click({ button: 'right', timeout });
      await labels.first().waitFor({ timeout });
    });
    const texts = await labels.allInnerTexts();
    await page.keyboard.press('Escape');
    return texts.map((text) => text.trim()).filter(Boolean);
  }
}
