import { contained } from '../../../engine/formats/carrier.ts';
import type { NumberFormat } from '../../../engine/formats/format.ts';
import { weightLegality } from '../../../engine/formats/legality.ts';
import { levelsOf } from '../../../engine/formats/levels.ts';
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
  const levels = levelsOf(format);
  return paragraphs(
    heading(format.name, format.title),
    levels ? picture(gridPicture(levels), `Grid of ${format.name}`) : '',
    format.kind === 'integer' ? '' : plain(format.description, 400),
    facts([
      ...levelFacts(format, levels, use),
      ['memory', memoryText(format)],
      ['ONNX', onnxText(format)],
      ['targets', targetText(format.name, spec)],
      ['here', hereText(format.name, spec)],
      ['source', plain(format.source ?? '')],
    ]),
  );
}

type Facts = readonly (readonly [about: string, said: string])[];

function levelFacts(format: NumberFormat, levels: readonly number[] | undefined, use: FormatUse): Facts {
  const { kind, low, high, bits } = format;
  if (kind === 'codebook') return [['levels', `${grouped(2 ** bits)}, which come of the data`]];
  const [from, to, count] = levels ? [levels[0]!, levels.at(-1)!, levels.length] : [low, high, high - low + 1];
  const range: Facts = [['range', `${exact(from)} … ${exact(to)} at scale 1; ${grouped(count)} levels`]];
  const fixed = fixedFact(format, use);
  if (fixed) return [...range, fixed];
  if (kind === 'integer') return [...range, ['rounding error', errorText(low, high, use.scheme)]];
  return levels ? [...range, ['rounding error', gridErrorText(levels)]] : range;
}

function exact(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e10 ? grouped(value) : figure(value);
}

/** Half a step at most, as a share of what the scale is chosen from. */
function errorText(low: number, high: number, scheme: Scheme | undefined): string {
  // As `symmetricParameters`: the largest magnitude gets the highest code; half the codes of a signless format lie below zero.
  const reach = low < 0 ? Math.max(high, 1) : high - (high + 1) / 2;
  const shares = {
    symmetric: `${share(0.5 / reach)} of the largest magnitude`,
    affine: `${share(0.5 / (high - low))} of the range`,
  };
  return scheme ? `at most ${shares[scheme]}` : `at most ${shares.symmetric} (symmetric), ${shares.affine} (affine)`;
}

/** Steps of different width: the widest, as a share of the largest magnitude, and how much finer the finest is. */
function gridErrorText(levels: readonly number[]): string {
  const steps = levels.slice(1).map((level, i) => level - levels[i]!);
  const [widest, finest] = [steps.reduce((a, b) => Math.max(a, b)), steps.reduce((a, b) => Math.min(a, b))];
  const most = `at most ${share(widest / 2 / Math.max(-levels[0]!, levels.at(-1)!))} of the largest magnitude`;
  return widest === finest
    ? most
    : `${most}, where steps are widest; the finest are ${figure(widest / finest)} times finer`;
}

function share(fraction: number): string {
  return fraction >= 0.001 ? percent(fraction, fraction < 0.01 ? 2 : 1) : `${figure(fraction * 1e6)} ppm`;
}

/** Where the spec gives the range, step and error are known before any data is seen. */
function fixedFact(format: NumberFormat, use: FormatUse): readonly [string, string] | undefined {
  const { observer, scheme = 'affine' } = use;
  if (observer?.name !== 'fixed' || format.kind !== 'integer') return undefined;
  const { low = 0, high = 1 } = observer.arguments;
  const { scale } = covering(low, high, format, scheme);
  return [
    'from the range',
    `${figure(low)} … ${figure(high)}: step ${figure(scale)}, rounding error at most ${figure(scale / 2)}`,
  ];
}

function memoryText(format: NumberFormat): string {
  const { kind, bits, scaleBits = 32, block, basisLength } = format;
  const { storageBits } = contained(format, undefined, 'weights');
  const held = storageBits === bits ? '' : ` (${figure(storageBits / 8)} B in an ONNX file)`;
  const shared = block === undefined ? '' : ` for every ${block}`;
  const zero = kind === 'integer' ? `, ${figure(scaleBits / 8 + 1)} B with a zero point` : '';
  const scale = scaleBits === 0 ? '' : `, and ${figure(scaleBits / 8)} B a scale${shared}${zero}`;
  const basis = basisLength === 0 ? '' : `, and ${counted(basisLength, 'number')} of 4 B for the levels`;
  return `${figure(bits / 8)} B each${held}${scale}${basis}`;
}

function onnxText(format: NumberFormat): string {
  const styles = exportFormats.find(({ name }) => name === 'onnx')?.styles ?? [];
  const { minOpset } = contained(format, undefined, 'weights');
  const { text } = weightLegality(format);
  const held = text === format.name ? '' : ` as ${plain(text)}`;
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
  if (!planned) return '';
  const { layers, elements, codeBytes, scaleBytes, outputs } = weightsIn(name, planned.left, planned.plan);
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
