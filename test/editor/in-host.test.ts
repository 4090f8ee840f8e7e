import { cp, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { describe, expect, inject, test } from 'vitest';
import { bundleSuite } from '../desktop/bundle.mjs';
import { root } from '../shared.ts';
import { placesIn, startServer } from './driver/server.ts';
import { writeSettings } from './driver/settings.ts';

const session = inject('editor');

describe.skipIf(session === null)('the suite for desktops', () => {
  test('passes inside the extension host', { timeout: 240_000 }, async () => {
    const suite = await bundleSuite();
    const server = await startServer(session!.build, {
      extension: { folder: root },
      name: 'in-host',
      automation: true,
    });
    const browser = await chromium.connect(session!.browser);
    try {
      await writeSettings(server, {});
      const workspace = join(placesIn(server.folder).workspaces, 'digits');
      await mkdir(workspace, { recursive: true });
      await cp(join(root, 'examples', 'digits'), workspace, {
        recursive: true,
        filter: (path) => basename(path) !== 'out',
      });
      const page = await (await browser.newContext()).newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      const heard = () => said.filter((line) => /passed:|Error|QSpec/.test(line)).join('\n');
      const exit = new Promise<number>((resolve) => void page.exposeFunction('codeAutomationExit', resolve));
      await page.exposeFunction('codeAutomationLog', () => undefined);
      const remote = (path: string) => `vscode-remote://${new URL(server.url).host}${path}`;
      const payload = [
        ['extensionDevelopmentPath', remote(root)],
        ['extensionTestsPath', remote(suite)],
      ];
      const address = new URL(server.url);
      address.searchParams.set('folder', workspace);
      address.searchParams.set('payload', JSON.stringify(payload));
      await page.goto(address.href, { timeout: 60_000 });
      expect(await exit, heard()).toBe(0);
      // A suite that runs no step ends with 0 too.
      expect(said.filter((line) => line.includes('passed: '))).toHaveLength(3);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});
