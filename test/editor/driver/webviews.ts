import type { FrameLocator } from 'playwright-core';
import { patience, type Workbench } from './workbench.ts';

/** What runs inside webviews: custom editors and panels. */
export class Webviews {
  private readonly code: Workbench;

  constructor(code: Workbench) {
    this.code = code;
  }

  /** The document of a webview; where several are open, of the one on top in reading order of creation. */
  frame(index = 0): FrameLocator {
    return this.code.page.frameLocator(`iframe.webview.ready >> nth=${index}`).frameLocator('iframe#active-frame');
  }

  /** How many webviews there are, hidden ones among them. */
  count(): Promise<number> {
    return this.code.page.locator('iframe.webview.ready').count();
  }

  /** The document of the first webview in which a selector is found. */
  async withElement(selector: string, timeout = patience): Promise<FrameLocator> {
    const deadline = Date.now() + timeout;
    for (;;) {
      const count = await this.count();
      for (let index = 0; index < count; index++) {
        const frame = this.frame(index);
        if ((await frame.locator(selector).count()) > 0) return frame;
      }
      if (Date.now() > deadline) throw new Error(`None of ${count} webviews holds ${selector}.`);
      await this.code.page.waitForTimeout(100);
    }
  }
}
