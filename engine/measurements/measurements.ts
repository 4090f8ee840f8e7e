import type { SensitivityReport } from '../run/sensitivity.ts';

/** What was measured of a model's layers, for selectors that ask for it; plain JSON. */
export interface Measurements {
  /** By layer: signal to quantisation noise, decibels; null: nothing changed (infinite). */
  readonly sensitivity: Readonly<Record<string, number | null>>;
}

/** Layers that are folded into others have no sensitivity of their own and are left out. */
export function measurementsOf({ layers }: SensitivityReport): Measurements {
  return { sensitivity: Object.fromEntries(layers.map(({ layer, sqnr }) => [layer, sqnr])) };
}

/** What a file of the cache holds, if it is what it should be. */
export function readMeasurements(text: string): Measurements | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sensitivity = (value as Partial<Measurements> | null)?.sensitivity;
  if (typeof sensitivity !== 'object' || sensitivity === null) return undefined;
  const entries = Object.entries(sensitivity);
  return entries.every(([, sqnr]) => sqnr === null || typeof sqnr === 'number')
    ? { sensitivity: Object.fromEntries(entries) }
    : undefined;
}
