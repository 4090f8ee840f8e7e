import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';

/** What both hosts tell the language server: which documents are ours, in every scheme (disk, `git:`, untitled, web). */
export const clientOptions: LanguageClientOptions = {
  documentSelector: [{ language: 'qspec' }],
  markdown: { isTrusted: false },
};

/** How an environment starts its language server. */
export type StartClient = () => Promise<BaseLanguageClient>;
