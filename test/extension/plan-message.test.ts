import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planMessage } from '../../extension/views/plan-message.ts';
import { examine } from '../../language/context.ts';
import { planTableOf } from '../../language/editor/plan-table.ts';
import { loadSpec } from '../../language/index.ts';
import { small } from '../language/support/model.ts';
import { vocabulary } from '../language/support/vocabulary.ts';

const messageOf = (text: string) => {
  const spec = examine(loadSpec(text, '/project/a.qspec'), { vocabulary, path: posix, model: small });
  return planMessage(planTableOf(spec)!, { id: 'file:///a.qspec', title: 'a.qspec', model: 'm.onnx' });
};
const message = messageOf(`target cortex-m7
quantize {
  weights int8 using adaround(iterations = 9)  activations uint8
  layers op Conv where depthwise { activations float }
  layer "/block/0/Add" { outputs float }
  layers first keep float
}`);
const verdictOf = (name: string) => message.verdicts[message.rows.find((row) => row.name === name)!.verdict]!;

describe('what the plan view is sent', () => {
  test('survives structured cloning and JSON alike', () => {
    expect(JSON.parse(JSON.stringify(message))).toEqual(structuredClone(message));
  });

  test('says whose layers these are, and what times are estimated for', () => {
    expect(message.subtitle).toMatch(/^10 layers of m\.onnx · latency estimated for .*Cortex-M7/);
    expect(message.subtitle).not.toContain('energy');
    expect(messageOf('target cortex-a72 quantize { weights int8 activations uint8 }').subtitle).toMatch(
      /Cortex-A72.*, energy of all \S+ µJ → \S+ µJ$/,
    );
    expect(messageOf('quantize { weights int8 }')).toMatchObject({ subtitle: '10 layers of m.onnx', target: null });
  });

  test('counts lines of rules from one', () => {
    expect(message.rules.map(({ line, text, ofAll }) => `${line} ${text}${ofAll ? ', of all' : ''}`)).toEqual([
      '3 weights int8 using adaround(iterations = 9), of all',
      '3 activations uint8, of all',
      '4 layers op Conv where depthwise',
      '5 layer "/block/0/Add"',
      '6 layers first',
    ]);
  });

  test('has figures before and after, and a dash and no number where there is nothing', () => {
    const [stem, relu] = message.rows;
    expect(stem).toMatchObject({
      shape: '1×16×16×16',
      parameters: { text: '448', value: 448 },
      bytesBefore: { text: '1.75 KiB', value: 1792 },
      bytesAfter: { text: '1.75 KiB', value: 1792 },
    });
    const nothing = { text: '–', value: null };
    // The activation function is folded into the convolution before it.
    expect(relu).toMatchObject({ parameters: nothing, bytesAfter: nothing, timeAfter: nothing });
    expect(message.totals.bytesAfter.value!).toBeLessThan(message.totals.bytesBefore.value!);
    expect(message.totals.timeAfter.text).toMatch(/ms|µs/);
    expect(messageOf('quantize { weights int8 }').rows[0]!.timeAfter).toEqual(nothing);
  });

  test('shows formats of input and output apart only where they differ', () => {
    expect(verdictOf('/block/0/pw/Conv').activations).toBe('uint8');
    expect(verdictOf('/block/0/dw/Conv').activations).toBe('float');
    expect(verdictOf('/block/0/Add').activations).toBe('uint8 → float');
    expect(verdictOf('/block/0/pw/Conv')).toMatchObject({
      weights: 'int8',
      weightsHow: 'symmetric per-channel, adaround(iterations = 9)',
    });
  });

  test('says why a layer stays float', () => {
    expect(verdictOf('/stem/Conv').float).toEqual({ short: 'kept float', why: 'Stays float: the spec says so.' });
    expect(verdictOf('softmax').float?.why).toMatch(/no integer form/);
    expect(verdictOf('/fc/Gemm').float).toBeNull();
  });
});
