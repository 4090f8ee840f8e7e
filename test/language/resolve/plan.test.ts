import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Choice, Plan, Role } from '../../../engine/plan.ts';
import { loadSpec, resolveSpec } from '../../../language/index.ts';
import { modelOf, recurrent, small } from '../support/model.ts';
import { specPath, takeMarkers } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

function planOf(block: string, model = small): { plan: Plan; text: string } {
  const text = `qspec 1\nmodel "m.onnx"\ndata calibration npz "c.npz"\n${block}\n`;
  const { job, findings } = resolveSpec(loadSpec(text, specPath), { vocabulary, path: posix, model });
  if (!job?.plan) throw new Error(JSON.stringify(findings));
  return { plan: job.plan, text };
}

const choice = (plan: Plan, layer: string, role: Role): Choice | undefined => plan.nodes[layer]?.[role];
const format = (plan: Plan, layer: string, role: Role) => choice(plan, layer, role)?.format;

describe('words of a format', () => {
  it('set what they are of, formats under their canonical name', () => {
    const { plan } = planOf(
      'format w = float(e4m3, finite = 1, bias = 11) per-group(16) quantize { weights w power-of-two-scale activations uint8 layers first { weights int4 full-range } }',
    );
    expect(choice(plan, '/fc/Gemm', 'weight')).toMatchObject({
      format: 'float(e4m3, bias = 11)',
      granularity: 'per-group(16)',
      scale: 'power-of-two-scale',
    });
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({ format: 'int4', codes: 'full-range' });
    expect(choice(plan, '/fc/Gemm', 'weight')).not.toHaveProperty('codes');
  });
});

describe('where a spec is silent', () => {
  const { plan } = planOf('quantize { weights int8 activations uint8 }');

  it('weights are symmetric per channel, activations affine per tensor, watched by their extremes', () => {
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({
      format: 'int8',
      scheme: 'symmetric',
      granularity: 'per-channel',
      observer: { name: 'min-max', arguments: {} },
    });
    expect(choice(plan, '/stem/Conv', 'output[0]')).toMatchObject({ scheme: 'affine', granularity: 'per-tensor' });
    expect(choice(plan, '/stem/Conv', 'weight')).not.toHaveProperty('method');
    expect(plan.arithmetic).toBe('ort');
  });

  it('signed activations are affine too, unsigned weights as well', () => {
    const other = planOf('quantize { weights uint8 activations int8 }').plan;
    expect(choice(other, '/stem/Conv', 'weight')?.scheme).toBe('affine');
    expect(choice(other, '/stem/Conv', 'input[0]')?.scheme).toBe('affine');
  });

  it('formats that are no integers are symmetric everywhere, and those of blocks have their own granularity', () => {
    const other = planOf('quantize { weights mxfp4 activations e2m3 }').plan;
    expect(choice(other, '/stem/Conv', 'weight')).toMatchObject({ scheme: 'symmetric', granularity: 'per-group(32)' });
    expect(choice(other, '/stem/Conv', 'input[0]')?.scheme).toBe('symmetric');
    expect(choice(other, '/stem/Conv', 'bias')?.granularity).toBe('per-channel');
  });

  it('biases are int32 and follow the weights', () => {
    expect(choice(plan, '/stem/Conv', 'bias')).toMatchObject({
      format: 'int32',
      scheme: 'symmetric',
      granularity: 'per-channel',
    });
  });

  it('layers without a part in quantisation are not in the plan', () => {
    expect(plan.nodes['softmax']).toBeUndefined();
  });

  it('every input and output in activations has a choice, constants and absent inputs none', () => {
    expect(Object.keys(plan.nodes['/block/0/Add']!).sort()).toEqual(['input[0]', 'input[1]', 'output[0]']);
    expect(Object.keys(plan.nodes['/stem/Conv']!).sort()).toEqual(['bias', 'input[0]', 'output[0]', 'weight']);
  });

  it('says nothing of activations, they have no choice', () => {
    const other = planOf('quantize { weights int8 }').plan;
    expect(Object.keys(other.nodes)).toEqual(['/stem/Conv', '/block/0/dw/Conv', '/block/0/pw/Conv', '/fc/Gemm']);
    expect(Object.keys(other.nodes['/fc/Gemm']!).sort()).toEqual(['bias', 'weight']);
  });
});

