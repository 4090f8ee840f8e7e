import type { Figure, ReportLayer } from '../protocol.ts';
import type { SortValue } from '../table/order.ts';

export const columnKeys = [
  'name',
  'op',
  'weight',
  'activations',
  'weightSqnr',
  'outputSqnr',
  'bytesAfter',
  'macs',
] as const;
export type ColumnKey = (typeof columnKeys)[number];

/** What each column is sorted by. */
export const orders: Readonly<Record<ColumnKey, (layer: ReportLayer) => SortValue>> = {
  name: (layer) => layer.name,
  op: (layer) => layer.op,
  weight: (layer) => layer.weight,
  activations: activationsOf,
  weightSqnr: (layer) => layer.weightSqnr.value,
  outputSqnr: (layer) => layer.outputSqnr.value,
  bytesAfter: (layer) => layer.bytesAfter.value,
  macs: (layer) => layer.macs.value,
};

/** Below 20 dB the noise is more than a tenth of the signal: worth a look. */
export const weakSqnr = 20;

export function isWeak({ value }: Figure): boolean {
  return value !== null && value < weakSqnr;
}

export function activationsOf({ input, output }: ReportLayer): string {
  return input === output ? input : `${input} → ${output}`;
}

/** Lower-case words that a layer is found by. */
export function searchText(layer: ReportLayer): string {
  const { name, op, absorbed, weight } = layer;
  const weak = isWeak(layer.weightSqnr) || isWeak(layer.outputSqnr) ? 'weak' : '';
  return [name, op, ...absorbed, weight, activationsOf(layer), weak].join('\n').toLowerCase();
}
