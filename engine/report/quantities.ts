/** Quantities as people read them: three significant digits and a unit. */

function significant(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `27.9 KiB` */
export function bytes(value: number): string {
  let unit = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 1024 && unit < binary.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return unit === 0 ? `${Math.round(scaled)} B` : `${significant(scaled)} ${binary[unit]}`;
}

/** A whole number as `12,345`. The runtime's own formats load a locale's data first, some milliseconds. */
export function whole(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

const thousands = ['', 'k', 'M', 'G', 'T'];

/** `2.66 M` */
export function amount(value: number): string {
  let unit = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 1000 && unit < thousands.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return unit === 0 ? String(Math.round(scaled)) : `${significant(scaled)} ${thousands[unit]}`;
}

/** Seconds as `35.5 ms`, `120 µs`, `1.20 s`. */
export function duration(seconds: number): string {
  return small(seconds, 's');
}

/** Joules as `2.57 mJ`. */
export function joules(value: number): string {
  return small(value, 'J');
}

/** Watts as `42.9 mW`. */
export function watts(value: number): string {
  return small(value, 'W');
}

function small(value: number, unit: string): string {
  const size = Math.abs(value);
  if (size === 0) return `0 ${unit}`;
  if (size >= 1) return `${significant(value)} ${unit}`;
  if (size >= 1e-3) return `${significant(value * 1e3)} m${unit}`;
  if (size >= 1e-6) return `${significant(value * 1e6)} µ${unit}`;
  return `${significant(value * 1e9)} n${unit}`;
}

/** A fraction as `91.3 %`. */
export function percent(fraction: number, digits = 1): string {
  return `${(fraction * 100).toFixed(digits)} %`;
}

/** A difference of fractions in percentage points, with its sign: `−0.25`, `+1.00`, `0.00`. */
export function points(fraction: number, digits = 2): string {
  const text = (Math.abs(fraction) * 100).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${fraction < 0 ? '−' : '+'}${text}`;
}

/** `31.7 dB`; ±300 stand for "exact" and "not finite" (see `exactDecibels`). */
export function decibels(value: number): string {
  if (value >= 300) return 'exact';
  if (value <= -300) return 'not finite';
  return `${value.toFixed(1)} dB`;
}
