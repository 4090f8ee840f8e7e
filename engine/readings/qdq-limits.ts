import type { Limit } from '../quantize/limits.ts';

const products = ['Conv', 'Gemm', 'MatMul'];
const eightBits = 'Use 8-bit formats here';
const container = 'Where speed is what counts, give the export `{ container int8 }`: the same codes, a byte each.';
const packed =
  'Where speed is what counts, give the export `{ container packed }`: the same codes in as many bits, which the runtime makes bytes of when it loads the model.';

/**
 * What ONNX Runtime does not compute in integers of an exported QDQ model with all its optimisations on: measured with
 * onnxruntime-web 1.30, operator by operator and format by format; `test/engine/readings/qdq-limits.test.ts` measures it again.
 */
export const qdqLimits: readonly Limit[] = [
  {
    operators: ['Conv'],
    weights: ['int8', 'uint8', 'int32', 'uint32'],
    activations: ['int4', 'uint4'],
    blames: 'activations',
    outcome: 'refused',
    why: 'ONNX Runtime makes a QLinearConv of it, which takes activations of 8 bits alone, and does not load the model.',
    fix: `${eightBits}, \`activations uint8\`, or give the export \`{ container int8 }\`: the same codes, a byte each.`,
  },
  {
    operators: ['Conv', 'MatMul'],
    weights: ['int32', 'uint32'],
    activations: ['uint8'],
    blames: 'weights',
    outcome: 'refused',
    why: 'ONNX Runtime makes an integer operator of it, which takes weights of 8 bits alone, and does not load the model.',
    fix: `${eightBits}: \`weights int8\`.`,
  },
  {
    operators: products,
    weights: ['int2', 'uint2', 'int4', 'uint4'],
    blames: 'weights',
    outcome: 'float',
    why: 'ONNX Runtime has integer kernels for weights in 8-bit types alone: it turns these into floats and computes in float. The file is smaller all the same.',
    fix: packed,
  },
  {
    operators: products,
    weights: ['int16', 'uint16', 'int32', 'uint32'],
    blames: 'weights',
    outcome: 'float',
    why: 'ONNX Runtime has integer kernels for weights of up to 8 bits alone: it turns these into floats and computes in float.',
    fix: `${eightBits} where speed is what counts.`,
  },
  {
    operators: products,
    weights: ['float32', 'float16', 'bfloat16'],
    blames: 'weights',
    outcome: 'float',
    why: 'No integer type of ONNX has the levels of these weights: ONNX Runtime computes with what they stand for, in float.',
    fix: `${eightBits} where speed is what counts.`,
  },
  {
    operators: products,
    weights: ['uint8'],
    activations: ['int8'],
    blames: 'weights',
    outcome: 'float',
    why: 'ONNX Runtime has no integer kernel for unsigned weights with signed activations.',
    fix: 'Use signed weights, or unsigned activations.',
  },
  {
    activations: ['int2', 'uint2', 'int4', 'uint4'],
    blames: 'activations',
    outcome: 'float',
    why: 'ONNX Runtime has integer kernels for activations in 8-bit types alone: it computes in float between conversions.',
    fix: container,
  },
  {
    activations: ['int16', 'uint16', 'int32', 'uint32'],
    blames: 'activations',
    outcome: 'float',
    why: 'ONNX Runtime has integer kernels for activations of up to 8 bits alone: it computes in float between conversions.',
    fix: `${eightBits} where speed is what counts.`,
  },
];
