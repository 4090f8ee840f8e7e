import { formatFamilies, formats } from '../../../engine/formats/registry.ts';
import { cortexM7 } from '../../../engine/hardware/targets/cortex-m7.ts';
import { observers } from '../../../engine/observers/registry.ts';
import type { Vocabulary } from '../../../language/vocabulary.ts';

/** Formats and observers are the engine's; the rest is small and stays as it is, so that messages in resources stay as they are. */
export const vocabulary: Vocabulary = {
  formats,
  families: formatFamilies,
  observers,
  methods: [
    { name: 'round-to-nearest', description: 'To the nearest code.', arguments: [] },
    {
      name: 'adaround',
      description: 'Learns which way to round.',
      arguments: [
        { name: 'iterations', description: 'Steps of the optimiser.', initial: 10_000, min: 1, max: 1_000_000 },
        { name: 'rate', description: 'Learning rate.', initial: 1e-3, min: 1e-6, max: 1 },
      ],
    },
  ],
  criteria: [
    { name: 'magnitude', description: 'The smallest go first.', arguments: [] },
    {
      name: 'random',
      description: 'By chance.',
      arguments: [{ name: 'seed', description: 'Seed of the draw.', initial: 0, min: 0, max: 1e6 }],
    },
  ],
  optimizers: [
    {
      name: 'sgd',
      description: 'Gradient descent.',
      arguments: [{ name: 'momentum', description: 'Share of the last step.', initial: 0.9, min: 0, max: 1 }],
    },
  ],
  schedules: [{ name: 'cosine', description: 'Falls along half a cosine.', arguments: [] }],
  passes: ['fold-constants', 'remove-identity', 'fold-batch-norm'].map((name) => ({ name, description: name })),
  targets: [
    {
      name: 'cortex-m7',
      description: 'A microcontroller.',
      formats: ['int8', 'uint8', 'int4', 'float32'],
      limits: cortexM7.limits!,
    },
    {
      name: 'cortex-a72',
      description: 'An application processor.',
      formats: ['int8', 'uint8', 'float32'],
      activePower: 5.4,
    },
  ],
  dataKinds: ['images', 'npz', 'npy', 'onnx-pb'].map((name) => ({ name, description: name })),
  operators: ['Add', 'Conv', 'ConvTranspose', 'Gemm', 'LSTM', 'MatMul', 'Relu', 'Softmax', 'com.microsoft.Gelu'],
};
