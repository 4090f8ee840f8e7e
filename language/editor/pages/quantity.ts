import { findUnit, type Measure, type Unit, units } from '../../quantities/units.ts';
import { facts, figure, grouped, paragraphs, plain } from '../markdown.ts';

/** Units that a value is told in, beside the one it is written in. */
const tellIn: Partial<Readonly<Record<Measure, readonly string[]>>> = {
  bytes: ['B', 'KiB', 'MiB', 'GiB', 'kB', 'MB', 'GB'],
  time: ['s', 'ms', 'us', 'ns'],
  energy: ['J', 'mJ', 'uJ', 'nJ'],
  frequency: ['Hz', 'kHz', 'MHz', 'GHz'],
};

/** What a unit means, and what the number before it comes to in others. Without a number, one of it. */
export function quantityPage(name: string, number = 1): string | undefined {
  const unit = findUnit(name);
  if (!unit || !Number.isFinite(number)) return undefined;
  return paragraphs(
    `**${figure(number)} ${plain(name)}** ${plain(unit.description)}`,
    facts(conversions(number, unit)),
  );
}

function conversions(number: number, unit: Unit): readonly (readonly [string, string])[] {
  const base = number * unit.factor;
  const others = (tellIn[unit.measure] ?? [])
    .flatMap((name) => findUnit(name) ?? [])
    .filter((other) => other.name !== unit.name && isLegible(base / other.factor))
    .map((other) => `${exact(base / other.factor)} ${other.name}`);
  return [['', others.join(' \\= ')], ...inOtherWords(base, unit)];
}

/** Not so small or large that nobody reads it. */
function isLegible(value: number): boolean {
  return Math.abs(value) >= 0.01 && Math.abs(value) < 1e12;
}

function exact(value: number): string {
  return Number.isInteger(value) ? grouped(value) : figure(value);
}

function inOtherWords(base: number, unit: Unit): readonly (readonly [string, string])[] {
  switch (unit.measure) {
    case 'count':
      return [['', exact(base)]];
    case 'time':
      return base > 0 ? [['rate', `${figure(1 / base)} a second`]] : [];
    case 'energy':
      // A watt is a joule a second.
      return base > 0 ? [['power', `${figure(base * 1000)} mW at one inference a second`]] : [];
    case 'frequency':
      return base > 0 ? [['period', `${figure(1e9 / base)} ns`]] : [];
    case 'ratio':
      return [['', `${figure(base)} of one`]];
    case 'points':
      return [['example', `from 90 % to ${figure(90 - base)} %`]];
    case 'relative':
      return [['', `${figure(base * 100)} % of the float model’s value`]];
    case 'decibel':
      return [
        [
          'noise',
          `${figure(100 * 10 ** (-base / 20))} % of the signal’s amplitude, ${figure(100 * 10 ** (-base / 10))} % of its power`,
        ],
      ];
    default:
      return [];
  }
}

/** The shortest ways to write the same value exactly in other units of its measure: `1048576 B` is `1 MiB`. */
export function sameIn(number: number, unit: Unit): readonly string[] {
  const base = number * unit.factor;
  return units
    .filter((other) => other.measure === unit.measure && other.name !== unit.name && !/[µμ]|^k$/.test(other.name))
    .map((other) => ({ other, value: base / other.factor }))
    .filter(({ other, value }) => value >= 1 && value < 10_000 && Number(value.toPrecision(6)) * other.factor === base)
    .map(({ other, value }) => `${value} ${other.name}`);
}
