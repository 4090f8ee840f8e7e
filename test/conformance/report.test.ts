import { describe, expect, it } from 'vitest';
import { conformanceReport } from './report.ts';
import type { Outcome } from './runner.ts';

const outcome = (name: string, more: Partial<Outcome> = {}): Outcome => ({
  name,
  suite: 'node',
  operators: ['Abs'],
  missing: [],
  ...more,
});
const peer = new Map([
  ['test_a', 'pass'],
  ['test_b', 'load-error, of a kind'],
]);

describe('the report of `npm run conformance`', () => {
  it('counts what passes and what is excluded, gives the reasons, and compares with onnxruntime', () => {
    const all = [outcome('test_a'), outcome('test_b', { failure: '1 instead of 2', exclusion: 'It is random.' })];
    const { lines, failed } = conformanceReport(all, all, peer);
    expect(failed).toBe(false);
    const row = lines.find((line) => line.trim().startsWith('Abs'))!;
    expect(row.trim().split(/\s{2,}/)).toEqual(['Abs', '2', '1 pass, 1 excluded', '1 pass, 1 excluded', '1 of 2']);
    expect(lines.join('\n')).toContain('It is random.\n    test_b');
    expect(lines).toContain('  of the 2 that onnxruntime 1.30 was tried on: 1 (50.0 %); onnxruntime 1 (50.0 %)');
  });

  it('fails where a case fails, and says how', () => {
    const { lines, failed } = conformanceReport(
      [outcome('test_c', { failure: '1 instead of 2' })],
      [outcome('test_c')],
      new Map(),
    );
    expect(failed).toBe(true);
    expect(lines.join('\n')).toContain('Failed:\n  reference: 1 instead of 2\n    test_c');
  });

  it('fails where onnxruntime passes what is excluded here', () => {
    const excluded = outcome('test_a', { failure: '1 instead of 2', exclusion: 'It is hard.' });
    const { lines, failed } = conformanceReport([outcome('test_a')], [excluded], peer);
    expect(failed).toBe(true);
    expect(lines).toContain('  onnxruntime passes and this does not: test_a');
  });
});
