import { backends } from '../../engine/backends/registry.ts';
import { arithmetics } from '../../engine/quantize/arithmetic/registry.ts';
import { channelOrders, filters } from '../resolve/data.ts';
import { dense } from '../resolve/prune.ts';
import { frozen } from '../resolve/train.ts';
import { recipes, stances } from '../vocabulary.ts';
import type { Block } from './situation.ts';
import { registered, type Suggestion } from './suggestion.ts';

function words<K extends string>(
  descriptions: Readonly<Record<K, string>>,
  names: readonly K[],
): readonly Suggestion[] {
  return registered(
    names.map((name) => ({ name, description: descriptions[name] })),
    'value',
  );
}

const filterDescriptions: Readonly<Record<(typeof filters)[number], string>> = {
  nearest: 'The nearest pixel.',
  bilinear: 'Between the four nearest pixels; the default.',
  bicubic: 'A cubic through sixteen pixels.',
  lanczos: 'A windowed sinc; sharpest.',
  box: 'The mean of the pixels covered.',
};

const orderDescriptions: Readonly<Record<(typeof channelOrders)[number], string>> = {
  rgb: 'Red, green, blue; as files have them.',
  bgr: 'Blue, green, red; what networks trained with OpenCV take.',
  gray: 'One channel.',
};

const goalDescriptions = {
  loss: 'What quantisation does to the outputs.',
  size: 'Bytes of the exported model.',
  latency: 'Time of one inference on the target.',
  energy: 'Energy of one inference on the target.',
  ram: 'Largest number of bytes of activations alive at once.',
  flash: 'Bytes of weights and biases on the target.',
} as const;

export const goalNames = Object.keys(goalDescriptions) as readonly (keyof typeof goalDescriptions)[];

export const layouts: readonly Suggestion[] = registered(
  [
    { name: 'nhwc', description: 'Channels last: how images and TensorFlow hold them.' },
    { name: 'nchw', description: 'Channels first: what most ONNX models take.' },
  ],
  'value',
);

/** Words that may stand after a word and are in no registry of the vocabulary, by that word. */
export const closedWords: ReadonlyMap<string, readonly Suggestion[]> = new Map<string, readonly Suggestion[]>([
  ['qspec', [{ label: '1', kind: 'value', documentation: 'The version of the language that this QSpec reads.' }]],
  [
    'quantize',
    words({ auto: 'Finds observers, and which layers keep more bits, by measuring on the calibration data.' }, recipes),
  ],
  [
    'quantized',
    words(
      {
        keep: 'Layers in codes stay as they are; the spec speaks of the others.',
        requantize:
          'Weights become what their codes stand for, activations are no longer rounded; then the spec is applied.',
        refuse: 'A model that is quantised already is a fault.',
      },
      [...stances, 'refuse'],
    ),
  ],
  ['arithmetic', registered(arithmetics, 'value')],
  ['backend', registered(backends, 'value')],
  ['filter', words(filterDescriptions, filters)],
  ['layout', layouts],
  ['channels', words(orderDescriptions, channelOrders)],
  ['minimize', words(goalDescriptions, goalNames)],
  ['maximize', words(goalDescriptions, goalNames)],
  [
    'labels',
    registered(
      [
        { name: 'folder', description: 'The class of an image is its folder: its number, or the rank of its name.' },
        { name: 'file', description: 'A file with a class a line, or a name and a class.' },
      ],
      'keyword',
    ),
  ],
]);

/** What layers can be kept, by the block that their rule stands in. */
export const keptWords: Readonly<Partial<Record<Block, readonly Suggestion[]>>> = {
  quantize: [{ label: 'float', kind: 'format', documentation: 'Not quantised.' }],
  prune: [{ label: dense, kind: 'value', documentation: 'All weights stay.' }],
  train: [{ label: frozen, kind: 'value', documentation: 'The weights stay as they are.' }],
};