describe('rules', () => {
  it('win over what stands before them, field by field', () => {
    const { plan } = planOf(`format w4 = int4 observe percentile(99)
      quantize {
        weights int8 symmetric per-channel observe mse
        activations uint8
        layers op Conv { weights w4 }
        layers first { weights per-tensor using adaround(iterations = 50) }
      }`);
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({
      format: 'int4',
      scheme: 'symmetric',
      granularity: 'per-tensor',
      observer: { name: 'percentile', arguments: { p: 99 } },
      method: { name: 'adaround', arguments: { iterations: 50 } },
    });
    expect(choice(plan, '/block/0/dw/Conv', 'weight')).toMatchObject({ format: 'int4', granularity: 'per-channel' });
    expect(choice(plan, '/fc/Gemm', 'weight')).toMatchObject({ format: 'int8', observer: { name: 'mse' } });
  });

  it('apply in the order of the file, not of their reach', () => {
    const { plan } = planOf('quantize { layer "/stem/Conv" { weights int4 } weights int8 }');
    expect(format(plan, '/stem/Conv', 'weight')).toBe('int8');
  });

  it('speak of inputs and outputs apart', () => {
    const { plan } = planOf(
      'quantize { activations uint8 layers op Add { outputs int8 } layers op Gemm { inputs float } }',
    );
    expect([format(plan, '/block/0/Add', 'input[1]'), format(plan, '/block/0/Add', 'output[0]')]).toEqual([
      'uint8',
      'int8',
    ]);
    expect([format(plan, '/fc/Gemm', 'input[0]'), format(plan, '/fc/Gemm', 'output[0]')]).toEqual(['float', 'uint8']);
  });

  it('keep whole layers float', () => {
    const { plan } = planOf('quantize { weights int8 activations uint8 layers op Conv keep float }');
    expect(Object.values(plan.nodes['/stem/Conv']!).map((own) => own?.format)).toEqual([
      'float',
      'float',
      'float',
      'float',
    ]);
    expect(format(plan, '/fc/Gemm', 'weight')).toBe('int8');
  });

  it('choose the arithmetic', () => {
    expect(planOf('quantize { weights int8 arithmetic tflite }').plan.arithmetic).toBe('tflite');
  });

  it('leave a method out where the weights stay float', () => {
    const { plan } = planOf('quantize { weights int8 using adaround layers op Gemm { weights float } }');
    expect(choice(plan, '/fc/Gemm', 'weight')).not.toHaveProperty('method');
  });
});

describe('locks', () => {
  it('hold the fields they state and no others', () => {
    const { plan } = planOf(`quantize {
      weights int8 per-channel
      layers first { lock weights int8 }
      layers op Conv { weights int4 per-tensor }
    }`);
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({ format: 'int8', granularity: 'per-tensor' });
    expect(choice(plan, '/block/0/pw/Conv', 'weight')).toMatchObject({ format: 'int4', granularity: 'per-tensor' });
  });

  it('without words hold all of a role as it stands', () => {
    const { plan } = planOf(`quantize {
      weights int8 per-channel
      layers first { lock weights }
      weights int4 per-tensor observe mse
    }`);
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({ format: 'int8', granularity: 'per-channel' });
    expect(choice(plan, '/fc/Gemm', 'weight')).toMatchObject({ format: 'int4', granularity: 'per-tensor' });
  });
});

describe('reset', () => {
  it('puts a role back to what the block says of all layers, and sets its words', () => {
    const { plan } = planOf(`quantize {
      weights int8 observe mse
      activations uint8
      layers op Conv { weights int4 per-tensor  activations int16 symmetric }
      layers first { reset weights }
      layer "/block/0/dw/Conv" { reset weights int4 }
      layer "/block/0/pw/Conv" { reset all }
    }`);
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({
      format: 'int8',
      granularity: 'per-channel',
      observer: { name: 'mse' },
    });
    expect(format(plan, '/stem/Conv', 'output[0]')).toBe('int16');
    expect(choice(plan, '/block/0/dw/Conv', 'weight')).toMatchObject({
      format: 'int4',
      granularity: 'per-channel',
      observer: { name: 'mse' },
    });
    expect(choice(plan, '/block/0/pw/Conv', 'output[0]')).toMatchObject({ format: 'uint8', scheme: 'affine' });
    expect(format(plan, '/block/0/pw/Conv', 'weight')).toBe('int8');
  });

  it('leads to float where the block says nothing', () => {
    const { plan } = planOf('quantize { layers op Conv, Gemm { weights int8 } layers first { reset all } }');
    expect(Object.keys(plan.nodes)).toEqual(['/block/0/dw/Conv', '/block/0/pw/Conv', '/fc/Gemm']);
  });

  it('in the block itself begins afresh for every layer, from the statements above it', () => {
    const { plan } = planOf(
      'quantize { weights int8 layers first { weights int4 } weights per-tensor reset weights observe mse }',
    );
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({
      format: 'int8',
      granularity: 'per-tensor',
      observer: { name: 'mse' },
    });
  });

  it('leaves what is locked', () => {
    const { plan } = planOf(`quantize {
      weights int8
      layers first { lock weights int4  weights per-tensor }
      layers op Conv { reset weights }
    }`);
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({ format: 'int4', granularity: 'per-channel' });
  });
});

