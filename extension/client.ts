import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';

/** How an environment starts its language server; resolves once the server answers. */
export type StartClient = (options: LanguageClientOptions) => Promise<BaseLanguageClient>;
