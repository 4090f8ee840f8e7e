import type { Severity } from '../findings.ts';

/** What docs/findings.md says of a finding that takes a run: weights, calibration or the runtime have to be seen. */
export interface MeasuredFinding {
  readonly code: string;
  readonly severity: Severity;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

/** Findings of pruning, quantising, exporting and verifying, in the order of a run. A test sees that none is missing. */
export const measuredFindings: readonly MeasuredFinding[] = [
  {
    code: 'prune/not-pruned',
    severity: 'warning',
    what: 'A layer that the spec prunes keeps all its weights, with the reason.',
    why: 'Only weights that are stored in the model can be taken out.',
    fix: 'Leave it out of the `prune` block.',
  },
  {
    code: 'prune/channels-stay',
    severity: 'information',
    what: 'A layer keeps channels that the spec takes, with the reason.',
    why: 'Channels go where the model that is left gives the same as with zeros in their place: not those of its outputs, nor of what operators mix with channels that stay.',
    fix: 'Nothing, or prune the layers that share those channels as well; `sparsity` leaves shapes as they are.',
  },
  {
    code: 'prune/rank',
    severity: 'information',
    what: 'A layer is not split into two of a lower rank, with the reason.',
    why: 'Two layers of that rank would have as many weights as the one or more; groups of a convolution are products of their own.',
    fix: 'Ask for a lower rank, or leave it out.',
  },
  {
    code: 'calibrate/no-samples',
    severity: 'error',
    what: 'The calibration data hold no sample.',
    why: 'Scales of activations come from samples.',
    fix: 'Check path, `skip` and `take` of the data.',
  },
  {
    code: 'calibrate/not-finite',
    severity: 'error',
    what: 'A tensor became infinite or not a number on a sample.',
    why: 'No scale can be chosen for such values.',
    fix: 'Check the preprocessing of the data, or leave the sample out.',
  },
  {
    code: 'quantize/stays-float',
    severity: 'information',
    what: 'A layer for which the spec has formats stays float, with the reason.',
    why: 'Its inputs are dequantised before it, and its output is quantised again where the next layer wants codes.',
    fix: 'Give what it lacks a format, or keep it float.',
  },
  {
    code: 'quantize/unheard',
    severity: 'information',
    what: 'Ranges or formats that tensors have from another role than the one that the spec says them of.',
    why: 'A layer reads what fits its format with the range that it was written with; a Relu has the codes of the layer before it.',
    fix: 'Say it of the outputs of those layers.',
  },
  {
    code: 'quantize/rescaled',
    severity: 'information',
    what: 'Input channels of layers were scaled by the factors of a method, with how many layers and how far the factors reach.',
    why: 'Weights are multiplied and what computes their inputs is divided, so that codes lose less; the float model computes the same.',
    fix: 'Nothing.',
  },
  {
    code: 'quantize/not-rescaled',
    severity: 'warning',
    what: 'Input channels of layers were not scaled although their method wants it, with what stands in the way.',
    why: 'What computes the channels has to be divided, and no one else may read it; their weights are only rounded.',
    fix: 'Let a multiplication be inserted, `insert = 1`, or choose another method.',
  },
  {
    code: 'quantize/absorbed-biases',
    severity: 'information',
    what: 'High biases were moved into the biases of the layers behind, with the number of channels.',
    why: 'Nearly all values of these channels are that high: ranges of activations get smaller, and hardly a value changes.',
    fix: 'Nothing; `absorb = 0` leaves them where they are.',
  },
  {
    code: 'quantize/constant-channels',
    severity: 'information',
    what: 'Channels that give the same value for every input were folded into the biases behind them.',
    why: 'A scale for a channel without a range would be arbitrary.',
    fix: 'Nothing.',
  },
  {
    code: 'quantize/method-fallback',
    severity: 'warning',
    what: 'Weights were rounded to nearest instead of by the method of the spec, with the reason.',
    why: 'The method needs calibration data, a scale for each channel, or fewer inputs of the layer.',
    fix: 'Give it what it needs, or choose another.',
  },
  {
    code: 'quantize/accumulator',
    severity: 'warning',
    what: 'Sums of layers can pass the accumulator of the arithmetic, with the weights and biases as they are and inputs at their limits.',
    why: 'A sum that wraps round is off by the whole range.',
    fix: 'Use fewer bits for weights or activations of these layers, or keep them float.',
  },
  {
    code: 'quantize/bias-range',
    severity: 'warning',
    what: 'Biases are so large beside the weights that the weights got a coarser scale than their values ask for.',
    why: 'A bias is held in steps of the scales of input and weights, in 32 bits; at a finer scale it would overflow.',
    fix: 'Keep these layers float if accuracy suffers, or give their inputs a wider range.',
  },
  {
    code: 'quantize/bias-overflow',
    severity: 'error',
    what: 'A bias does not fit 32 bits at its scale.',
    why: 'It would wrap round in the accumulator.',
    fix: 'Keep the layer float.',
  },
  {
    code: 'quantize/float-weights',
    severity: 'warning',
    what: 'A good part of the weights stays float, in layers that have no integer form.',
    why: 'The model stays about that large.',
    fix: 'Nothing, if size is no matter.',
  },
  {
    code: 'quantize/nothing',
    severity: 'error',
    what: 'No weight of the model would be compressed, with the reason.',
    why: 'The result would be the float model.',
    fix: 'Give formats to layers that have an integer form.',
  },
  {
    code: 'reading/integer-width',
    severity: 'error',
    what: 'A tensor is held in a format that is wider than integer execution knows.',
    why: 'It knows up to 8 bits.',
    fix: 'Use 8-bit formats.',
  },
  {
    code: 'reading/not-integer',
    severity: 'error',
    what: 'A tensor is held in a format whose codes are no integers, where integers are to be computed with.',
    why: 'Integer execution multiplies and adds codes as they are.',
    fix: 'Use the simulation for such formats.',
  },
  {
    code: 'export/opset',
    severity: 'error',
    what: 'The model cannot be written for the operator set that the spec asks for.',
    why: 'Its own operators or its formats need a newer one.',
    fix: 'Ask for the set that is named, or leave it out.',
  },
  {
    code: 'export/format',
    severity: 'error',
    what: 'An activation is rounded to a format that no operator of ONNX rounds to.',
    why: 'QuantizeLinear rounds to integers, e4m3fn and e5m2.',
    fix: 'Use one of these for activations. Weights can have any format.',
  },
  {
    code: 'export/carried-by-float',
    severity: 'information',
    what: 'Weights are written as float32, with the values that their codes stand for.',
    why: 'ONNX has no type that holds the levels of their format: the file is no smaller.',
    fix: 'Nothing, if accuracy is what is asked for; else use an integer format.',
  },
  {
    code: 'export/code-range',
    severity: 'error',
    what: 'A tensor uses a part of the codes of its format, and ONNX has no way of saying so.',
    why: 'A clamp over codes takes types of 8 bits alone.',
    fix: 'Use an affine scheme for it, or an 8-bit format.',
  },
  {
    code: 'export/int8-activations',
    severity: 'warning',
    what: 'On x86, ONNX Runtime computes the layers around some int8 activations in float.',
    why: 'It turns int8 activations into uint8 only where one layer reads them and nothing clamps them.',
    fix: 'Use uint8 activations, or set the session option `session.qdqisint8allowed` to 1.',
  },
  {
    code: 'verify/channel-axis',
    severity: 'warning',
    what: 'A weight has its scales along another axis than its output channels.',
    why: 'Optimised runtimes apply them to the output channels all the same and compute something else than the file says.',
    fix: 'Write the scales along the axis that is named.',
  },
  {
    code: 'verify/load',
    severity: 'error',
    what: 'ONNX Runtime does not load the exported model; nothing is written.',
    why: 'A model that the runtime rejects is of no use, whatever a checker says of it.',
    fix: 'The runtime’s own words say what it does not take.',
  },
  {
    code: 'verify/run',
    severity: 'error',
    what: 'ONNX Runtime loads the exported model but does not run it; nothing is written.',
    why: 'A model that the runtime rejects is of no use, whatever a checker says of it.',
    fix: 'The runtime’s own words say what it does not take.',
  },
  {
    code: 'verify/shape',
    severity: 'error',
    what: 'An output has another number of values in one model than in the other.',
    why: 'They are not the same network.',
    fix: 'Compare models that were made of each other.',
  },
  {
    code: 'verify/float-compute',
    severity: 'warning',
    what: 'Convolutions or matrix products of the exported model still run in float in ONNX Runtime.',
    why: 'They are as slow as before, and the conversions around them cost extra.',
    fix: 'Use formats that it has integer kernels for: `export/combination` says which before the run.',
  },
  {
    code: 'verify/too-large',
    severity: 'warning',
    what: 'The exported model was not run in ONNX Runtime, since its weights are too large for that here.',
    why: 'The runtime would need several times as much memory.',
    fix: 'Run it in the runtime that it is meant for.',
  },
];
