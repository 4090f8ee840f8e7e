import { alreadyQuantized, noFloatNetwork } from '../../engine/quantized/findings.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { statementsOf } from '../resolve/definitions.ts';
import { stances } from '../vocabulary.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

/** A model that is quantised already is not quantised again by accident. */
export const modelMustNotBeQuantizedTwice: Check = {
  code: 'model/quantized',
  severity: 'error',
  section: 'spec',
  what: 'The model is quantised already (QuantizeLinear and DequantizeLinear, operators on codes, or QONNX quantisers) and the spec quantises it, or the word behind `quantized` is none.',
  why: 'Rounding twice loses accuracy twice, and a float model is what the spec’s formats are meant for.',
  fix: 'Name the float model; or write `quantized keep` behind the path (layers in codes stay as they are, the spec speaks of the others) or `quantized requantize` (the float network that the codes stand for is compressed).',
  example: 'qspec 1\nmodel "network.onnx" quantized twice\nquantize { weights int8 }',
  *remarks({ ast, definitions, model }) {
    for (const { quantized } of statementsOf(ast, 'ModelStatement')) {
      const words = [...stances, 'refuse'];
      if (quantized && !words.includes(quantized.text)) yield unknown('choice for a quantised model', quantized, words);
    }
    const known = model?.quantized;
    const statement = definitions.model;
    if (!known || !statement) return;
    const asked = definitions.quantized;
    const {
      code: _code,
      severity: _severity,
      ...finding
    } = asked === 'requantize' ? noFloatNetwork(known) : alreadyQuantized(known);
    const isFault = asked === 'requantize' ? !known.float : asked === undefined && definitions.quantize !== undefined;
    if (!isFault) return;
    const raw = statement.path?.raw ?? '';
    const instead = statement.quantized || !known.float ? undefined : `${raw} quantized requantize`;
    yield { ...finding, range: rangeOf(statement.path), ...(instead && { replacement: instead }) };
  },
};
