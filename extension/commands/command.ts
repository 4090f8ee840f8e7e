import type { App } from '../app.ts';

/** A command of the palette and of menus; its title and places stand in package.json. */
export interface Command {
  readonly id: `qspec.${string}`;
  /** @param args what the menu or another extension passes: the resource first, where there is one */
  run(app: App, ...args: readonly unknown[]): Promise<unknown>;
}
