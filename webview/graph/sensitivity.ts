import type { LayerSensitivityView } from '../protocol.ts';

/** Level of heat: 0 is the most sensitive, `levels` - 1 the most robust. The style sheet has a colour for each. */
export const levels = 5;

export interface HeatScale {
  /** Decibels between level i and level i + 1, ascending. Fewer than `levels` - 1 where the values are close. */
  readonly bounds: readonly number[];
  readonly level: (decibels: number | null) => number;
  /** What each used level stands for: `< 20 dB`, `20 to 30 dB`, `≥ 50 dB`. */
  readonly words: readonly { readonly level: number; readonly text: string }[];
}

/**
 * Divides the range of the measured values into steps of a round number of decibels. Values that differ by less than a
 * decibel get one colour: there is nothing to see in them.
 */
export function heatScale(layers: readonly LayerSensitivityView[]): HeatScale {
  const values = layers.flatMap(({ sqnr }) => (sqnr.value !== null && Number.isFinite(sqnr.value) ? [sqnr.value] : []));
  values.sort((a, b) => a - b);
  // Outliers at the robust end, a layer that hardly matters, would take the colours of all others.
  const low = values[0] ?? 0;
  const high = values[Math.floor((values.length - 1) * 0.9)] ?? low;
  const step = roundStep((high - low) / levels);
  const first = (Math.floor(low / step) + 1) * step;
  const bounds: number[] = [];
  for (let i = 0; i < levels - 1; i++) {
    const bound = Number((first + i * step).toFixed(6));
    if (bound > (values.at(-1) ?? low)) break;
    bounds.push(bound);
  }
  const level = (decibels: number | null) => {
    if (decibels === null || !Number.isFinite(decibels)) return levels - 1;
    const above = bounds.filter((bound) => decibels >= bound).length;
    // With fewer steps than colours the robust end keeps its colour; one step alone is no alarm.
    return above === 0 && bounds.length > 0 ? 0 : above + (levels - 1 - bounds.length);
  };
  const words: { level: number; text: string }[] = [];
  const place = (i: number) => (i === 0 && bounds.length > 0 ? 0 : i + (levels - 1 - bounds.length));
  for (let i = 0; i <= bounds.length; i++) {
    const text =
      bounds.length === 0
        ? 'all alike'
        : i === 0
          ? `below ${bounds[0]} dB`
          : i === bounds.length
            ? `${bounds[i - 1]} dB and more`
            : `${bounds[i - 1]} to ${bounds[i]} dB`;
    words.push({ level: place(i), text });
  }
  return { bounds, level, words };
}

function roundStep(atLeast: number): number {
  for (const step of [1, 2, 5, 10, 20, 50]) if (step >= atLeast) return step;
  return Math.ceil(atLeast / 100) * 100;
}

/** The layers that suffer most, worst first. Left out: layers that nothing changes, and layers folded into others. */
export function mostSensitive(layers: readonly LayerSensitivityView[], count: number): LayerSensitivityView[] {
  return layers
    .filter(({ sqnr, foldedInto }) => sqnr.value !== null && foldedInto === null)
    .toSorted((a, b) => a.sqnr.value! - b.sqnr.value!)
    .slice(0, count);
}
