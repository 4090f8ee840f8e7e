import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../../engine/report/html.ts';
import { bytes, duration, percent, points, whole } from '../../../engine/report/quantities.ts';
import { renderText } from '../../../engine/report/text.ts';
import { textTable } from '../../../engine/report/text-table.ts';
import { exampleReport } from './example.ts';

const plain = Object.fromEntries(
  ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'].map((name) => [name, (text: string) => text]),
) as Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>;

describe('the report in a terminal', () => {
  test('reads as this', async () => {
    await expect(`${renderText(exampleReport, { style: plain, width: 100 })}\n`).toMatchFileSnapshot(
      './example.report.txt',
    );
  });

  test('fits the width it is given', () => {
    for (const width of [80, 100, 140]) {
      const lines = renderText(exampleReport, { style: plain, width }).split('\n').slice(0, 12);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(Math.max(width, 100));
    }
  });

  test('keeps the largest layers where a table would be too long, and says so', () => {
    const text = renderText(exampleReport, { style: plain, width: 100, layers: 2 });
    expect(text).toContain('head  ');
    expect(text).not.toContain('MaxPool_2 ');
    expect(text).toContain('… and 3 smaller layers');
  });

  test('tells the bytes of a layer that was not in the model', () => {
    const [first] = exampleReport.layers;
    const layers = [{ ...first!, name: 'conv/down', bytesBefore: 0, bytesAfter: 108 }];
    expect(renderText({ ...exampleReport, layers }, { style: plain, width: 120 })).toMatch(/conv\/down .* 0 B → 108 B/);
    expect(renderHtml({ ...exampleReport, layers })).toContain('0 B → 108 B');
  });

  test('tells energy where a target has a model of it', () => {
    const [target] = exampleReport.targets;
    const onM4 = {
      ...target!,
      name: 'cortex-m4',
      before: { ...target!.before, energy: 0.0009 },
      after: { ...target!.after, energy: 0.0003 },
    };
    const text = (targets: typeof exampleReport.targets) =>
      renderText({ ...exampleReport, targets }, { style: plain, width: 100 });
    expect(text([onM4])).toContain('900 µJ → 300 µJ');
    expect(text([target!, onM4])).toMatch(/21\.3 ms → 7\.10 ms +–/);
    expect(text([target!])).not.toContain('energy');
  });

  test('lets no escape sequence of a model through', () => {
    const report = {
      ...exampleReport,
      title: 'a\u001b[31mb',
      files: [{ path: '\u001b]0;x\u0007', bytes: 1, kind: 'report' }],
    };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(renderText(report, { style: plain, width: 80 })).not.toMatch(/[\u001b\u0007]/);
  });
});

test('tables cut long names in the middle and stay on one line', () => {
  const lines = textTable([{ title: 'name', max: 12 }], [['/features/12/block/Conv'], ['two\nlines']], plain);
  expect(lines).toEqual(['  name', '  ────────────', '  /fe…ock/Conv', '  two lines']);
});

test('quantities carry three digits and a unit', () => {
  expect([bytes(0), bytes(1023), bytes(1536), bytes(123_456_789)]).toEqual(['0 B', '1023 B', '1.50 KiB', '118 MiB']);
  expect([duration(0.0355), duration(1.2e-5), duration(12)]).toEqual(['35.5 ms', '12.0 µs', '12.0 s']);
  expect([percent(0.9133, 2), points(-0.00222), points(0.01), points(0)]).toEqual([
    '91.33 %',
    '−0.22',
    '+1.00',
    '0.00',
  ]);
});

test('whole numbers are grouped by thousands', () => {
  expect([0, 7, 256, 1000, 65_536, 1_234_567].map(whole)).toEqual(['0', '7', '256', '1,000', '65,536', '1,234,567']);
});
