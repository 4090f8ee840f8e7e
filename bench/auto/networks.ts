import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { writeNpy } from '../../engine/data/numpy.ts';
import { openDataset } from '../../engine/data/open.ts';
import { Random } from '../../engine/data/random.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { root, sharedFolder } from '../../test/shared.ts';

/** A float network and what it is calibrated and measured on. */
export interface Network {
  /** Of the file in `models/`, without its ending. */
  readonly model: string;
  /** What the samples are. */
  readonly data: string;
  /** The data blocks of a spec; files that they need beside the shared ones go into the folder. */
  blocks(folder: string): string | Promise<string>;
}

/** Samples to calibrate with, and to measure on. */
interface Counts {
  readonly calibration: number;
  readonly validation: number;
}

const usual: Counts = { calibration: 100, validation: 200 };
/** For networks of a hundred million multiplications and more. */
const few: Counts = { calibration: 32, validation: 60 };

const path = (...parts: string[]) => JSON.stringify(join(...parts));
const data = (file: string) => path(sharedFolder, 'data', file);
const split = (name: string) => `split ${path(root, 'bench', 'splits', `${name}.draw1.json`)}`;

/** Two blocks of one file: the calibration part of a draw, and samples outside of it. */
function drawn(file: string, steps: string, draw: string, { calibration, validation }: Counts): string {
  return `data calibration npz ${data(file)} { ${steps} ${split(draw)} take ${calibration} }
data validation npz ${data(file)} { ${steps} ${split(draw)} take ${validation} }`;
}

/** Two blocks of a file whose samples come in no order: its first ones, and those behind them. */
function inTurn(file: string, steps: string, { calibration, validation }: Counts): string {
  return `data calibration npz ${file} { ${steps} take ${calibration} }
data validation npz ${file} { ${steps} skip ${calibration} take ${validation} }`;
}

function pictures(steps: string, counts: Counts, labels = ''): Pick<Network, 'data' | 'blocks'> {
  const all = `array jpeg offsets offsets ${labels} ${steps} layout nhwc to nchw`;
  const file = 'imagenet_sample500_even_jpeg256.npz';
  return { data: 'ImageNet pictures', blocks: () => drawn(file, all, 'imagenet500', counts) };
}

function cifar(steps: string): Pick<Network, 'data' | 'blocks'> {
  const all = (take: number) => `array x labels y ${steps} layout nhwc to nchw take ${take}`;
  const blocks = `data calibration npz ${data('cifar10_calib1000_trainjpeg.npz')} { ${all(usual.calibration)} ${split('cifar10-calib')} }
data validation npz ${data('cifar10_test500_lossless.npz')} { ${all(500)} }`;
  return { data: 'CIFAR-10', blocks: () => blocks };
}

/** Samples that `make` draws or works out, as arrays by the names of the model's inputs; labels where there are some. */
function made(
  what: string,
  counts: Counts,
  make: (random: Random) => Promise<Arrays> | Arrays,
): Pick<Network, 'data' | 'blocks'> {
  return {
    data: what,
    async blocks(folder) {
      const { inputs, labels } = await make(new Random(1));
      const files: Record<string, Uint8Array> = {};
      for (const [name, { dims, samples }] of Object.entries(inputs)) {
        const all = Float32Array.from(samples.flatMap((sample) => Array.from(sample)));
        files[`${name}.npy`] = writeNpy({ dtype: 'float32', dims: [samples.length, ...dims], data: all });
      }
      if (labels)
        files['labels.npy'] = writeNpy({ dtype: 'int32', dims: [labels.length], data: Int32Array.from(labels) });
      writeFileSync(join(folder, 'made.npz'), zipSync(files, { level: 0 }));
      const names = Object.keys(inputs);
      const array = names.length === 1 ? `array ${JSON.stringify(names[0])}` : '';
      return inTurn('"made.npz"', `${array} ${labels ? 'labels labels' : ''}`, counts);
    },
  };
}

interface Arrays {
  readonly inputs: Readonly<
    Record<string, { readonly dims: readonly number[]; readonly samples: readonly ArrayLike<number>[] }>
  >;
  readonly labels?: readonly number[];
}

const noise = (random: Random) => random.next() / 2 ** 31 - 1;
const drawMany = (random: Random, count: number, length: number) =>
  Array.from({ length: count }, () => Float32Array.from({ length }, () => noise(random)));

/** Samples of a shared file as they are stored, with their labels. */
async function stored(file: string, array: string, labels?: string) {
  const dataset = await openDataset(
    {
      ...{ name: file, kind: 'npz', path: join(sharedFolder, 'data', file), array, seed: 0 },
      ...(labels && { labels: { kind: 'array', array: labels, offset: 0 } }),
    },
    nodeHost(),
  );
  const samples: ArrayLike<number>[] = [];
  for (let i = 0; i < dataset.length; i++)
    samples.push([...(await dataset.sample(i)).values()][0]!.data as Float32Array);
  return { samples, labels: Array.from(dataset.labels ?? []) };
}

/** Words in the order of the data, and in that of Arm's networks. */
const words = 'down go left no off on right stop up yes silence unknown'.split(' ');
const armWords = 'silence unknown yes no up down left right on off stop go'.split(' ');

