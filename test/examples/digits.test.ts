import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSplit } from '../../engine/data/splits.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { graphFromProto } from '../../engine/graph/from-proto.ts';
import { summarize } from '../../engine/graph/summary.ts';
import { decodeModel } from '../../engine/onnx/codec.ts';
import { float32Tensor } from '../../engine/tensor.ts';
import { loadDigits } from '../../examples/digits/data.ts';
import { lookAtFiles } from '../../language/facts.ts';
import { loadSpec, resolveSpec } from '../../language/index.ts';
import { engineVocabulary } from '../../language/vocabulary-engine.ts';
import { runInOnnxRuntime } from '../onnxruntime.ts';
import { root } from '../shared.ts';

const folder = join(root, 'examples', 'digits');
const bytes = new Uint8Array(readFileSync(join(folder, 'digits.onnx')));
const { parts } = parseSplit(readFileSync(join(folder, 'splits.json'), 'utf8'), 'splits.json');

describe('the digits example', () => {
  it('has all 1,797 digits, each in one part, every class in every part', async () => {
    const { labels } = await loadDigits();
    expect(labels.length).toBe(1797);
    const { train = [], calibration = [], test = [] } = parts;
    expect([train.length, calibration.length, test.length]).toEqual([1147, 200, 450]);
    expect(new Set([...train, ...calibration, ...test]).size).toBe(1797);
    for (const part of [train, calibration, test]) {
      for (let digit = 0; digit < 10; digit++) {
        const share = part.filter((index) => labels[index] === digit).length / part.length;
        expect(share).toBeGreaterThan(0.09);
        expect(share).toBeLessThan(0.11);
      }
    }
  });

  it('has a network with every kind of layer that a quantiser meets', () => {
    const model = decodeModel(bytes);
    const operators = new Set(model.graph!.node.map((node) => node.op_type));
    expect([...operators].sort()).toEqual(
      ['Add', 'BatchNormalization', 'Conv', 'Flatten', 'Gemm', 'GlobalAveragePool', 'MaxPool', 'Relu'].sort(),
    );
    expect(model.doc_string).toContain('CC BY 4.0');
  });

  it('has a network that names 445 of the 450 test digits in ONNX Runtime', async () => {
    const { images, labels } = await loadDigits('test');
    const inputs = new Map([['image', float32Tensor([labels.length, 1, 8, 8], images)]]);
    const logits = (await runInOnnxRuntime(bytes, inputs)).get('logits')!.data as Float32Array;
    const right = labels.filter((label, index) => {
      const row = logits.subarray(index * 10, index * 10 + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(right.length).toBe(445);
  });

  it('has a spec without findings, which resolves to a job', async () => {
    const path = join(folder, 'digits.qspec');
    const host = nodeHost();
    const spec = loadSpec(readFileSync(path, 'utf8'), path);
    const { job, findings } = resolveSpec(spec, {
      vocabulary: engineVocabulary(),
      path: host.path,
      model: summarize(graphFromProto(decodeModel(bytes))),
      fileAt: await lookAtFiles(spec, host),
    });
    expect(findings).toEqual([]);
    expect(Object.keys(job!.data)).toEqual(['calibration', 'validation']);
    expect(job!.plan!.nodes['depthwise1']!.weight).toMatchObject({ format: 'int8', granularity: 'per-channel' });
  });
});
