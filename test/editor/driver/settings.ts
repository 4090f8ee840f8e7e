import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { placesIn, type ServerAddress } from './server.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** VS Code's themes by the kind that a webview or an icon has to suit: title in the list of themes, class of the window. */
export const themes = {
  light: { label: 'Light Modern', css: 'vs' },
  dark: { label: 'Dark Modern', css: 'vs-dark' },
  'high-contrast': { label: 'Dark High Contrast', css: 'hc-black' },
  'high-contrast-light': { label: 'Light High Contrast', css: 'hc-light' },
} as const;
export type Theme = keyof typeof themes;
export const allThemes = Object.keys(themes) as Theme[];

/** What every scenario starts from: quiet, still, and offline. Trust is off unless a scenario is about it. */
const initial: Settings = {
  'security.workspace.trust.enabled': false,
  'workbench.colorTheme': themes.dark.label,
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': 'off',
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

/** Writes the user's settings for the next window. */
export async function writeSettings(server: ServerAddress, settings: Settings): Promise<void> {
  const path = placesIn(server.folder).settings;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, JSON.stringify({ ...initial, ...settings }, null, 2));
  await rename(`${path}.part`, path);
}