describe('every field knows the words that decided it', () => {
  it('also through a named format', () => {
    const { text, ranges } = takeMarkers(`format a8 = uint8 affine observe mse
      quantize {
        weights »int8« symmetric »per-channel«
        activations »a8«
        layers op Gemm { weights »int4« }
        layer "/stem/Conv" keep »float«
      }`);
    const { plan } = planOf(text);
    const shift = (index: number) => {
      const range = ranges[index]!;
      return { start: { ...range.start, line: range.start.line + 3 }, end: { ...range.end, line: range.end.line + 3 } };
    };
    expect(choice(plan, '/block/0/pw/Conv', 'weight')?.origin).toMatchObject({
      format: shift(0),
      granularity: shift(1),
    });
    expect(choice(plan, '/block/0/pw/Conv', 'input[0]')?.origin).toEqual({
      format: shift(2),
      scheme: shift(2),
      observer: shift(2),
    });
    expect(choice(plan, '/fc/Gemm', 'weight')?.origin).toMatchObject({ format: shift(3), granularity: shift(1) });
    expect(choice(plan, '/stem/Conv', 'output[0]')?.origin.format).toEqual(shift(4));
  });
});

describe('names from hostile models', () => {
  it('are keys like any other', () => {
    const hostile = modelOf([
      { name: '__proto__', op: 'Conv', reads: ['input'], shape: [1, 1], weight: [1, 1, 1, 1], bias: true },
      { name: 'constructor', op: 'Conv', reads: ['__proto__'], shape: [1, 1], weight: [1, 1, 1, 1] },
      { name: 'a"b\n\u0000', op: 'Conv', reads: ['constructor'], shape: [1, 1], weight: [1, 1, 1, 1] },
    ]);
    const { plan } = planOf('quantize { weights int8 layer "__proto__", "a\\"b\\n\\u0000" { weights int4 } }', hostile);
    expect(Object.keys(plan.nodes)).toEqual(['__proto__', 'constructor', 'a"b\n\u0000']);
    expect(Object.entries(plan.nodes).map(([, roles]) => roles.weight?.format)).toEqual(['int4', 'int8', 'int4']);
  });
});

describe('a backend', () => {
  it('states formats of weights and activations, and the word that names it decides them', () => {
    const { plan, text } = planOf('quantize { backend tvm }');
    expect(plan.backend).toBe('tvm');
    const weight = choice(plan, '/stem/Conv', 'weight')!;
    expect(weight).toMatchObject({
      format: 'int8',
      scheme: 'symmetric',
      granularity: 'per-tensor',
      codes: 'full-range',
    });
    expect(weight.scale).toBe('power-of-two-scale');
    const { start, end } = weight.origin.format!;
    expect(text.split('\n')[start.line]!.slice(start.column, end.column)).toBe('backend tvm');
    expect(choice(plan, '/stem/Conv', 'input[0]')).toEqual(choice(plan, '/stem/Conv', 'output[0]'));
    expect(choice(plan, '/stem/Conv', 'input[0]')).toMatchObject({ scale: 'power-of-two-scale' });
  });

  it('is overridden field by field by what follows, and overrides what stands before', () => {
    const { plan } = planOf(
      'quantize { weights int2 backend snpe weights uint4 layers last { weights int8 symmetric } }',
    );
    expect(choice(plan, '/stem/Conv', 'weight')).toMatchObject({ format: 'uint4', scheme: 'affine' });
    expect(choice(plan, '/fc/Gemm', 'weight')).toMatchObject({ format: 'int8', scheme: 'symmetric' });
    expect(format(planOf('quantize { weights int2 backend snpe }').plan, '/stem/Conv', 'weight')).toBe('uint8');
  });

  it('is what a reset leads back to', () => {
    const { plan } = planOf('quantize { backend acl layers all { weights int4 } layers last { reset weights } }');
    expect(format(plan, '/stem/Conv', 'weight')).toBe('int4');
    expect(format(plan, '/fc/Gemm', 'weight')).toBe('int8');
  });

  it('of the literature folds no batch normalisations, unless the spec names passes', () => {
    const passesOf = (text: string) =>
      resolveSpec(loadSpec(`qspec 1 model "m.onnx" data calibration npz "c.npz" ${text}`, specPath), {
        vocabulary,
        path: posix,
        model: small,
      }).job!.passes;
    expect(passesOf('quantize { backend academic }')).toEqual(['fold-constants', 'remove-identity']);
    expect(passesOf('passes all quantize { backend academic }')).toBeUndefined();
    expect(passesOf('passes none quantize { backend academic }')).toEqual([]);
    expect(passesOf('quantize { backend acl }')).toBeUndefined();
  });

  it('is absent from a plan whose spec names none', () => {
    expect(planOf('quantize { weights int8 }').plan).not.toHaveProperty('backend');
  });
});

describe('recurrent layers', () => {
  it('have formats for their weights alone', () => {
    const { plan } = planOf('quantize { weights int8 activations uint8 layers first { weights int4 } }', recurrent);
    expect(Object.keys(plan.nodes['gru']!)).toEqual(['weight']);
    expect([format(plan, 'gru', 'weight'), format(plan, 'fc', 'weight')]).toEqual(['int4', 'int8']);
    expect(format(plan, 'fc', 'input[0]')).toBe('uint8');
  });
});
