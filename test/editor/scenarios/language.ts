import { expect } from 'vitest';
import { allThemes, type Edition, inEditor, type Workbench } from '../driver/index.ts';

/** A rule for a layer that the example's model does not have; `conv1` is near. */
const wrongRule = '  layer "convv1" { weights int8 }\n';
const wrongSpec = `qspec 1\nmodel "digits.onnx"\nquantize {\n${wrongRule}}\n`;

const wrongSpecs = { 'wrong.qspec': wrongSpec, 'warm.qspec': wrongSpec, 'plain.txt': 'Nothing to check.\n' };
const roughSpec =
  'qspec 1 model "digits.onnx"\nformat w4=int4\nquantize{weights w4\nlayers op Conv{weights int8}\nlayers first {weights w4}}';
const smoothSpec = `qspec 1
model "digits.onnx"
format w4 = int4
quantize {
  weights w4
  layers op Conv { weights int8 }
  layers first { weights w4 }
}
`;
const wordsSpec = `qspec 1
model "digits.onnx"
target cortex-m7 { flash <= 128 KiB }
data calibration npz "digits.npz" { array x  labels y  scale 1/16 }
quantize {
  weights int4 symmetric per-channel
  activations uint8 affine observe percentile
  layers op Conv { weights int8 }
  layer "conv1" keep float
}
`;
const digits = { workspace: 'examples/digits' };

