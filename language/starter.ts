import type { ModelSummary, QuantizedSummary, SummaryShape } from '../engine/graph/summary.ts';
import { quoteText } from './grammar/text.ts';

export interface StarterOptions {
  /** Path of the model as the spec should name it, relative to the spec. */
  readonly model: string;
  /** Where the compressed model goes; without it `out/NAME.int8.onnx`. */
  readonly output?: string;
  /** Calibration data; without any, only weights are quantised and the lines for activations stand as comments. */
  readonly calibration?: StarterData;
  readonly validation?: StarterData;
  /** A registered target. */
  readonly target?: string;
}

export interface StarterData {
  readonly kind: string;
  readonly path: string;
  /** Options as they stand between the braces, e.g. `["array x", "labels y"]`. */
  readonly options?: readonly string[];
  /** Samples in it, where they have been counted: what calibration leaves may then judge the result. */
  readonly samples?: number;
}

/**
 * A commented spec to begin with, for `qspec init` and the editor's *Create spec*. It checks clean as it stands: what needs data
 * that nobody has named yet is there as a comment.
 */
export function printStarterSpec(model: ModelSummary, options: StarterOptions): string {
  // What is in codes already is compressed as the float network that it stands for, where there is one.
  const summary = model.quantized?.float ?? model;
  const name = baseName(options.model);
  const output = options.output ?? `out/${name.replace(/\.onnx$/i, '')}.int8.onnx`;
  const blocks = [
    header(summary, options.model, model.quantized),
    target(options.target),
    data(summary, options),
    quantize(summary, options.calibration !== undefined),
    [
      '// ONNX with QuantizeLinear and DequantizeLinear around float operators: ONNX Runtime and most others fuse them.',
      `export onnx qdq ${quoteText(output)}`,
    ],
    expectations(options),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function header(summary: ModelSummary, model: string, quantized: QuantizedSummary | undefined): readonly string[] {
  const { computeLayers, parameters, macs } = summary.totals;
  return [
    `// How to compress ${quoteText(baseName(model))}: ${grouped(computeLayers)} layers with weights, ${grouped(parameters)} parameters, ${grouped(macs)} multiply-accumulates.`,
    '// `qspec check` tells what is wrong with this file, `qspec quantize` carries it out. The whole language: docs/language.md.',
    'qspec 1',
    ...(quantized
      ? [
          `// It is quantised already (${quantized.style}). \`requantize\` makes its weights and activations float first; \`keep\` leaves`,
          '// layers in codes as they are. The float model, if there is one, is the better start.',
          `model ${quoteText(model)} quantized ${quantized.float ? 'requantize' : 'keep'}`,
        ]
      : [`model ${quoteText(model)}`]),
  ];
}

function target(name: string | undefined): readonly string[] {
  if (name !== undefined)
    return ['// The machine it is for; budgets go in braces: { flash <= 1 MiB  latency <= 80 ms }', `target ${name}`];
  return [
    '// The machine it is for and what it may cost there (`qspec targets` lists what is known):',
    '// target cortex-m7 { flash <= 1 MiB  ram <= 320 KiB  latency <= 80 ms }',
  ];
}

function data(summary: ModelSummary, options: StarterOptions): readonly string[] {
  const lines: string[] = [];
  const held = heldOut(options.calibration);
  if (options.calibration) {
    lines.push('// Samples that run through the network once, to see which values its activations take.');
    lines.push(...statement('calibration', options.calibration));
  } else {
    lines.push(
      '// To quantise activations too, name some samples as the model is used to (a hundred will do) and take the slashes away:',
    );
    lines.push(...commented(statement('calibration', guess(summary))));
  }
  if (options.validation) {
    lines.push('', '// Samples to judge the result on; none of them should be among the calibration data.');
    lines.push(...statement('validation', options.validation));
  } else if (held) {
    lines.push('', '// Others of the same samples, to judge the result on.');
    lines.push(...statement('validation', held, 'calibration'));
  } else {
    lines.push(
      options.calibration
        ? '// Some with labels, to judge the result on:'
        : '// and some with labels to judge the result on:',
    );
    const { kind } = options.calibration ?? guess(summary);
    const example =
      kind === 'images'
        ? { kind, path: 'validation/*.png', options: ['labels folder'] }
        : {
            kind,
            path: `validation.${kind === 'npy' ? 'npy' : 'npz'}`,
            options: [kind === 'npz' ? 'labels y' : 'labels file "labels.csv"'],
          };
    lines.push(...commented(statement('validation', example, 'calibration')));
  }
  return lines;
}

const mostHeldOut = 1000;

/** Labelled samples that `take` leaves out of calibration; undefined where there are none to speak of. */
function heldOut(calibration: StarterData | undefined): StarterData | undefined {
  const { options = [], samples = 0 } = calibration ?? {};
  const take = Number(options.find((option) => /^take \d+$/.test(option))?.slice('take '.length) ?? samples);
  if (calibration === undefined || !isLabelled(calibration) || samples - take < take / 2) return undefined;
  const { kind, path } = calibration;
  return { kind, path, options: [`skip ${take}`, `take ${Math.min(samples - take, mostHeldOut)}`] };
}

function isLabelled(data: StarterData | undefined): boolean {
  return data?.options?.some((option) => option.startsWith('labels')) === true;
}

function statement(name: string, source: StarterData, base?: string): readonly string[] {
  const start = `data ${name} ${source.kind} ${quoteText(source.path)}${base ? ` like ${base}` : ''}`;
  const options = source.options ?? [];
  if (options.length === 0) return [start];
  return [`${start} {`, ...options.map((option) => `  ${option}`), '}'];
}

/** What the data of such a model usually are. */
function guess(summary: ModelSummary): StarterData {
  const side = imageSide(summary.inputs[0]?.shape ?? null);
  if (side === undefined) return { kind: 'npz', path: 'calibration.npz', options: ['array x', 'take 100'] };
  return {
    kind: 'images',
    path: 'calibration/*.png',
    options: [`resize ${side}`, `crop ${side}`, 'layout nhwc to nchw', 'scale 1/255', 'take 100'],
  };
}

/** Height of an input that looks like an image in channels-first order. */
function imageSide(shape: SummaryShape): number | undefined {
  if (shape?.length !== 4 || (shape[1] !== 1 && shape[1] !== 3)) return undefined;
  const side = shape[2];
  return typeof side === 'number' && side > 1 && side <= 4096 ? side : undefined;
}

function quantize(summary: ModelSummary, calibrated: boolean): readonly string[] {
  // A name goes in quotes; an operator type that is no plain word (models come from anywhere) is better left out.
  const first = summary.layers.find((layer) => layer.position.first && /^[A-Za-z]\w*$/.test(layer.op));
  return [
    'quantize {',
    '  // One scale for each output channel.',
    '  weights int8 symmetric per-channel',
    calibrated
      ? '  activations uint8 affine per-tensor observe mse'
      : '  // activations uint8 affine per-tensor observe mse',
    ...(first
      ? [
          '',
          '  // Rules for some layers come after what holds for all; a later one wins.',
          `  // layer ${quoteText(first.name)} keep float`,
          `  // layers op ${first.op} where macs > 1M matches >= 1 { weights int4 }`,
        ]
      : []),
    '}',
  ];
}

function expectations(options: StarterOptions): readonly string[] {
  // Samples that chose the ranges do not judge them.
  const labelled = isLabelled(options.validation) || heldOut(options.calibration) !== undefined;
  return [
    '// What the result must keep to; `qspec eval` checks it.',
    labelled ? 'expect top1 drop <= 1 points' : '// expect top1 drop <= 1 points',
    '// expect size <= 1 MiB',
  ];
}

function commented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `// ${line}`);
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}
