import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** Messages at the lower right, progress with a Cancel button among them, and modal dialogs. */
export class Notifications {
  private readonly code: Workbench;

  constructor(code: Workbench) {
    this.code = code;
  }

  private get toasts(): Locator {
    return this.code.page.locator('.notifications-toasts .notification-list-item');
  }

  /** The message that contains a text, once it is there. */
  async waitFor(text: string | RegExp, timeout?: number): Promise<Locator> {
    const toast = this.toasts.filter({ hasText: text }).first();
    await toast.waitFor(timeout === undefined ? {} : { timeout });
    return toast;
  }

  /** The text of every message shown. */
  async texts(): Promise<string[]> {
    return this.code.page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts();
  }

  /** The text of every error message shown. */
  async errors(): Promise<string[]> {
    const errors = this.toasts.filter({ has: this.code.page.locator('.codicon-error') });
    return errors.locator('.notification-list-item-message').allInnerTexts();
  }

  /** Clicks a button of the message that contains a text: `Cancel` for progress. */
  async click(text: string | RegExp, button: string, timeout?: number): Promise<void> {
    const toast = await this.waitFor(text, timeout);
    // Progress draws its message anew many times a second: no part of it holds still as long as a careful click waits.
    await toast
      .locator('.monaco-button, .notification-list-item-buttons-container a', { hasText: button })
      .first()
      .click({ force: true });
  }

  async waitUntilGone(text: string | RegExp, timeout?: number): Promise<void> {
    const toast = this.toasts.filter({ hasText: text }).first();
    await toast.waitFor({ state: 'hidden', ...(timeout === undefined ? {} : { timeout }) });
  }

  async clear(): Promise<void> {
    await this.code.runCommand('Notifications: Clear All Notifications');
  }

  /** Answers a modal dialog. */
  async dialog(button: string): Promise<void> {
    await this.code.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).first().click();
  }
}
