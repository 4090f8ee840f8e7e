import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { checkSpec, loadSpec, printStarterSpec, resolveSpec, type StarterOptions } from '../../language/index.ts';
import { mobilenet, modelOf, small } from './support/model.ts';
import { specPath } from './support/resources.ts';
import { vocabulary } from './support/vocabulary.ts';

function check(summary: ModelSummary, options: StarterOptions) {
  const text = printStarterSpec(summary, options);
  const spec = loadSpec(text, specPath);
  const context = { vocabulary, path: posix, model: summary };
  return { text, findings: checkSpec(spec, context), job: resolveSpec(spec, context).job };
}

const data = { kind: 'npz', path: 'c.npz', options: ['array x', 'labels y', 'take 100'] };

describe('a starter spec', () => {
  it('checks clean and quantises weights when no data is named', () => {
    const { findings, job } = check(small, { model: 'small.onnx' });
    expect(findings).toEqual([]);
    expect(job?.plan?.nodes['/stem/Conv']).toHaveProperty('weight');
    expect(job?.exports[0]?.path).toBe('/project/out/small.int8.onnx');
  });

  it('checks clean and quantises all with data', () => {
    const { findings, job } = check(mobilenet, {
      model: 'a.onnx',
      calibration: data,
      validation: { ...data, path: 'v.npz' },
      target: 'cortex-m7',
      output: 'b.onnx',
    });
    expect(findings).toEqual([]);
    expect(job?.plan?.nodes['/features/0/Conv']).toHaveProperty('output[0]');
    expect(Object.keys(job?.data ?? {})).toEqual(['calibration', 'validation']);
    expect(job?.expectations).toHaveLength(1);
  });

  it('judges the result on what calibration leaves, and promises nothing where it leaves too little', () => {
    const { findings, job } = check(mobilenet, { model: 'a.onnx', calibration: { ...data, samples: 400 } });
    expect(findings).toEqual([]);
    expect(job?.data['validation']).toMatchObject({ skip: 100, take: 300, labels: { array: 'y' } });
    expect(job?.expectations).toHaveLength(1);
    for (const samples of [undefined, 100, 120]) {
      const calibration = samples === undefined ? data : { ...data, samples };
      const few = check(mobilenet, { model: 'a.onnx', calibration });
      expect(few.findings).toEqual([]);
      expect(Object.keys(few.job?.data ?? {})).toEqual(['calibration']);
      expect(few.job?.expectations).toEqual([]);
    }
  });

  it('checks clean when its comments are taken for lines', () => {
    const { text } = check(small, { model: 'small.onnx' });
    const line = /^(\s*)\/\/ ((?:data|activations|expect|target|layer|layers|quantize) .*|\}| {2}.*)$/gm;
    const woken = text.replace(line, '$1$2').replace('and macs', 'and macs');
    expect(woken).not.toBe(text);
    const { findings } = loadSpec(woken, specPath);
    expect(findings).toEqual([]);
  });

  it('quotes whatever names it is given', () => {
    const nasty = 'a"\n} export onnx qdq "x\\\u2028';
    const hostile = modelOf([{ name: nasty, op: 'Conv', reads: ['input'], shape: [1, 1], weight: [1, 1, 1, 1] }]);
    const { text, findings, job } = check(hostile, { model: `${nasty}.onnx`, output: 'out.onnx' });
    expect(findings).toEqual([]);
    expect(job?.exports).toHaveLength(1);
    expect(text.split('\n').some((line) => line.startsWith('}') && line !== '}')).toBe(false);
  });

  it('stands for a model without layers', () => {
    expect(check(modelOf([]), { model: 'empty.onnx' }).findings).toEqual([]);
  });
});
