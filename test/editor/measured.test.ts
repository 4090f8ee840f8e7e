import { expect } from 'vitest';
import { inEditor } from './driver/index.ts';

/** Four bits are too few for some layers of the example: those that lose most get eight. */
const spec = `qspec 1
model "digits.onnx"
data calibration npz "digits.npz" { array x  scale 1/16  split "splits.json" part calibration }
quantize {
  weights int4
  activations uint8
  layers role compute where sensitivity < 22 dB { weights int8 }
}
`;
const pending = 'is not known before their sensitivity is measured';
const example = { workspace: 'examples/digits', files: { 'a.qspec': spec } };

inEditor('rules on sensitivity', 'development', (scenario) => {
  scenario(
    'are pending until they are measured, by a quick fix, and again once that is cleared',
    { ...example, timeout: 180_000 },
    async (code) => {
      await code.editor.open('a.qspec');
      await code.problems.waitFor(pending);
      const line = async () => (await code.editor.visibleLines()).find((text) => text.includes('sensitivity'));
      await expect.poll(line).toMatch(/not measured/);
      await code.screenshot('pending');
      await code.editor.select('sensitivity');
      await code.editor.quickFix('Measure sensitivity');
      await code.problems.waitUntilGone(pending);
      await expect.poll(line).toMatch(/[1-7] layers/);
      await code.screenshot('measured');
      expect(await code.notifications.errors()).toEqual([]);
      await code.runCommand('QSpec: Clear Measurements');
      await code.problems.waitFor(pending);
    },
  );
});
