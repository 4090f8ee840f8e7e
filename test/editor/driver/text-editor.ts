import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** Where a text stands on the screen and how it is coloured. */
interface Occurrence {
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/** The text editor in front. */
export class TextEditor {
  private readonly code: Workbench;

  constructor(code: Workbench) {
    this.code = code;
  }

  private get root(): Locator {
    return this.code.page.locator('.editor-group-container.active .editor-instance .monaco-editor').first();
  }

  /** Opens a file of the workspace with Quick Open. Custom editors open too. */
  async open(path: string, options: { readonly onEnter?: () => void } = {}): Promise<void> {
    const { page } = this.code;
    const name = path.split('/').at(-1)!;
    const tab = page.locator(`.tab.active[data-resource-name="${name}"]`);
    // The list shows what was open before, then what it finds; Enter takes whatever row has the focus.
    const row = page.locator(`.quick-input-widget:visible .monaco-list-row.focused[aria-label^="${name}"]`);
    await this.code.retried(path, async (timeout) => {
      await page.keyboard.press('ControlOrMeta+p');
      await this.code.quickInput.waitFor({ timeout });
      await this.code.quickInput.fill(path);
      await row.waitFor({ timeout });
      options.onEnter?.();
      await page.keyboard.press('Enter');
      await tab.waitFor({ timeout });
    });
  }

  /** Opens a file with a named editor of `Reopen Editor With...`. */
  async reopenWith(editor: string): Promise<void> {
    await this.code.runCommand('View: Reopen Editor With...');
    await this.code.pick(editor);
  }

  async save(): Promise<void> {
    await this.code.page.keyboard.press('ControlOrMeta+s');
    await this.code.page.locator('.tab.active.dirty').waitFor({ state: 'hidden' });
  }

  async focus(): Promise<void> {
    await this.code.runCommand('View: Focus Active Editor Group');
  }

  /** Puts the cursor, counted from 1, and brings it into view. */
  async goTo(line: number, column = 1): Promise<void> {
    const { page } = this.code;
    await this.code.retried('Go to Line', async (timeout) => {
      await page.keyboard.press('Control+g');
      await this.code.quickInput.waitFor({ timeout });
      await this.code.quickInput.fill(`:${line}:${column}`);
      await page.keyboard.press('Enter');
      await page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden', timeout });
    });
  }

  /** Selects the first occurrence of a text in the document, through the find field, and brings it into view. */
  async select(text: string): Promise<void> {
    const { page } = this.code;
    await this.goTo(1);
    const field = this.root.locator('.find-widget.visible textarea.input').first();
    await this.code.retried('the find field', async (timeout) => {
      await page.keyboard.press('ControlOrMeta+f');
      await field.waitFor({ timeout });
      await field.fill(text);
      await this.root.locator('.find-widget .matchesCount', { hasText: /^\d+ of \d+$/ }).waitFor({ timeout });
    });
    // A busy window may miss the key; the field keeps the focus then.
    const widget = this.root.locator('.find-widget.visible');
    await this.code.retried('the end of finding', async (timeout) => {
      await field.press('Escape', { timeout: 1000 }).catch(() => undefined);
      await widget.waitFor({ state: 'detached', timeout });
    });
    await page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor();
  }

  /** Puts a text in place of the first occurrence of another. */
  async replace(old: string, text: string): Promise<void> {
    await this.select(old);
    await this.insert(text);
  }

  /** Inserts a text at the cursor or in place of the selection, without completion and automatic brackets. */
  async insert(text: string): Promise<void> {
    await this.code.page.keyboard.insertText(text);
  }

  /** Types key by key, as a person does. */
  async type(text: string): Promise<void> {
    await this.code.page.keyboard.type(text, { delay: 20 });
  }

