import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { Explorer } from './explorer.ts';
import { WindowLog } from './log.ts';
import { Notifications } from './notifications.ts';
import { Problems } from './problems.ts';
import { resultsFolder, type ServerAddress } from './server.ts';
import { type Settings, type Theme, themes, writeSettings } from './settings.ts';
import { TextEditor } from './text-editor.ts';
import { Webviews } from './webviews.ts';

export interface WindowOptions {
  readonly settings?: Settings;
  readonly expectedErrors?: readonly RegExp[];
}

/** A window's size: that of a small laptop. */
const size = { width: 1400, height: 900 };

/** Time for what VS Code does at once when the machine is not busy with something else. */
export const patience = 20_000;

/** A VS Code window, as a person sees it. */
export class Workbench {
  readonly editor: TextEditor;
  readonly explorer: Explorer;
  readonly problems: Problems;
  readonly notifications: Notifications;
  readonly webviews: Webviews;
  readonly log: WindowLog;
  readonly page: Page;
  readonly server: ServerAddress;
  /** The opened folder's path. */
  readonly folder: string;
  private settings: Settings;

  private constructor(page: Page, server: ServerAddress, folder: string, options: WindowOptions) {
    this.page = page;
    this.server = server;
    this.folder = folder;
    this.settings = options.settings ?? {};
    this.log = new WindowLog(page, server, options.expectedErrors ?? []);
    this.editor = new TextEditor(this);
    this.explorer = new Explorer(this);
    this.problems = new Problems(this);
    this.notifications = new Notifications(this);
    this.webviews = new Webviews(this);
  }

  static async open(
    browser: Browser,
    server: ServerAddress,
    folder: string,
    options: WindowOptions = {},
  ): Promise<Workbench> {
    const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const code = new Workbench(page, server, folder, options);
    await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`, { timeout: 60_000 });
    return code;
  }

  /** Until the window can be used and VS Code has activated what it activates at start. */
  async ready(): Promise<void> {
    const { page } = this;
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await page.locator('.explorer-folders-view').waitFor({ timeout: 60_000 });
    await page.locator('.statusbar-item', { hasText: 'Activating Extensions' }).waitFor({ state: 'hidden' });
  }

  /**
   * Until VS Code has saved what is open: in a browser it does so every five seconds while it is idle, since nothing can be
   * awaited when a page goes. A window that is reloaded sooner comes back as it was before.
   */
  async stateSaved(): Promise<void> {
    await this.page.waitForTimeout(7000);
  }

  /** Loads the window again, as `Developer: Reload Window` does. */
  async reload(): Promise<void> {
    await this.page.reload({ timeout: 60_000 });
    await this.ready();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Runs a command by its title in the command palette. */
  async runCommand(title: string): Promise<void> {
    const { page } = this;
    const label = page.locator('.label-name').filter({ hasText: exactly(title) });
    const row = this.quickInputRows.filter({ has: label }).first();
    await this.retried(`the command “${title}”`, async (timeout) => {
      // Only where there is something to close: Escape means something to a webview too.
      if (await this.quickInput.isVisible()) await page.keyboard.press('Escape');
      await page.keyboard.press('F1');
      await this.quickInput.waitFor({ timeout });
      await this.quickInput.fill(`>${title}`);
      await row.waitFor({ timeout });
    });
    await row.click();
  }

  /** Picks from an open list by its label. */
  async pick(label: string): Promise<void> {
    await this.quickInputRows.filter({ hasText: label }).first().click();
  }

  /** The text field of the command palette, Quick Open, a list or an input box. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible input.input, .quick-input-widget:visible .input').first();
  }

  get quickInputRows(): Locator {
    return this.page.locator('.quick-input-widget:visible .monaco-list-row');
  }

  /** Changes user settings. The server does not watch its own settings, so the window is loaded again with them. */
  async setSettings(changes: Settings): Promise<void> {
    this.settings = { ...this.settings, ...changes };
    await writeSettings(this.server, this.settings);
    await this.reload();
  }

  /** Changes the theme in place, as a person does. */
  async setTheme(theme: Theme): Promise<void> {
    if ((await this.theme()) === theme) return;
    const { label, css } = themes[theme];
    await this.runCommand('Preferences: Color Theme');
    await this.quickInput.fill(label);
    await this.quickInputRows.filter({ hasText: label }).first().click();
    await this.page.locator(`.monaco-workbench.${css}`).waitFor();
    await this.page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
  }

  /** The kind of the theme that is shown. */
  async theme(): Promise<Theme> {
    const classes = (await this.page.locator('.monaco-workbench').getAttribute('class'))?.split(' ') ?? [];
    if (classes.includes('hc-black')) return 'high-contrast';
    if (classes.includes('hc-light')) return 'high-contrast-light';
    return classes.includes('vs-dark') ? 'dark' : 'light';
  }

  /** Keeps a picture as `.test-results/screenshots/NAME-THEME.png` and says where. */
  async screenshot(name: string): Promise<string> {
    const folder = join(resultsFolder, 'screenshots');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name}-${await this.theme()}.png`);
    await this.page.screenshot({ path, animations: 'disabled' });
    return path;
  }

  /** Up to three tries of what a busy window sometimes drops, such as a key press while it gets its focus. */
  async retried(what: string, action: (timeout: number) => Promise<void>): Promise<void> {
    const timeouts = [5_000, 10_000, patience];
    for (const [index, timeout] of timeouts.entries()) {
      try {
        await action(timeout);
        return;
      } catch (error) {
        if (index === timeouts.length - 1) throw new Error(`${what} did not come up. ${(error as Error).message}`);
        await this.page.keyboard.press('Escape');
      }
    }
  }
}

const exactly = (text: string) => new RegExp(`^\\s*${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
