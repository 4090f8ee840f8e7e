import { URI } from 'vscode-uri';
import { isInside } from '../../engine/files/confine.ts';
import { confinedHost } from '../../engine/files/confined-host.ts';
import type { Host } from '../../engine/host.ts';
import { pathOf } from './convert.ts';

export interface ReachOptions {
  /** The files are the editor's, of whatever URI scheme; otherwise they are this machine's, and only `file:` means them. */
  readonly virtual: boolean;
}

/**
 * How far the server reaches into the machine: nowhere before trust is granted, then into the folders of the workspace,
 * those the client allows beside them, and the folder of each document that a person opened from elsewhere.
 */
export class Reach {
  trusted = false;
  /** Refuses everything else, before the machine hears of it. */
  host: Host;
  readonly #base: Host;
  readonly #virtual: boolean;
  #workspace: readonly string[] = [];
  #allowed: readonly string[] = [];
  #folders: readonly string[] = [];

  constructor(host: Host, { virtual }: ReachOptions) {
    this.#base = host;
    this.#virtual = virtual;
    this.host = confinedHost(host, []);
  }

  /** @param folders paths beside the workspace */
  allow(folders: readonly string[]): void {
    this.#allowed = folders;
  }

  changeWorkspace(added: readonly string[], removed: readonly string[]): void {
    this.#workspace = [...this.#workspace.filter((uri) => !removed.includes(uri)), ...added];
  }

  /** Works out anew what may be touched while these documents are open. True if it is something else than before. */
  update(documents: readonly string[]): boolean {
    const { path } = this.#base;
    const folders = [
      ...this.#workspace.filter((uri) => this.#isFile(uri)).map(pathOf),
      ...this.#allowed.filter((folder) => path.isAbsolute(folder)),
    ];
    const own = documents
      .filter((uri) => this.#isFile(uri))
      .map((uri) => path.dirname(pathOf(uri)))
      // One in the workspace adds nothing, wherever links lead; one in the root of a disk does not open the whole disk.
      .filter((own) => !folders.some((folder) => isInside(this.#base, folder, own)) && path.dirname(own) !== own);
    const wanted = this.trusted ? [...new Set([...folders, ...own])].sort() : [];
    if (wanted.join('\0') === this.#folders.join('\0')) return false;
    this.#folders = wanted;
    this.host = confinedHost(this.#base, wanted);
    return true;
  }

  #isFile(uri: string): boolean {
    const { scheme } = URI.parse(uri);
    return this.#virtual ? scheme !== 'untitled' : scheme === 'file';
  }
}
