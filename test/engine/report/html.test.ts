import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { base64 } from '../../../engine/report/base64.ts';
import { renderHtml } from '../../../engine/report/html.ts';
import { exampleReport } from './example.ts';

describe('the HTML report', () => {
  const html = renderHtml(exampleReport);

  test('escapes every text of model, spec and data', () => {
    expect(html).not.toContain('<script');
    expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
    expect(html).toContain('digits &#60;b&#62;&#38;amp; &#34;friends&#34;');
    const hostile = renderHtml({ ...exampleReport, title: '"><img src=x onerror=alert(1)>\u202e\u001b' });
    expect(hostile).not.toContain('<img');
    for (const character of ['\u001b', '\u202e']) expect(hostile).not.toContain(character);
  });

  test('allows its own style by hash and nothing else', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style, 'utf8').digest('base64');
    expect(style.length).toBeGreaterThan(1000);
    expect(html).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'"`);
    // The policy would drop style attributes without a word.
    expect(html).not.toMatch(/\sstyle="/);
    expect(html).not.toMatch(/\b(?:src|href)=/);
  });

  test('follows light, dark, high contrast and print', () => {
    for (const query of [
      'prefers-color-scheme: dark',
      'forced-colors: active',
      'prefers-contrast: more',
      '@media print',
    ]) {
      expect(html).toContain(query);
    }
  });

  test('shows every layer, expectation, budget, file and finding', () => {
    const texts = [
      ...exampleReport.layers.slice(0, 3).map((layer) => layer.name),
      ...exampleReport.files.map((file) => file.path),
      'not judged',
      'failed',
      'holds',
      '1 still in float',
      'data/single-class',
      exampleReport.model.hash,
    ];
    for (const text of texts) expect(html).toContain(text);
  });

  test('tells the gravest finding first, and of what the recipe chose by itself', () => {
    const texts = [
      'What to look at',
      'All samples of',
      'Softmax “&#60;softmax&#62;” stays float.',
      'What the recipe chose',
      'Activations are observed by <code>mse</code>.',
      'min-max 20.2 dB, mse 21.1 dB',
      'Layer by layer',
    ];
    const places = texts.map((text) => html.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(html).not.toContain('auto/chosen');
  });

  test('discloses the histograms of each layer that has some', () => {
    const disclosed = html.match(/<svg class="histogram"[\s\S]*?<\/svg>/g) ?? [];
    expect(disclosed.length).toBe(2);
    expect(disclosed[0]).toContain(
      'aria-label="Histogram of the weights: int4, 15 levels, nothing clipped, 1000 values"',
    );
    // Fifteen levels can be told apart, 256 cannot.
    expect(disclosed[0]!.match(/class="level" d="([^"]*)"/)?.[1]?.split('M').length).toBe(16);
    expect(disclosed[1]).not.toContain('class="level"');
    expect(disclosed.join()).not.toMatch(/NaN|Infinity/);
  });

  test('keeps the layers with the noisiest outputs of a model with thousands', () => {
    const one = exampleReport.layers[1]!;
    const layers = Array.from({ length: 3000 }, (_, i) => ({
      ...one,
      name: `layer ${i}.`,
      outputSqnr: (i * 7919) % 3000,
    }));
    const many = renderHtml({ ...exampleReport, layers });
    expect(many.match(/<svg class="histogram"/g)?.length).toBe(400);
    expect(many).toContain('--json has the other 2800 too');
    expect(many).toContain('<summary>layer 0. ');
  });

  test('is the same for the same report', () => {
    expect(renderHtml(exampleReport)).toBe(html);
  });
});

test('base64 agrees with the platform', () => {
  for (let length = 0; length < 10; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 97 + 13) & 255);
    expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
  }
});
