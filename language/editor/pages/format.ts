import type { NumberFormat } from '../../../engine/formats/format.ts';
import { findFormat } from '../../../engine/formats/registry.ts';
import { covering } from '../../../engine/observers/parameters.ts';
import { bytes, percent } from '../../../engine/report/quantities.ts';
import { exportFormats } from '../../checks/exports.ts';
import type { CheckedSpec } from '../../context.ts';
import type { FormatWords } from '../../generated/ast.ts';
import { type CallValue, readFields } from '../../resolve/fields.ts';
import type { Scheme } from '../../vocabulary.ts';
import { weightsIn } from '../cost.ts';
import { counted, facts, figure, grouped, heading, paragraphs, picture, plain } from '../markdown.ts';
import { plannedOf } from '../planned.ts';
import { gridPicture } from './grid.ts';

/** What is said of a format where it is used; undefined where nothing is. */
export interface FormatUse {
  readonly scheme?: Scheme | undefined;
  readonly observer?: CallValue | undefined;
}

/** A number format: what it can hold, what it loses, what it takes and who takes it, in general and in this spec. */
export function formatPage(format: NumberFormat, spec: CheckedSpec, use: FormatUse = {}): string {
  const { shape, about } = gridOf(format, use);
  return paragraphs(
    heading(format.name, format.title),
    shape === undefined ? plain(format.description) : picture(shape, `Grid of ${format.name}`),
    facts([
      ...about,
      ['memory', memoryText(format)],
      ['ONNX', onnxText(format)],
      ['targets', targetText(format.name, spec)],
      ['here', hereText(format.name, spec)],
    ]),
  );
}

interface GridFacts {
  /** SVG. */
  readonly shape?: string;
  readonly about: readonly (readonly [string, string])[];
}

function gridOf(format: NumberFormat, use: FormatUse): GridFacts {
  const { kind, low, high, bits } = format;
  if (kind === 'integer') return { shape: gridPicture(low, high), about: rangeFacts(format, use) };
  if (kind === 'codebook') return { about: [['levels', `${grouped(2 ** bits)}, which come of the data`]] };
  const levels = levelsOf(format);
  const [least, most] = [levels[0], levels.at(-1)];
  if (least === undefined || most === undefined) return { about: [] };
  const steps = levels.slice(1).map((level, i) => level - levels[i]!);
  const [finest, coarsest] = [Math.min, Math.max].map((pick) => steps.reduce((a, b) => pick(a, b)));
  const range = `${figure(least)} … ${figure(most)}, the range at scale 1; ${grouped(levels.length)} levels`;
  return {
    shape: gridPicture(least, most, levels.length <= mostDrawn ? levels : []),
    about: [
      ['range', range],
      ['rounding error', `half a step; steps from ${figure(finest!)} to ${figure(coarsest!)}`],
    ],
  };
}

/** More levels than these no picture tells apart. */
const mostDrawn = 512;

/** Finite levels at scale 1, ascending. */
function levelsOf(format: NumberFormat): readonly number[] {
  const { low, high } = format;
  const { decode } = format.coder({ scale: 1, zeroPoint: 0 }, [low, high]);
  const levels = Array.from({ length: high - low + 1 }, (_, i) => decode(low + i) + 0);
  return [...new Set(levels.filter(Number.isFinite))].sort((a, b) => a - b);
}

function rangeFacts({ name, low, high }: NumberFormat, use: FormatUse): readonly (readonly [string, string])[] {
  const codes = `${grouped(low)} … ${grouped(high)}, the range at scale 1; ${grouped(high - low + 1)} levels`;
  const fixed = fixedFact(name, use);
  return [['codes', codes], ...(fixed ? [fixed] : [['rounding error', errorText(low, high, use.scheme)] as const])];
}

