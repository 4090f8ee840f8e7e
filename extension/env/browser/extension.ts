import type * as vscode from 'vscode';
import { activate as activateShared, type Started } from '../../activate.ts';
import { web } from './environment.ts';

let started: Started | undefined;

export function activate(context: vscode.ExtensionContext): unknown {
  started = activateShared(context, web(context));
  return started.api;
}

export function deactivate(): Promise<void> | undefined {
  return started?.close();
}
