import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepestNesting } from '../../../language/grammar/limits.ts';
import { checkSpec, loadSpec, resolveSpec } from '../../../language/index.ts';
import { readResources, resourceFolder, specPath, takeMarkers } from '../support/resources.ts';

describe('syntax findings', () => {
  it.each(readResources('syntax').map((resource) => [resource.name, resource] as const))('%s', (_name, resource) => {
    const { findings } = loadSpec(resource.text, specPath);
    const got = findings.map(({ severity, what, range, replacement }) => ({
      severity,
      what,
      range,
      ...(replacement === undefined ? {} : { replacement }),
    }));
    expect(got).toEqual(resource.expected);
  });
});

describe('a faulty spec still gives a tree', () => {
  const types = (text: string) => loadSpec(text, specPath).ast.statements.map((statement) => statement.$type);

  it('keeps what stands before and after a fault', () => {
    expect(types('model "a" quantise { weights int8 } export onnx qdq "b"')).toEqual([
      'ModelStatement',
      'ExportStatement',
    ]);
    expect(types('target a { flash 1 MiB } format b = int8')).toEqual(['TargetStatement', 'FormatStatement']);
  });
});

describe('form of the file', () => {
  const statements = (text: string) => {
    const { ast, findings } = loadSpec(text, specPath);
    expect(findings).toEqual([]);
    return ast.statements.length;
  };

  it('takes a byte-order mark and any line ends', () => {
    expect(statements('\uFEFFqspec 1\r\nmodel "m.onnx"\r\n')).toBe(2);
    expect(statements('qspec 1\rmodel "m.onnx"\r')).toBe(2);
    expect(statements('')).toBe(0);
  });

  it('counts lines as editors do, whatever ends them', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const { findings } = loadSpec(`qspec 1${end}// comment${end}  modle "m"`, specPath);
      expect(findings[0]?.range).toEqual({ start: { line: 2, column: 2 }, end: { line: 2, column: 7 } });
    }
  });
});

describe('hostile text gives few findings and ends', () => {
  const repeat = (piece: string, length = 50_000) => piece.repeat(Math.ceil(length / piece.length));
  const load = (text: string) => {
    const spec = loadSpec(text, specPath);
    const { context } = readResources('whole')[0]!;
    const { findings, job } = resolveSpec(spec, context);
    expect(job).toBeUndefined();
    expect(findings.some((finding) => finding.severity === 'error')).toBe(true);
    expect(spec.findings.length).toBeLessThanOrEqual(310);
    return spec;
  };

  it.each([
    '{',
    '}',
    '(',
    ')',
    '[',
    '"',
    '\\',
    '\0',
    '\ud800',
    'µ-',
    '/*',
    '/*/',
    '*/',
    '//\n1 ',
    'qspec ',
    'data ',
    'model "',
    're"',
    '1x',
    '""',
    'quantize {',
    'quantize { layers ',
    'target a { ',
    'data a images "b" { x ',
    'expect ',
    '\u2028',
    '\r',
  ])('%j over and over', (piece) => {
    load(repeat(piece));
  });

  it.each(['(', 'not ', 'before ', 'first of ', 'consumers of ', 'from (', '(not ', '"a" or ', '("a") and '])(
    'selector of %j over and over',
    (piece) => {
      load(`quantize { layers ${repeat(piece)} first { } }`);
    },
  );

  it.each(['(', 'not ', '(not ', 'macs or ', 'macs == 1 and '])('predicate of %j over and over', (piece) => {
    load(`quantize { layers first where ${repeat(piece)} macs { } }`);
  });

  it.each([
    ['layers ', 'not ', 'first'],
    ['layers "a"', ' or "a"', ''],
    ['layers op A', '.a', ''],
    ['layers all where macs > 1', ' and macs > 1', ''],
    ['', 'layers op Conv where kernel == 3x3 { weights int8 } ', 'layers first'],
  ])('a megabyte of %j %j', (before, piece, after) => {
    load(`quantize { ${before}${repeat(piece, 1_000_000)}${after} { } }`);
  });

  it('tells where brackets are too deep and reads on after them', () => {
    const { findings, ast } = loadSpec(
      `quantize { layers ${'('.repeat(100_000)}first${')'.repeat(100_000)} keep float } export onnx qdq "a"`,
      specPath,
    );
    expect(findings.map((finding) => finding.code)).toContain('syntax/nesting');
    expect(findings[0]?.range?.start).toEqual({ line: 0, column: 17 + deepestNesting });
    expect(ast.statements.map((statement) => statement.$type)).toContain('ExportStatement');
  });

  it('takes nesting just below the cap', () => {
    const depth = deepestNesting - 1;
    const { findings } = loadSpec(
      `quantize { layers ${'('.repeat(depth)}first${')'.repeat(depth)} keep float }`,
      specPath,
    );
    expect(findings).toEqual([]);
  });

  it('refuses a file of 10 MB with one finding', () => {
    const { findings, ast } = loadSpec(repeat('target a { flash <= 1 MiB }\n', 10_000_000), specPath);
    expect(findings.map((finding) => finding.code)).toEqual(['syntax/too-large']);
    expect(ast.statements).toEqual([]);
  });

  it('gives up after a hundred faults and keeps what it has read', () => {
    const { findings, ast } = loadSpec(`model "m.onnx" ${repeat('data ')}`, specPath);
    expect(findings.at(-1)?.code).toBe('syntax/gave-up');
    expect(ast.statements[0]?.$type).toBe('ModelStatement');
  });
});

