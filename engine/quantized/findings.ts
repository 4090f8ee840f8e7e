import type { Finding } from '../findings.ts';
import type { QuantizedSummary } from '../graph/summary.ts';

/** A model in codes that a spec would quantise without saying what is to become of them. */
export function alreadyQuantized({ style, reason }: QuantizedSummary): Finding {
  return {
    code: 'model/quantized',
    severity: 'error',
    what: `The model is quantised already (${style}), and the spec does not say what is to become of its codes.`,
    why: 'Rounding twice loses accuracy twice, and a float model is what the spec’s formats are meant for.',
    fix: `Name the float model, or write \`quantized keep\` behind the path: its layers in codes stay as they are${
      reason === undefined ? '; or `quantized requantize`: its weights and activations become float first' : ''
    }.`,
  };
}

/** A model whose codes are to become float, and cannot. */
export function noFloatNetwork({ reason = 'it could not be written' }: QuantizedSummary): Finding {
  return {
    code: 'model/quantized',
    severity: 'error',
    what: `The codes of this model cannot be made float: ${reason}.`,
    fix: 'Name the float model, or write `quantized keep`: what is in codes stays as it is.',
  };
}