  /** The lines on the screen. */
  async visibleLines(): Promise<string[]> {
    const lines = await this.root.locator('.view-lines .view-line').evaluateAll((elements) =>
      elements
        .map((element) => ({ top: Number.parseFloat(element.style.top), text: element.textContent ?? '' }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text.replaceAll('\u00a0', ' ')),
    );
    return lines;
  }

  /** The lines in which something is selected, in any editor on the screen, whether it has the focus or not. */
  async selectedLines(): Promise<string[]> {
    return this.code.page.locator('.editor-instance .monaco-editor').evaluateAll((editors) =>
      editors.flatMap((editor) => {
        const selected = [...editor.querySelectorAll('.view-overlays .selected-text')].map((part) =>
          Math.round(part.getBoundingClientRect().top),
        );
        const lines = [...editor.querySelectorAll('.view-lines .view-line')];
        return lines
          .filter((line) => selected.includes(Math.round(line.getBoundingClientRect().top)))
          .map((line) => (line.textContent ?? '').replaceAll('\u00a0', ' ').trim());
      }),
    );
  }

  /** The code lenses on the screen, from top to bottom. */
  async lenses(): Promise<string[]> {
    const lenses = this.root.locator('.codelens-decoration a');
    await lenses.first().waitFor();
    return (await lenses.allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ').trim());
  }

  /** The first place on the screen where a text stands. */
  private async find(text: string): Promise<Occurrence> {
    const found = await this.root.locator('.view-lines').evaluate((lines, wanted) => {
      const rows = [...lines.querySelectorAll<HTMLElement>('.view-line')];
      rows.sort((a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top));
      for (const row of rows) {
        const start = (row.textContent ?? '').replaceAll('\u00a0', ' ').indexOf(wanted);
        if (start < 0) continue;
        const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
        let before = 0;
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const length = node.textContent?.length ?? 0;
          if (start < before + length) {
            const range = document.createRange();
            range.setStart(node, start - before);
            range.setEnd(node, Math.min(length, start - before + wanted.length));
            const box = range.getBoundingClientRect();
            const colour = getComputedStyle(node.parentElement!).color;
            return { x: box.x + box.width / 2, y: box.y + box.height / 2, colour };
          }
          before += length;
        }
      }
      return undefined;
    }, text);
    if (!found) throw new Error(`“${text}” is not on the screen:\n${(await this.visibleLines()).join('\n')}`);
    return found;
  }

  /** The colour in which the first occurrence of a text begins, as CSS says it. */
  async colourOf(text: string): Promise<string> {
    return (await this.find(text)).colour;
  }

  /** Moves the pointer onto a text that is on the screen and gives what the hover says. */
  async hover(text: string): Promise<string> {
    const { page } = this.code;
    const hover = page.locator('.monaco-hover:visible .hover-contents:visible');
    await this.code.retried(`the hover of “${text}”`, async (timeout) => {
      const { x, y } = await this.find(text);
      // A hover that still stands is not asked for again: what it says may be from before the model was read.
      await this.leaveHover();
      await page.mouse.move(x, y + 100);
      await page.mouse.move(x, y, { steps: 4 });
      await hover.first().waitFor({ timeout });
      await page.locator('.monaco-hover:visible', { hasText: 'Loading...' }).waitFor({ state: 'hidden', timeout });
    });
    return (await hover.allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
  }

  async leaveHover(): Promise<void> {
    await this.code.page.mouse.move(5, 5);
    await this.code.page.locator('.monaco-hover:visible .hover-contents').first().waitFor({ state: 'hidden' });
  }

  /** The titles of the quick fixes at the cursor, from the menu behind Ctrl+. */
  async quickFixes(): Promise<string[]> {
    const { page } = this.code;
    const rows = page.locator('.action-widget .monaco-list-row.action');
    await this.code.retried('the menu of quick fixes', async (timeout) => {
      await page.keyboard.press('ControlOrMeta+.');
      await rows.first().waitFor({ timeout });
    });
    return (await rows.allInnerTexts()).map((text) => text.trim());
  }

  /** Applies the quick fix at the cursor whose title contains a text. */
  async quickFix(title: string): Promise<void> {
    const titles = await this.quickFixes();
    if (!titles.some((text) => text.includes(title)))
      throw new Error(`No quick fix “${title}” in: ${titles.join(', ')}`);
    await this.code.page.locator('.action-widget .monaco-list-row.action', { hasText: title }).first().click();
  }

  /** The first labels that completion offers at the cursor (as many as the list shows at once). */
  async completions(): Promise<string[]> {
    const { page } = this.code;
    const rows = page.locator('.suggest-widget.visible .monaco-list-row');
    await this.code.retried('the list of completions', async (timeout) => {
      await page.keyboard.press('Control+Space');
      await rows.first().waitFor({ timeout });
    });
    const names = rows.locator('.label-name');
    return (await names.allInnerTexts()).map((text) => text.trim());
  }

  /** Takes a completion from the open list. */
  async complete(label: string): Promise<void> {
    const { page } = this.code;
    await page.locator('.suggest-widget.visible .monaco-list-row', { hasText: label }).first().click();
    await page.locator('.suggest-widget.visible').waitFor({ state: 'hidden' });
  }
}
