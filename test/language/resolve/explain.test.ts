import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain, loadSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const asked = (text: string, layer: string) =>
  explain(loadSpec(text, specPath), { vocabulary, path: posix, model: small }, layer);

const lines = (text: string, layer: string) =>
  asked(text, layer)!.sayings.map(
    ({ range, rule, text: statement, changes }) =>
      `${range.start.line + 1} ${rule === undefined ? '' : `[${rule}] `}${statement}: ${changes
        .map(({ role, field, value, outcome }) => `${role} ${field} ${value} ${outcome}`)
        .join(', ')}`,
  );

describe('explaining a layer', () => {
  it('lists in order what speaks of it, and which statement decides', () => {
    const spec = `quantize {
  weights int8
  layers op Conv { weights int4 per-tensor }
  layers first { lock weights int8 }
  layers "/stem/*" { weights int4 observe percentile(99) }
  layers op Gemm keep float
}`;
    expect(lines(spec, '/stem/Conv')).toEqual([
      '2 weights int8: weights format int8 overridden',
      '3 [layers op Conv] weights int4 per-tensor: weights format int4 overridden, weights granularity per-tensor decides',
      '4 [layers first] lock weights int8: weights format int8 decides',
      '5 [layers "/stem/*"] weights int4 observe percentile(99): weights format int4 locked-out, weights observer percentile(p = 99) decides',
    ]);
    expect(lines(spec, '/fc/Gemm')).toEqual([
      '2 weights int8: weights format int8 overridden',
      '6 layers op Gemm keep float: weights format float decides, bias format float decides, inputs format float decides, outputs format float decides',
    ]);
    expect(asked(spec, '/stem/Conv')!.choices.weight).toMatchObject({ format: 'int8', granularity: 'per-tensor' });
  });

  it('gives the word back to the block where a rule resets', () => {
    const spec = `quantize {
  weights int8
  layers op Conv { weights int4 per-tensor }
  layers first { reset weights observe mse }
}`;
    expect(lines(spec, '/stem/Conv')).toEqual([
      '2 weights int8: weights format int8 decides',
      '3 [layers op Conv] weights int4 per-tensor: weights format int4 overridden, weights granularity per-tensor overridden',
      '4 [layers first] reset weights observe mse: weights format int8 resets, weights granularity default resets, weights observer mse decides',
    ]);
  });

  it('of a layer that is not there, or without anything to explain, is undefined', () => {
    expect(asked('quantize { weights int8 }', '/none')).toBeUndefined();
    expect(asked('model "m.onnx"', '/stem/Conv')).toBeUndefined();
  });
});
