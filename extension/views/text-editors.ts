import * as vscode from 'vscode';

/** The editor that shows a text, if one does. */
export function editorOf(uri: vscode.Uri): vscode.TextEditor | undefined {
  return vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri.toString());
}

/**
 * Shows a text where it is in sight, or open in a group behind others; else in a group beside the view that asks for it, which
 * it never covers.
 */
export async function showBeside(
  uri: vscode.Uri,
  panel: vscode.WebviewPanel,
  { focus }: { readonly focus: boolean },
): Promise<vscode.TextEditor> {
  const viewColumn = editorOf(uri)?.viewColumn ?? columnOf(uri, panel) ?? otherColumn(panel);
  return vscode.window.showTextDocument(uri, { viewColumn, preserveFocus: !focus });
}

/** The group in which a text is open, other than that of the view. */
function columnOf(uri: vscode.Uri, panel: vscode.WebviewPanel): vscode.ViewColumn | undefined {
  const holds = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
  const groups = vscode.window.tabGroups.all.filter(({ viewColumn }) => viewColumn !== panel.viewColumn);
  return groups.find(({ tabs }) => tabs.some(holds))?.viewColumn;
}

function otherColumn(panel: vscode.WebviewPanel): vscode.ViewColumn {
  return panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
}

export function rangeIn({
  start,
  end,
}: {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}
