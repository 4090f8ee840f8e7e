import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

export type Severity = 'error' | 'warning' | 'info' | 'hint';

/** Findings, as squiggles in the text and as rows of the Problems panel. */
export class Problems {
  private readonly code: Workbench;

  constructor(code: Workbench) {
    this.code = code;
  }

  squiggles(severity: Severity = 'error'): Locator {
    return this.code.page.locator(`.editor-instance .squiggly-${severity}`);
  }

  async waitForSquiggle(severity: Severity = 'error', timeout?: number): Promise<void> {
    await this.squiggles(severity)
      .first()
      .waitFor({ state: 'attached', ...(timeout === undefined ? {} : { timeout }) });
  }

  async waitForNoSquiggle(severity: Severity = 'error', timeout?: number): Promise<void> {
    await this.squiggles(severity)
      .first()
      .waitFor({ state: 'detached', ...(timeout === undefined ? {} : { timeout }) });
  }

  private get rows(): Locator {
    return this.code.page.locator('.markers-panel .monaco-list-row');
  }

  async open(): Promise<void> {
    if (await this.code.page.locator('.markers-panel').isVisible()) return;
    await this.code.runCommand('Problems: Focus on Problems View');
    await this.code.page.locator('.markers-panel').waitFor();
  }

  /** What the Problems panel lists, without the rows of files. */
  async list(): Promise<string[]> {
    await this.open();
    const texts = await this.rows.filter({ has: this.code.page.locator('.marker-icon') }).allInnerTexts();
    return texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
  }

  /** Waits for a row that contains a text. */
  async waitFor(text: string | RegExp, timeout?: number): Promise<void> {
    await this.open();
    await this.rows
      .filter({ hasText: text })
      .first()
      .waitFor(timeout === undefined ? {} : { timeout });
  }

  async waitUntilGone(text: string | RegExp, timeout?: number): Promise<void> {
    await this.open();
    await this.rows
      .filter({ hasText: text })
      .first()
      .waitFor({ state: 'hidden', ...(timeout === undefined ? {} : { timeout }) });
  }
}