/** The language as it is met in the editor. */
export function languageScenarios(edition: Edition): void {
  const where = edition === 'development' ? 'development' : 'packaged';
  inEditor('language', edition, (scenario) => {
    scenario('a spec opens coloured and without errors', digits, async (code) => {
      await code.editor.open('digits.qspec');
      await activated(code);
      const words = ['export', '"digits.onnx"', '128 KiB', 'flash', 'cortex-m7', '// Where it is'];
      const colours: string[] = [];
      for (const word of words) colours.push(await code.editor.colourOf(word));
      expect(new Set(colours).size, `colours of ${words.join(', ')}: ${colours.join(' ')}`).toBe(words.length);
      expect(await code.problems.list()).toEqual([]);
      expect(await code.notifications.errors()).toEqual([]);
    });

    scenario('an unknown layer is found as one types, and mended', digits, async (code) => {
      await code.editor.open('digits.qspec');
      await code.editor.select('quantize {');
      await code.page.keyboard.press('End');
      await code.editor.type('\nlayer "convv1');
      await code.problems.waitForSquiggle();
      await code.problems.waitFor('The model has no layer `convv1`.');
      await code.editor.select('convv1');
      expect(await code.editor.quickFixes()).toContain('Change to "conv1"');
      await code.screenshot('quick-fix');
      await code.page.keyboard.press('Escape');
      await code.editor.quickFix('Change to "conv1"');
      await code.problems.waitUntilGone('The model has no layer');
      expect((await code.editor.visibleLines()).join('\n')).toContain('layer "conv1"');
    });

    scenario(
      'a person sets what a finding is',
      {
        ...digits,
        files: {
          'wrong.qspec': wrongSpec.replace('layer "convv1"', 'layers "convv1" and op Conv'),
          '.vscode/settings.json': '{ "qspec.findings.severity": { "rule/no-match": "off" } }',
        },
      },
      async (code) => {
        await code.editor.open('wrong.qspec');
        await code.problems.waitFor('The model has no layer `convv1`.');
        expect((await code.problems.list()).join()).not.toContain('This rule matches no layer.');
        await code.editor.open('.vscode/settings.json');
        await code.editor.select('rule/no-match');
        await code.editor.insert('selector/layer');
        await code.editor.save();
        await code.problems.waitFor('This rule matches no layer.');
        expect((await code.problems.list()).join()).not.toContain('The model has no layer');
      },
    );

    scenario('a rule says what it matches and costs', digits, async (code) => {
      await code.editor.open('digits.qspec');
      await activated(code);
      await code.editor.select('op Conv where depthwise');
      const text = await code.editor.hover('layers op');
      expect(text).toMatch(/2 layers/);
      expect(text).toMatch(/depthwise1, depthwise2/);
      expect(text).toMatch(/1\.69 KiB → 624 B/);
    });

    scenario(
      'a word says what it means here, in every theme',
      { ...digits, files: { 'words.qspec': wordsSpec } },
      async (code) => {
        await code.editor.open('words.qspec');
        await activated(code);
        const words: readonly (readonly [word: string, says: RegExp])[] = [
          ['int4', /16 levels[\s\S]*at most 7\.1 % of the largest magnitude/],
          ['percentile', /arXiv 2004\.09602[\s\S]*99\.99/],
          ['layers op', /Overrides:[\s\S]*weights format int4 → int8/],
          ['"conv1"', /Conv[\s\S]*decided by/],
          ['cortex-m7', /480 MHz[\s\S]*estimated latency/],
          ['128', /131,072 B/],
          ['quantize', /More of quantize/],
        ];
        for (const theme of allThemes) {
          await code.setTheme(theme);
          for (const [word, says] of words) {
            await hoverThatSays(code, word, says);
            await code.screenshot(`hover-${word.replaceAll(/\W+/g, '')}`);
            await code.editor.leaveHover();
          }
        }
        await code.editor.hover('int4');
        // The picture of the grid is drawn, under the policy that VS Code has for hovers.
        const picture = code.page.locator('.monaco-hover:visible img');
        await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(320);
        await code.editor.leaveHover();
        await code.editor.hover('quantize');
        await code.page.locator('.monaco-hover:visible a', { hasText: 'More of quantize' }).click();
        await code.page.locator('.tab.active[data-resource-name="language.md"]').waitFor();
        await expect
          .poll(() => code.editor.visibleLines().then((lines) => lines.join('\n')))
          .toContain('### `quantize`');
      },
    );

    scenario(
      'statements are completed whole, and laid out as they are typed',
      {
        ...digits,
        files: { 'new.qspec': 'qspec 1\nmodel "digits.onnx"\n\n' },
        settings: { 'qspec.inlayHints.enabled': false },
      },
      async (code) => {
        await code.editor.open('new.qspec');
        const text = () => code.editor.visibleLines().then((lines) => lines.join('\n').trimEnd());
        await code.editor.goTo(3);
        await code.editor.type('quan');
        expect(await code.editor.completions()).toContain('quantize');
        // Its first tab stop opens a list of its own.
        await code.page.keyboard.press('Enter');
        await expect
          .poll(text)
          .toBe('qspec 1\nmodel "digits.onnx"\nquantize {\n  weights int8\n  activations uint8\n}');
        // Out of the list, once it is there, then out of the snippet.
        const choices = code.page.locator('.suggest-widget.visible');
        await choices.waitFor();
        await code.page.keyboard.press('Escape');
        await choices.waitFor({ state: 'hidden' });
        // As long as the snippet lives, its second list opens where the cursor comes to it, and takes the line break.
        await code.retried('the end of the snippet', async (timeout) => {
          await code.page.keyboard.press('Escape');
          await code.page.locator('.snippet-placeholder').first().waitFor({ state: 'detached', timeout });
        });
        await code.editor.goTo(5, 'activations uint8'.length + 3);
        // What is laid out waits for who types, and not the other way round: VS Code drops it when somebody types on.
        await code.editor.type('\nlayers   op Conv{');
        await expect.poll(text).toContain('  layers op Conv {}');
        await code.editor.type('\nweights   int4 ');
        await expect.poll(text).toContain('  layers op Conv {\n    weights   int4');
        for (const theme of allThemes) {
          await code.setTheme(theme);
          await code.editor.completions();
          // Once shown, details stay with the list; the key would hide them again.
          const details = code.page.locator('.suggest-details:visible');
          const areShown = async () => (await details.count()) > 0;
          await expect
            .poll(async () => {
              if (await areShown()) return true;
              await code.page.keyboard.press('Control+Space');
              await code.page.waitForTimeout(1000);
              return areShown();
            })
            .toBe(true);
          await code.screenshot('suggestions');
          await code.page.keyboard.press('Escape');
        }
        await code.editor.select('digits.onnx');
        await code.page.keyboard.press('Delete');
        expect(await code.editor.completions()).toEqual(expect.arrayContaining(['digits.onnx']));
      },
    );

    scenario(
      'code actions change what is not wrong',
      { ...digits, files: { 'words.qspec': wordsSpec } },
      async (code) => {
        await code.editor.open('words.qspec');
        await activated(code);
        await code.editor.select('int4 symmetric');
        expect(await code.editor.quickFixes()).toEqual(expect.arrayContaining(['Name this format w4', 'Lock weights']));
        await code.screenshot('code-actions');
        await code.page.keyboard.press('Escape');
        await code.editor.quickFix('Name this format w4');
        const text = () => code.editor.visibleLines().then((lines) => lines.join('\n'));
        await expect.poll(text).toContain('format w4 = int4 symmetric per-channel');
        await expect.poll(text).toContain('weights w4');
      },
    );

    scenario('completion knows words, formats and layers', digits, async (code) => {
      await code.editor.open('digits.qspec');
      await activated(code);
      await code.editor.select('quantize {');
      await code.page.keyboard.press('End');
      await code.editor.insert('\n');
      expect(await code.editor.completions()).toEqual(expect.arrayContaining(['weights', 'activations', 'layers']));
      await code.page.keyboard.press('Escape');
      await code.editor.insert('weights ');
      expect(await code.editor.completions()).toEqual(expect.arrayContaining(['int8', 'int4']));
      await code.page.keyboard.press('Escape');
      await code.editor.insert('int8\nlayer "dep');
      expect(await code.editor.completions()).toEqual(['depthwise1', 'depthwise2']);
      await code.screenshot('completion');
      await code.editor.complete('depthwise2');
      expect((await code.editor.visibleLines()).join('\n')).toContain('layer "depthwise2"');
    });

    scenario('rules say between the lines what they match, and lenses what can be done', digits, async (code) => {
      await code.editor.open('digits.qspec');
      await activated(code);
      const notes = () => code.editor.visibleLines().then((lines) => lines.join('\n'));
      await expect.poll(notes).toMatch(/matches 2\s*2 layers · 1\.69 KiB → 624 B/);
      // They come when they come: notes and lenses are asked for apart.
      await expect.poll(() => code.editor.lenses()).toEqual(['Open Graph', 'Run', 'Sensitivity', 'Plan']);
      for (const theme of allThemes) {
        await code.setTheme(theme);
        await code.screenshot('notes');
      }
    });

    scenario(
      'a spec is laid out, and a format renamed',
      { ...digits, files: { 'rough.qspec': roughSpec }, settings: { 'qspec.inlayHints.enabled': false } },
      async (code) => {
        await code.editor.open('rough.qspec');
        await activated(code);
        const text = () => code.editor.visibleLines().then((lines) => lines.join('\n'));
        await code.runCommand('Format Document');
        await expect.poll(text).toBe(smoothSpec);
        await code.editor.select('w4');
        await code.page.keyboard.press('F2');
        await code.page.locator('.rename-box input').fill('narrow');
        await code.page.keyboard.press('Enter');
        await expect.poll(text).toBe(smoothSpec.replaceAll('w4', 'narrow'));
      },
    );

    scenario('a finding comes while the window still starts', { ...digits, files: wrongSpecs }, async (code) => {
      console.log(`first finding (${where}): ${await timeToFinding(code, 'wrong.qspec')} ms in a window that starts`);
    });

    scenario('a finding comes at once when the editor is up', { ...digits, files: wrongSpecs }, async (code) => {
      await expect.poll(() => code.log.output('QSpec'), { timeout: 30_000 }).toContain('Language server ready');
      await code.editor.open('plain.txt');
      const first = await timeToFinding(code, 'wrong.qspec');
      await code.runCommand('View: Close Editor');
      const second = await timeToFinding(code, 'warm.qspec');
      console.log(`first finding (${where}): ${first} ms once the editor is up, ${second} ms in the next spec`);
    });

    scenario('a finding is shown and explained in every theme', { ...digits, files: wrongSpecs }, async (code) => {
      await code.editor.open('wrong.qspec');
      await code.problems.waitForSquiggle();
      for (const theme of allThemes) {
        await code.setTheme(theme);
        expect(await code.editor.hover('convv1')).toMatch(/The model has no layer `?convv1`?/);
        await code.screenshot('finding');
        await code.editor.leaveHover();
      }
    });
  });
}

/** Points at a word until its hover is whole: what findings say comes before what the language server says. */
async function hoverThatSays(code: Workbench, word: string, says: RegExp): Promise<void> {
  await expect.poll(() => code.editor.hover(word), { timeout: 20_000 }).toMatch(says);
}

/** From Enter in Quick Open to the squiggle, in milliseconds. */
async function timeToFinding(code: Workbench, file: string): Promise<number> {
  let entered = 0;
  await code.editor.open(file, {
    onEnter: () => {
      entered = performance.now();
    },
  });
  await code.problems.waitForSquiggle();
  return Math.round(performance.now() - entered);
}

/** Until the extension runs and its language server has read the model: a layer's rule has a hover then. */
async function activated(code: Workbench): Promise<void> {
  await code.editor.select('layers op Conv');
  await expect.poll(() => code.editor.hover('layers op').catch(() => ''), { timeout: 60_000 }).toMatch(/\d layers?/);
  await code.editor.leaveHover();
}
