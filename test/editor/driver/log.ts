import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { placesIn, type ServerAddress } from './server.ts';

const contentSecurityPolicy =
  /Content[ -]Security[ -]Policy|violates the following|Refused to (load|execute|apply|connect|frame)/i;

/** Of everything that a window logs, what concerns us: our extension's files, its name, its webviews. */
const ours = /qspec/i;

/** VS Code's own messages that are of no concern, each with its reason. */
const harmless: readonly RegExp[] = [];

/**
 * What stands behind `provider FAILED` where VS Code let a list of completions go and then asked for an item of it, as it does on a busy
 * machine: its own race, told in the name of the extension that had made the list.
 */
const lateItem = /DisposableStore is missing/;

/** What a window and everything in it logged: the page's and the webviews' consoles, and the extension host. */
export class WindowLog {
  readonly messages: string[] = [];
  private readonly errors: string[] = [];
  private readonly hostsBefore: ReadonlySet<string>;
  private readonly server: ServerAddress;
  private readonly expected: readonly RegExp[];

  constructor(page: Page, server: ServerAddress, expected: readonly RegExp[]) {
    this.server = server;
    this.expected = expected;
    this.hostsBefore = new Set(this.hostLogs());
    page.on('console', (message) => {
      const line = `[${message.type()}] ${message.text()} (${message.location().url})`;
      this.messages.push(line);
      if (message.type() === 'error' || contentSecurityPolicy.test(message.text())) this.errors.push(line);
    });
    page.on('pageerror', (error) => {
      const line = `[uncaught] ${error.stack ?? error.message}`;
      this.messages.push(line);
      this.errors.push(line);
    });
  }

  /** Violations of a Content Security Policy, of the workbench or of a webview. */
  violations(): string[] {
    return this.errors.filter((line) => contentSecurityPolicy.test(line) && !this.isExpected(line));
  }

  /** Errors that our extension or one of its webviews caused. */
  async ourErrors(): Promise<string[]> {
    const lines = (await this.extensionHost()).split('\n').filter((line) => /\[error\]/i.test(line));
    const host = lines.filter((line, i) => !(line.endsWith('provider FAILED') && lateItem.test(lines[i + 1] ?? '')));
    return [...this.errors, ...host].filter((line) => ours.test(line) && !this.isExpected(line));
  }

  /** Fails on errors of ours and on any violation of a Content Security Policy. */
  async assertClean(): Promise<void> {
    const wrong = [...new Set([...this.violations(), ...(await this.ourErrors())])];
    if (wrong.length > 0) throw new Error(`The window logged errors:\n${wrong.join('\n')}`);
  }

  /** The logs of the extension hosts that this window started. Empty where the server could not build its log module. */
  async extensionHost(): Promise<string> {
    const logs = this.hostLogs().filter((path) => !this.hostsBefore.has(path));
    return (await Promise.all(logs.map((path) => readFile(path, 'utf8')))).join('\n');
  }

  /** What an output channel of the extension holds, by the end of its file's name. */
  async output(channel: string): Promise<string> {
    const logs = this.filesOf(new RegExp(`exthost\\d+/.*${channel}[^/]*\\.log$`));
    return (await Promise.all(logs.map((path) => readFile(path, 'utf8')))).join('\n');
  }

  private hostLogs(): string[] {
    return this.filesOf(/exthost\d+\/remoteexthost\.log$/);
  }

  private filesOf(pattern: RegExp): string[] {
    const { logs } = placesIn(this.server.folder);
    try {
      return readdirSync(logs, { recursive: true, encoding: 'utf8' })
        .filter((path) => pattern.test(path))
        .map((path) => join(logs, path));
    } catch {
      return [];
    }
  }

  private isExpected(line: string): boolean {
    return [...harmless, ...this.expected].some((pattern) => pattern.test(line));
  }
}
