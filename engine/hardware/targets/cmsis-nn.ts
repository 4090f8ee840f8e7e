import type { Target } from '../target.ts';

/** What the Cortex-M targets have in common: kernels in the manner of CMSIS-NN. */
export const cmsisNn = {
  formats: ['int8', 'uint8', 'int16', 'int4', 'float32'],
  limits: [
    {
      weightScheme: 'affine',
      blames: 'weights',
      outcome: 'refused',
      why: 'CMSIS-NN multiplies weights without a zero point.',
      fix: 'Write `symmetric`, with a signed format.',
    },
    {
      weights: ['int4'],
      activations: ['int16'],
      blames: 'activations',
      outcome: 'refused',
      why: 'CMSIS-NN’s kernels for 4-bit weights take activations of 8 bits.',
      fix: 'Use 8-bit activations or 8-bit weights here.',
    },
    {
      activations: ['int16'],
      activationScheme: 'affine',
      blames: 'activations',
      outcome: 'refused',
      why: 'CMSIS-NN’s 16-bit activations have no zero point.',
      fix: 'Write `symmetric`.',
    },
  ],
  scratch: 'cmsis-nn',
  weightsInRam: false,
} as const satisfies Partial<Target>;

export const cmsisNnSources = {
  formats:
    'CMSIS-NN: int8 and int16 activations, int8 and int4 weights (int4 for convolutions and fully connected layers). uint8 equals int8 with the zero point moved by 128.',
  limits:
    'CMSIS-NN follows the integer kernels of TensorFlow Lite: weights have zero point 0, 16-bit activations too; 4-bit weights go with 8-bit activations.',
} as const;
