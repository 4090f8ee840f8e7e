import { lowerQLookup } from '../../executor/lowerings/integer.ts';
import { fail } from '../../findings.ts';
import type { Operator } from '../operator.ts';
import { describe, tensorAttribute } from '../shared/attributes.ts';
import { inputType, valueType } from '../shared/types.ts';
import { allocateCodes, type Codes, type CodeType, codesOf } from './requantization.ts';

/**
 * Any function of an 8-bit code, as a table. Attribute `table`: 256 codes of the output's type; entry `i` is for the
 * code whose byte is `i` (an int8 code −1 is byte 255). Elementwise functions and changes of scale or format are
 * tables.
 */
export const qlookup: Operator = {
  op: 'QLookup',
  domain: 'qspec',
  opsets: [1, 1],
  infer(node, context) {
    return [valueType(tensorAttribute(node, 'table')?.dtype ?? 'uint8', inputType(node, 0, context).dims)];
  },
  evaluate(node, [x]) {
    const table = tensorAttribute(node, 'table');
    if (table?.data.length !== 256) fail('model/attribute', `${describe(node)} has no table of 256 codes.`);
    const entries = table.data as Codes;
    const codes = codesOf(node, x, 'Input');
    const out = allocateCodes(table.dtype as CodeType, codes.length);
    for (let i = 0; i < out.length; i++) out[i] = entries[codes[i]! & 255]!;
    return [{ dtype: table.dtype, dims: x!.dims, data: out }];
  },
  lower: lowerQLookup,
};
