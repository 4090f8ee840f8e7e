import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { root } from '../shared.ts';
import { qspec } from './qspec.ts';

const example = join(root, 'examples', 'digits');
let folder: string;
let cache: string;
let spec: string;

const text = (rule: string, more = '') => `qspec 1
model "digits.onnx"
data calibration npz "digits.npz" { array x  scale 1/16  split "splits.json" part calibration }
quantize {
  weights int4
  activations uint8
  ${rule}
}
export onnx qdq "out.onnx"
${more}`;
/** In these formats the layers of the example lie between 18 and 52 dB. */
const rule = 'layers role compute where sensitivity < 22 dB { weights int8 }';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-measured-'));
  cache = join(folder, 'cache');
  for (const name of ['digits.onnx', 'digits.npz', 'splits.json'])
    copyFileSync(join(example, name), join(folder, name));
  spec = join(folder, 'a.qspec');
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('QSPEC_CACHE', cache);
  rmSync(cache, { recursive: true, force: true });
  writeFileSync(spec, text(rule));
});

/** What is said of rules; that ONNX Runtime computes int4 beside uint8 in float is another matter. */
const codes = async () => {
  const { out, exitCode } = await qspec(['check', spec, '--json']);
  expect(exitCode).toBe(0);
  return (JSON.parse(out).findings as { code: string; severity: string }[])
    .filter(({ code }) => code !== 'export/combination')
    .map(({ code, severity }) => `${severity} ${code}`);
};
const weights = async (layer: string) =>
  (JSON.parse((await qspec(['explain', spec, layer, '--json'])).out).choices.weight as { format: string }).format;

/** Statistics of calibration lie beside them. */
function measuredFiles(): string[] {
  return readdirSync(join(cache, 'measurements')).filter((name) => name.endsWith('.measured.json'));
}

test('a rule on sensitivity is pending until `sensitivity` has measured; then it decides by what was measured', async () => {
  expect(await codes()).toEqual(['information rule/pending']);
  const { out } = await qspec(['sensitivity', spec, '--json']);
  expect(measuredFiles().length).toBe(1);
  expect(await codes()).toEqual([]);
  const layers = (JSON.parse(out).layers as { layer: string; sqnr: number | null; weight?: string }[]).filter(
    ({ weight }) => weight,
  );
  const sensitive = layers.filter(({ sqnr }) => sqnr !== null && sqnr < 22);
  expect(sensitive.length).toBeGreaterThan(0);
  expect(sensitive.length).toBeLessThan(layers.length);
  for (const { layer } of layers)
    expect(await weights(layer)).toBe(sensitive.some((own) => own.layer === layer) ? 'int8' : 'int4');
});

test('`quantize` measures first what it needs, and once', async () => {
  const run = async () => JSON.parse((await qspec(['quantize', spec, '--samples', '0', '--json'])).out);
  const { report } = await run();
  const formats = new Set((report.layers as { weight?: string }[]).flatMap(({ weight }) => weight ?? []));
  expect([...formats].sort()).toEqual(['int4', 'int8']);
  expect(await codes()).toEqual([]);
  const [file] = measuredFiles();
  expect((await run()).report.layers).toEqual(report.layers);
  expect(measuredFiles()).toEqual([file]);
});

test('the documented rule for dual tensors gives them to key layers alone, and the export runs', async () => {
  const [block] = /qspec 1\nmodel "digits[^`]*dual[^`]*/.exec(readFileSync(join(root, 'docs', 'methods.md'), 'utf8'))!;
  writeFileSync(spec, block);
  const { out, exitCode } = await qspec(['quantize', spec, '--json']);
  expect(exitCode).toBe(0);
  const { report } = JSON.parse(out);
  const dual = (report.layers as { weight?: string }[]).filter(({ weight }) => weight === 'dual(int4)');
  const single = (report.layers as { weight?: string }[]).filter(({ weight }) => weight === 'int4');
  expect([dual.length, single.length].every((count) => count > 0)).toBe(true);
  const said = (report.findings as { code: string; what: string }[]).find(
    ({ code }) => code === 'export/added-tensors',
  )!;
  expect(said.what).toContain(`The weights of ${dual.length} layer`);
  expect((report.findings as { code: string }[]).map(({ code }) => code)).not.toContain('quantize/method-fallback');
  expect(report.verification.levels.length).toBe(2);
});

test('what is measured does not depend on the rules that ask for it, nor on what is written and expected', async () => {
  await qspec(['sensitivity', spec]);
  writeFileSync(spec, text(`${rule} layers op Gemm where sensitivity > 5 dB { weights int8 }`, 'expect size <= 1 MiB'));
  expect(await codes()).toEqual([]);
  writeFileSync(spec, text(`layers op Gemm { weights int8 } ${rule}`));
  expect(await codes()).toEqual(['information rule/pending']);
});

test('another number of samples is another measurement', async () => {
  await qspec(['sensitivity', spec, '--samples', '2']);
  expect(await codes()).toEqual(['information rule/pending']);
});

test('a cache that cannot be written costs time and nothing else', async () => {
  vi.stubEnv('QSPEC_CACHE', join(spec, 'no-folder'));
  const { exitCode } = await qspec(['quantize', spec, '--samples', '0', '--json']);
  expect(exitCode).toBe(0);
});
