import { bytes, duration, joules } from '../../engine/report/quantities.ts';
import type { CheckedSpec } from '../context.ts';
import { findUnit, type Measure, unitNames } from '../quantities/units.ts';
import { find } from '../vocabulary.ts';
import { plannedOf } from './planned.ts';
import type { Suggestion } from './suggestion.ts';

/** Quantities to begin with, by what they measure. */
export const examples: Readonly<Record<Measure, readonly string[]>> = {
  count: ['1k', '100k', '1M'],
  bytes: ['100 KiB', '1 MiB'],
  time: ['10 ms', '100 ms'],
  energy: ['1 mJ'],
  frequency: ['100 MHz'],
  ratio: ['90 %', '99 %'],
  points: ['1 points'],
  relative: ['0.05 relative'],
  decibel: ['20 dB', '30 dB'],
};

/** Units that may follow a number. */
export function unitsOf(measures: readonly Measure[]): readonly Suggestion[] {
  return measures.flatMap((measure) =>
    unitNames(measure).map((name) => ({
      label: name,
      kind: 'unit' as const,
      documentation: findUnit(name)?.description ?? '',
    })),
  );
}

export function quantitiesOf(measures: readonly Measure[]): readonly Suggestion[] {
  return measures.flatMap((measure) =>
    examples[measure].map((text) => quantity(text, findUnit(text.replace(/^[0-9.]+\s*/, ''))?.description ?? '')),
  );
}

function quantity(text: string, documentation: string, detail?: string): Suggestion {
  const [number, rest] = [/^[0-9.]+/.exec(text)![0], text.replace(/^[0-9.]+/, '')];
  return { label: text, kind: 'unit', documentation, detail, snippet: `\${1:${number}}${rest}` };
}

/** What a budget of the quantity may be bounded by: what the machine has, and what the spec is estimated to need. */
export function boundsOf(name: string, targetName: string | undefined, spec: CheckedSpec): readonly Suggestion[] {
  const target = find(spec.vocabulary.targets, targetName);
  const planned = plannedOf(spec);
  const suggestions: Suggestion[] = [];
  const has = name === 'flash' ? target?.flash : name === 'ram' ? target?.ram : undefined;
  if (target && has !== undefined) suggestions.push(quantity(bytesAbove(has), `What ${target.name} has.`, target.name));
  if (planned?.named && (targetName === undefined || planned.target.name === targetName)) {
    const { flash, ram, latency, energy } = planned.after;
    const [needed, text, told] =
      {
        flash: [flash, bytesAbove, bytes] as const,
        ram: [ram, bytesAbove, bytes] as const,
        latency: [latency, timeAbove, duration] as const,
        energy: [energy, energyAbove, joules] as const,
      }[name] ?? [];
    if (needed !== undefined && needed > 0)
      suggestions.push(quantity(text!(needed), `The spec needs ${told!(needed)} by the estimate.`, 'estimate'));
  }
  return suggestions;
}

/** Two digits that count, rounded up, so that the bound holds. */
function above(value: number): number {
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / step - 1e-9) * step).toPrecision(2));
}

function bytesAbove(value: number): string {
  return value >= 2 ** 20 ? `${above(value / 2 ** 20)} MiB` : `${above(value / 2 ** 10)} KiB`;
}

function timeAbove(seconds: number): string {
  return thousandths(seconds, 's');
}

function energyAbove(value: number): string {
  return thousandths(value, 'J');
}

function thousandths(value: number, unit: string): string {
  return value >= 1e-3 ? `${above(value * 1e3)} m${unit}` : `${above(value * 1e6)} u${unit}`;
}
