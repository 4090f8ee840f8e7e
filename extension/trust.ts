import * as vscode from 'vscode';
import { offer } from './messages.ts';

export const untrusted = {
  what: 'This workspace is not trusted.',
  why: 'QSpec opens no model and runs nothing here: models and specs from strangers can name any file of this machine.',
  fix: 'Trust the workspace if you know where it comes from.',
};

/** True in a trusted workspace; otherwise says what is needed and offers to manage trust. */
export function requireTrust(): boolean {
  if (vscode.workspace.isTrusted) return true;
  void offer('warning', `${untrusted.what} ${untrusted.why}`, [{ label: 'Manage Trust', run: manageTrust }]);
  return false;
}

export function manageTrust(): Thenable<unknown> {
  return vscode.commands.executeCommand('workbench.trust.manage');
}
