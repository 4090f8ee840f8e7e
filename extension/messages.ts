import * as vscode from 'vscode';
import type { Finding } from '../engine/findings.ts';
import { visible } from '../engine/report/escape.ts';

const longest = 300;

/**
 * Text that may come from a model or a spec, safe inside a notification: VS Code makes links, also to commands, of
 * `[text](target)`. Control characters show by their code, long text is cut.
 */
export function safeText(text: string): string {
  const shown = visible(text.length > longest ? `${text.slice(0, longest)}…` : text);
  // A word joiner between the brackets: no link, and nothing to see.
  return shown.replaceAll('](', ']\u2060(').replaceAll('\n', ' ');
}

/** What is wrong, why, and what to do, in one line. */
export function findingText({ what, why, fix }: Finding): string {
  return safeText([what, why, fix].filter(Boolean).join(' '));
}

/** A button of a notification and what it does. */
export interface Choice {
  readonly label: string;
  run(): unknown;
}

/** Shows a notification and does what is chosen; resolves when it is gone. Nothing waits for it. */
export async function offer(
  severity: 'error' | 'warning' | 'information',
  text: string,
  choices: readonly Choice[] = [],
): Promise<void> {
  const show = {
    error: vscode.window.showErrorMessage,
    warning: vscode.window.showWarningMessage,
    information: vscode.window.showInformationMessage,
  }[severity];
  const labels = choices.map(({ label }) => label);
  const chosen = await show(safeText(text), ...labels);
  await choices.find(({ label }) => label === chosen)?.run();
}