describe('any text whatever', () => {
  const { context } = readResources('whole')[0]!;
  const design = takeMarkers(readFileSync(join(resourceFolder, 'whole', 'design.qspec'), 'utf8')).text;
  const judge = (text: string) => {
    const spec = loadSpec(text, specPath);
    expect(Array.isArray(spec.ast.statements)).toBe(true);
    const lines = text.split(/\r\n|\r|\n/);
    for (const finding of checkSpec(spec, context)) {
      expect(finding.what).not.toBe('');
      const { start, end } = finding.range!;
      expect(end.line).toBeLessThan(Math.max(1, lines.length));
      expect(end.column).toBeLessThanOrEqual(lines[end.line]!.length);
      expect(start.line < end.line || (start.line === end.line && start.column <= end.column)).toBe(true);
    }
    resolveSpec(spec, context);
    return true;
  };

  it('is read: noise', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), judge), { seed: 1, numRuns: 100 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => String.fromCharCode(...bytes)),
        judge,
      ),
      { seed: 2, numRuns: 100 },
    );
  });

  it('is read: words of the language in any order', () => {
    const words = [
      ...new Set(design.match(/[\w/.-]+|"[^"]*"|[^\s\w]/g)),
      're"a+"',
      '1e999',
      'from',
      'not',
      'consumers of',
      'bias',
      'outputs',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => list.join(' ')),
        judge,
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it('is read: a good spec with pieces cut out, doubled and moved', () => {
    const cut = fc.tuple(fc.nat(design.length), fc.nat(40), fc.nat(design.length));
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 4 }), (cuts) => {
        let text = design;
        for (const [from, length, to] of cuts) {
          const piece = text.slice(from, from + length);
          const rest = from % 2 === 0 ? text.slice(0, from) + text.slice(from + length) : text;
          text = to % 3 === 0 ? rest : rest.slice(0, to) + piece + rest.slice(to);
        }
        return judge(text);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('is read: a good spec cut off anywhere', () => {
    for (let length = 0; length < design.length; length += 7) judge(design.slice(0, length));
  });
});

describe('definitions that build on each other without end', () => {
  const { context } = readResources('whole')[0]!;
  const numbers = Array.from({ length: 3000 }, (_, i) => i + 1);
  const codes = (text: string) =>
    new Set(resolveSpec(loadSpec(text, specPath), context).findings.map(({ code }) => code));

  it('double at every step', () => {
    const text = `format f0 = int8 ${numbers.map((i) => `format f${i} = f${i - 1} f${i - 1}`).join(' ')} quantize { weights f3000 }`;
    expect(codes(text)).toContain('format/cycle');
  });

  it('are each like the one before', () => {
    const text = `data d0 npz "a" { take 3 } ${numbers.map((i) => `data d${i} npz "a" like d${i - 1}`).join(' ')} data calibration npz "a" like d3000`;
    expect(codes(`qspec 1 model "m.onnx" ${text}`)).toEqual(new Set());
    expect(codes(`${text} data e0 npz "a" like e1 data e1 npz "a" like e0`)).toContain('data/cycle');
  });
});
