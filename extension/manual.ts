import * as vscode from 'vscode';
import type { ManualPlace } from '../language/server/protocol.ts';

/** The documentation of the language, which is packed with the extension; undefined where it cannot be read. */
export async function manualPlace(extension: vscode.Uri): Promise<ManualPlace | undefined> {
  const uri = vscode.Uri.joinPath(extension, 'docs', 'language.md');
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    return { uri: uri.toString(), lines: headingLines(text) };
  } catch {
    return undefined;
  }
}

/** Line of each heading, counted from 1, by the anchor that Markdown gives it. */
function headingLines(text: string): Record<string, number> {
  const lines: Record<string, number> = {};
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const title = /^#+ (.+)$/.exec(line)?.[1];
    if (title !== undefined)
      lines[
        title
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(/\s+/g, '-')
      ] = i + 1;
  }
  return lines;
}
