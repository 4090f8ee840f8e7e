import { RequestType } from 'vscode-jsonrpc';
import type { FileStat } from '../host.ts';

interface Path {
  readonly path: string;
}

/**
 * What an engine worker asks its owner for where it has no files of its own (a web window): the owner answers from the
 * workspace. Bytes travel as they are; messages between workers are structured clones, not text.
 */
export const fileRequests = {
  stat: new RequestType<Path, FileStat | null, void>('files/stat'),
  readFile: new RequestType<Path, Uint8Array, void>('files/read'),
  list: new RequestType<Path, readonly string[], void>('files/list'),
  createFolder: new RequestType<Path, null, void>('files/createFolder'),
  writeFile: new RequestType<Path & { readonly bytes: Uint8Array }, null, void>('files/write'),
  rename: new RequestType<{ readonly from: string; readonly to: string }, null, void>('files/rename'),
  remove: new RequestType<Path, null, void>('files/remove'),
  asset: new RequestType<{ readonly name: string }, Uint8Array, void>('files/asset'),
} as const;