/** The features of every second frame, for networks that hear 25 of them. */
const everySecondFrame = made('speech features', usual, async () => {
  const { samples, labels } = await stored('mlperf_tiny_kws01.npz', 'x_int8', 'y');
  const frames = samples.map((codes) =>
    Float32Array.from({ length: 250 }, (_, i) => (codes[2 * Math.floor(i / 10) * 10 + (i % 10)]! - 83) * 0.5847029),
  );
  const armLabels = labels.map((label) => armWords.indexOf(words[label]!));
  return { inputs: { input: { dims: [250], samples: frames } }, labels: armLabels };
});

/** Spoken digits, raised from 8 to 16 kHz by interpolation. */
async function spoken(): Promise<readonly Float32Array[]> {
  const { samples } = await stored('fsdd_train270_8k.npz', 'x');
  return new Random(2).draw(samples).map((clip) =>
    Float32Array.from({ length: 16_000 }, (_, i) => {
      const [a, b] = [clip[i >> 1]!, clip[Math.min(7_999, (i >> 1) + (i & 1))]!];
      return (a + b) / 2 / 32_768;
    }),
  );
}

/** Magnitudes of the spectrum of a stretch of sound, Hann window: as many as half the window and one. */
function spectrum(sound: Float32Array, begin: number, window: number): Float64Array {
  return Float64Array.from({ length: window / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let t = 0; t < window; t++) {
      const value = (sound[begin + t] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * t) / window));
      re += value * Math.cos((2 * Math.PI * k * t) / window);
      im -= value * Math.sin((2 * Math.PI * k * t) / window);
    }
    return Math.hypot(re, im);
  });
}

const machineSound: Pick<Network, 'data' | 'blocks'> = {
  data: 'machine sound',
  blocks: () => inTurn(data('mlperf_tiny_ad01_one_clip.npz'), 'array windows640', { calibration: 96, validation: 100 }),
};

export const networks: readonly Network[] = [
  {
    model: 'arm_kws_ds_cnn_s_fp32',
    data: 'speech features',
    blocks: () =>
      drawn('mlperf_tiny_kws01.npz', 'array x_int8 labels y scale 0.5847029 mean [48.5303407]', 'kws01', usual),
  },
  { model: 'arm_kws_dnn_s_fp32', ...everySecondFrame },
  { model: 'arm_kws_gru_s_fp32', ...everySecondFrame },
  {
    model: 'mnist_cntk',
    data: 'MNIST',
    blocks: () => inTurn(data('mnist_t10k.npz'), 'array x labels y', usual),
  },
  {
    model: 'mnist_pytorch_onnx2c',
    data: 'MNIST',
    blocks: () => inTurn(data('mnist_t10k.npz'), 'array x labels y scale 1/255', usual),
  },
  { model: 'winml_cifar_cnn', ...cifar('scale 1/127.5 mean [1]') },
  { model: 'mlperf_tiny_ad_autoencoder_fp32', ...machineSound },
  { model: 'mlperf_tiny_ad_autoencoder_bn_fp32', ...machineSound },
  {
    model: 'mlperf_tiny_sww_bn_fp32',
    data: 'speech features',
    blocks: () =>
      inTurn(data('mlperf_tiny_sww_calib45.npz'), 'array specs layout nhwc to nchw', {
        calibration: 22,
        validation: 23,
      }),
  },
  {
    model: 'deeploy_cct_1_16_16_64_fp32',
    ...cifar('resize 16x16 scale 1/127.5 mean [1]'),
  },
  {
    model: 'deeploy_autoencoder1d',
    ...made('noise', usual, (random) => ({
      inputs: { input: { dims: [16, 16], samples: drawMany(random, 400, 256) } },
    })),
  },
  {
    model: 'kwt1_keyword_transformer_fp32',
    ...made('spoken digits', { calibration: 60, validation: 100 }, async () => ({
      inputs: { input: { dims: [16_000], samples: await spoken() } },
    })),
  },
  {
    model: 'dtln_1_lstm',
    ...made('spectra of spoken digits', usual, async () => {
      const clips = (await spoken()).slice(0, 200);
      return {
        inputs: {
          input_2: {
            dims: [1, 257],
            samples: clips.flatMap((clip) => [2_000, 5_000].map((at) => spectrum(clip, at, 512))),
          },
          input_3: { dims: [2, 128, 2], samples: drawMany(new Random(3), 400, 512) },
        },
      };
    }),
  },
  {
    model: 'st_yamnet_256_64x96_tl',
    ...made('spectrograms of spoken digits', usual, async () => ({
      inputs: {
        input_1: {
          dims: [1, 64, 96],
          samples: (await spoken()).map((clip) => {
            const frames = Array.from({ length: 96 }, (_, t) => spectrum(clip, t * 160, 128));
            return Float32Array.from({ length: 64 * 96 }, (_, i) =>
              Math.log(frames[i % 96]![1 + Math.floor(i / 96)]! + 0.001),
            );
          }),
        },
      },
    })),
  },
  { model: 'qonnx_espcn_x3_float', ...pictures('resize 4x4 scale 1/255', usual) },
  { model: 'st_mobilenet_v2_035_128_chfirst', ...pictures('resize 128x128 scale 1/127.5 mean [1]', usual) },
  { model: 'yunet_s_320', ...pictures('resize 320x320 channels bgr', few) },
  { model: 'ultraface_rfb_320_simplified', ...pictures('resize 320x240 scale 1/128 mean [127/128]', few) },
  { model: 'st_ssd_mobilenet_v1_025_256', ...pictures('scale 1/127.5 mean [1]', few) },
  {
    model: 'super_resolution_10',
    ...pictures('crop 224 channels gray scale 1/255', { calibration: 6, validation: 6 }),
  },
];