/** Half a step at most, as a share of what the scale is chosen from. */
function errorText(low: number, high: number, scheme: Scheme | undefined): string {
  // As `symmetricParameters`: the largest magnitude gets the highest code; half the codes of a signless format lie below zero.
  const reach = low < 0 ? high : high - (high + 1) / 2;
  const shares = {
    symmetric: `${share(0.5 / reach)} of the largest magnitude`,
    affine: `${share(0.5 / (high - low))} of the range`,
  };
  return scheme ? `at most ${shares[scheme]}` : `at most ${shares.symmetric} (symmetric), ${shares.affine} (affine)`;
}

function share(fraction: number): string {
  return fraction >= 0.001 ? percent(fraction, fraction < 0.01 ? 2 : 1) : `${figure(fraction * 1e6)} ppm`;
}

/** Where the spec gives the range, step and error are known before any data is seen. */
function fixedFact(name: string, use: FormatUse): readonly [string, string] | undefined {
  const format = findFormat(name);
  const observer = use.observer;
  if (!format || observer?.name !== 'fixed') return undefined;
  const { low = 0, high = 1 } = observer.arguments;
  const { scale } = covering(low, high, format, use.scheme ?? 'affine');
  return [
    'from the range',
    `${figure(low)} … ${figure(high)}: step ${figure(scale)}, rounding error at most ${figure(scale / 2)}`,
  ];
}

function memoryText({ bits, storageBits }: NumberFormat): string {
  const held = storageBits === bits ? '' : ` (${figure(storageBits / 8)} B in an ONNX file)`;
  return `${figure(bits / 8)} B each${held}, and 4 B a scale, 5 B with a zero point`;
}

function onnxText({ name, dtype, minOpset }: NumberFormat): string {
  const styles = exportFormats.find((format) => format.name === 'onnx')?.styles ?? [];
  const held = dtype === name ? '' : ` as ${plain(dtype)}`;
  const texts = styles.map((style) =>
    style.name === 'qdq' ? `qdq from opset ${minOpset} on${held}` : `${plain(style.name)} with rounded float32 weights`,
  );
  return texts.join(', ');
}

/** Those that the spec names first. */
function targetText(name: string, { vocabulary, definitions }: CheckedSpec): string {
  const named = new Set(definitions.targets.map((target) => target.name?.text));
  const runs = (yes: boolean) =>
    vocabulary.targets
      .filter((target) => target.formats.includes(name) === yes)
      .map((target) => (named.has(target.name) ? `**${plain(target.name)}**` : plain(target.name)));
  const [able, unable] = [runs(true), runs(false)];
  return [able.join(', '), unable.length > 0 ? `not ${unable.join(', ')}` : ''].filter(Boolean).join('; ');
}

function hereText(name: string, spec: CheckedSpec): string {
  const planned = plannedOf(spec);
  if (!planned || !spec.model) return '';
  const { layers, elements, codeBytes, scaleBytes, outputs } = weightsIn(name, spec.model, planned.plan);
  const parts: string[] = [];
  if (layers > 0) {
    parts.push(
      `weights of ${counted(layers, 'layer')}, ${bytes(codeBytes)} and ${bytes(scaleBytes)} of scales: ${figure((codeBytes + scaleBytes) / elements)} B a weight`,
    );
  }
  if (outputs > 0) parts.push(`outputs of ${counted(outputs, 'layer')}`);
  return parts.join('; ');
}

/** What the statement around a format word says beside it, or leaves to the defaults. */
export function useOf(words: FormatWords, format: NumberFormat, { definitions, vocabulary }: CheckedSpec): FormatUse {
  const { scheme, observer } = readFields(words, definitions.formats, vocabulary);
  const role = words.$container.$type === 'RoleStatement' ? words.$container.role : undefined;
  const isActivation = role !== 'weights' && role !== 'bias';
  const silent = role && (isActivation || !format.signed ? 'affine' : 'symmetric');
  return { scheme: scheme?.value ?? silent, observer: observer?.value };
}
