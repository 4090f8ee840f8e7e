import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../language/index.ts';
import { networkOf } from '../../../language/selectors/network.ts';
import { properties } from '../../../language/selectors/properties.ts';
import { roles } from '../../../language/selectors/roles.ts';
import { select } from '../../../language/selectors/select.ts';
import { small } from '../support/model.ts';

/** Short names for the layers of the model, in order. */
const short = ['stem', 'stemrelu', 'dw', 'pw', 'add', 'relu', 'pool', 'flatten', 'fc', 'softmax'];

function selected(selector: string): string {
  const { ast, findings } = loadSpec(`quantize { layers ${selector} keep float }`, '/a.qspec');
  expect(findings).toEqual([]);
  const rule = ast.statements[0];
  if (rule?.$type !== 'QuantizeBlock' || rule.items[0]?.$type !== 'LayersRule') throw new Error('no rule');
  const layers = select(rule.items[0].selector, rule.items[0].predicate, networkOf(small));
  return [...layers]
    .sort((a, b) => a - b)
    .map((index) => short[index])
    .join(' ');
}

describe('selectors', () => {
  it.each([
    ['all', short.join(' ')],
    ['"/stem/Conv"', 'stem'],
    ['"/block/0/*"', 'dw pw add relu'],
    ['"/s*/Conv"', 'stem'],
    ['re"/(stem|fc)/[A-Z].*"', 'stem stemrelu fc'],
    ['op Conv', 'stem dw pw'],
    ['op Conv, Gemm', 'stem dw pw fc'],
    ['op ai.onnx.Relu', 'stemrelu relu'],
    ['op com.microsoft.Relu', ''],
    ['first', 'stem'],
    ['last', 'fc'],
    ['first or last', 'stem fc'],
    ['not op Conv', 'stemrelu add relu pool flatten fc softmax'],
    ['not not op Conv', 'stem dw pw'],
    ['op Conv and not first', 'dw pw'],
    ['op Relu or op Conv and first', 'stem stemrelu relu'],
    ['(op Relu or op Conv) and first', 'stem'],
    ['before op Add', 'stem stemrelu dw pw'],
    ['after op Add', 'relu pool flatten fc softmax'],
    ['not after op Add', 'stem stemrelu dw pw add'],
    ['consumers of "/stem/Relu"', 'dw add'],
    ['producers of op Add', 'stemrelu pw'],
    ['consumers of consumers of first', 'dw add'],
    ['first of op Relu', 'stemrelu'],
    ['last of "/block/*"', 'relu'],
    ['first of op MatMul', ''],
    ['from "/stem/Relu" to op Add', 'stemrelu dw pw add'],
    ['from (op Add) to (last)', 'add relu pool flatten fc'],
    ['from op Add to first', ''],
    ['block 1', 'dw pw add relu'],
    ['blocks 1..1 and op Conv', 'dw pw'],
    ['block 2', ''],
    ['before block 1', 'stem stemrelu'],
    ['role depthwise', 'dw'],
    ['role pointwise', 'pw'],
    ['role convolution', 'stem dw pw'],
    ['role linear', 'fc'],
    ['role compute', 'stem dw pw fc'],
    ['role elementwise', 'add pool'],
    ['role same-scale', 'flatten'],
    ['role activation', 'stemrelu relu'],
    ['role float', 'softmax'],
    ['role recurrent', ''],
  ])('%s', (selector, expected) => {
    expect(selected(selector)).toBe(expected);
  });
});

describe('where', () => {
  it.each([
    ['op Conv where kernel == 1x1', 'pw'],
    ['op Conv where kernel != 1x1', 'stem dw'],
    ['op Conv or op Relu where kernel == 1x1', 'pw'],
    ['op Relu or (op Conv where kernel == 1x1)', 'stemrelu pw relu'],
    ['all where macs > 50K', 'stem pw'],
    ['all where macs >= 110592 and macs <= 110592', 'stem'],
    ['all where depthwise or pointwise', 'dw pw'],
    ['op Conv where not depthwise', 'stem pw'],
    ['op Conv where not not depthwise == true', 'dw'],
    ['all where groups > 1', 'dw'],
    ['all where weight-bytes >= 1 KiB', 'stem pw'],
    ['all where parameters == 170', 'fc'],
    ['all where input-shape == [1, 3, 32, 32]', 'stem'],
    ['all where input-shape == 1x3x32x32', 'stem'],
    ['all where output-shape == 1x10', 'fc softmax'],
    ['all where weight-shape == 10x16', 'fc'],
    ['all where input-channels == 3 or output-channels == 10', 'stem fc softmax'],
    ['all where op == "Gemm" or name == "softmax"', 'fc softmax'],
    ['all where op == Gemm', 'fc'],
    ['all where consumers >= 2', 'stemrelu'],
    ['all where attribute.axis == 1', 'flatten'],
    ['all where attribute.transB', 'fc'],
    ['all where (kernel == 3x3 or kernel == 1x1) and groups == 1', 'stem pw'],
  ])('%s', (selector, expected) => {
    expect(selected(selector)).toBe(expected);
  });

  it('is false for what a layer does not have, also under !=', () => {
    expect(selected('op Relu where kernel != 1x1')).toBe('');
  });

  it('never takes an inherited name for an attribute', () => {
    expect(selected('all where attribute.constructor')).toBe('');
  });
});

describe('registries of words', () => {
  it('have a description for each', () => {
    for (const word of [...properties, ...roles]) expect(word.description).toMatch(/\.$/);
  });
});
