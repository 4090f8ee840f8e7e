import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { placesIn, type ServerAddress } from './server.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** VS Code's themes by the kind that a webview or an icon has to suit. */
export const themes = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;
export type Theme = keyof typeof themes;
export const allThemes = Object.keys(themes) as Theme[];

/** What every scenario starts from: quiet, still, and offline. Trust is off unless a scenario is about it. */
const initial: Settings = {
  'security.workspace.trust.enabled': false,
  'workbench.colorTheme': themes.dark,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'window.menuBarVisibility': 'classic',
  'editor.hover.delay': 100,
  'editor.minimap.enabled': false,
  'editor.cursorBlinking': 'solid',
  'git.enabled': false,
  'files.hotExit': 'off',
};

/** Writes the user's settings; a running window takes them over by itself. */
export async function writeSettings(server: ServerAddress, settings: Settings): Promise<void> {
  const path = placesIn(server.folder).settings;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify({ ...initial, ...settings }, null, 2));
}
