import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linkImports } from '../../../language/grammar/imports.ts';
import { checkSpec, explain, loadSpec, resolveSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const context = { vocabulary, path: posix, model: small };

function read(text: string, files: Readonly<Record<string, string>>) {
  return linkImports(loadSpec(text, specPath), posix, (path) => {
    const found = files[posix.relative('/project', path)];
    return found === undefined ? { kind: 'missing' } : { text: found };
  });
}

function jobOf(text: string, files: Readonly<Record<string, string>>) {
  const { job, findings } = resolveSpec(read(text, files), context);
  expect(findings).toEqual([]);
  return job!;
}

describe('what is imported', () => {
  it('counts as if it stood before what imports it: own rules and names override', () => {
    const base = `qspec 1
format w = int4
quantize { weights w layers op Conv { weights int8 } }`;
    const job = jobOf('qspec 1 import "base.qspec" model "m.onnx" quantize { layers first { weights int4 } }', {
      'base.qspec': base,
    });
    expect(job.plan!.nodes['/stem/Conv']!.weight).toMatchObject({ format: 'int4' });
    expect(job.plan!.nodes['/block/0/pw/Conv']!.weight).toMatchObject({ format: 'int8' });
    expect(job.plan!.nodes['/fc/Gemm']!.weight).toMatchObject({ format: 'int4' });

    const other = jobOf('qspec 1 import "base.qspec" model "m.onnx" format w = int8', { 'base.qspec': base });
    expect(other.plan!.nodes['/fc/Gemm']!.weight).toMatchObject({ format: 'int8' });
  });

  it('may come through several files, the later import before the earlier', () => {
    const files = {
      'a.qspec': 'qspec 1 import "deep/b.qspec" format x = int8',
      'deep/b.qspec': 'qspec 1 format x = int4 format y = x model "../m.onnx"',
      'c.qspec': 'qspec 1 format x = int4 target cortex-m7',
    };
    const job = jobOf('qspec 1 import "c.qspec" import "a.qspec" quantize { weights y }', files);
    expect(job.plan!.nodes['/fc/Gemm']!.weight).toMatchObject({ format: 'int8' });
    expect(job.targets.map(({ name }) => name)).toEqual(['cortex-m7']);
    // Paths start from the file that they stand in.
    expect(job.model).toBe('/project/m.onnx');
  });

  it('keeps its place: a field that it decided says in which file and on which line', () => {
    const spec = 'qspec 1\nimport "base.qspec"\nmodel "m.onnx"';
    const files = { 'base.qspec': 'qspec 1\nquantize {\n  weights int8\n}' };
    const { format } = jobOf(spec, files).plan!.nodes['/fc/Gemm']!.weight!.origin;
    expect(format!.start.line).toBe(1);
    expect(format!.imported).toMatchObject({ path: '/project/base.qspec', range: { start: { line: 2, column: 10 } } });
    expect(explain(read(spec, files), context, '/fc/Gemm')!.sayings[0]!.range.imported!.range.start.line).toBe(2);
  });

  it('is part of the spec: another base is another hash', () => {
    const spec = 'qspec 1 import "base.qspec" model "m.onnx"';
    const hash = (base: string) => jobOf(spec, { 'base.qspec': base }).spec.hash;
    expect(hash('qspec 1 quantize { weights int8 }')).not.toBe(hash('qspec 1 quantize { weights int4 }'));
  });

  it('is judged with the model, and never mended in the wrong file', () => {
    const spec = read('qspec 1 import "base.qspec" model "m.onnx"', {
      'base.qspec': 'qspec 1 quantize { weights int8 layer "/stem/Cnv" keep float }',
    });
    const findings = checkSpec(spec, context);
    expect(findings.map(({ code, what }) => [code, what])).toEqual([
      ['selector/layer', 'base.qspec, line 1: The model has no layer `/stem/Cnv`.'],
    ]);
    expect(findings.every((finding) => finding.replacement === undefined && finding.file === specPath)).toBe(true);
  });

  it('of a file that nobody has read yet is unknown, and nothing else fails', () => {
    const spec = linkImports(loadSpec('qspec 1 import "base.qspec"', specPath), posix, () => undefined);
    expect(spec.imports!.map(({ outcome }) => outcome.kind)).toEqual(['unknown']);
    expect(() => checkSpec(spec, context)).not.toThrow();
  });
});
