import { type ArgumentsOf, type Fields, type FieldType, type KernelName, kernelNumber, kernelTable } from './table.ts';

/** Where a field lies in its argument block; the generated AssemblyScript classes have the same offsets. */
export interface FieldPlace {
  readonly name: string;
  readonly type: FieldType;
  readonly offset: number;
}

export interface BlockLayout {
  readonly fields: readonly FieldPlace[];
  readonly bytes: number;
}

const sizes: Readonly<Record<FieldType, readonly [bytes: number, alignment: number]>> = {
  address: [4, 4],
  i32: [4, 4],
  f32: [4, 4],
  f64: [8, 8],
  i32x8: [32, 4],
};

/** Fields in order, each at its natural alignment, as a C compiler (and AssemblyScript) would place them. */
export function blockLayout(fields: Fields): BlockLayout {
  let offset = 0;
  const places: FieldPlace[] = [];
  for (const [name, type] of Object.entries(fields)) {
    const [bytes, alignment] = sizes[type];
    offset = Math.ceil(offset / alignment) * alignment;
    places.push({ name, type, offset });
    offset += bytes;
  }
  return { fields: places, bytes: Math.ceil(offset / 8) * 8 };
}

const layouts: readonly BlockLayout[] = kernelTable.map((row) => blockLayout(row.fields));

export function layoutOf(kernel: KernelName): BlockLayout {
  return layouts[kernelNumber.get(kernel)!]!;
}

/** Writes an argument block. Every field must be there, finite where it is an integer. */
export function writeArguments<N extends KernelName>(
  kernel: N,
  view: DataView,
  address: number,
  values: ArgumentsOf<N>,
): void {
  const source = values as Readonly<Record<string, number | readonly number[]>>;
  for (const { name, type, offset } of layoutOf(kernel).fields) {
    const value = source[name];
    const at = address + offset;
    if (type === 'i32x8') {
      if (typeof value !== 'object') throw new TypeError(`${kernel}.${name} must be a list of integers.`);
      for (let i = 0; i < 8; i++) view.setInt32(at + 4 * i, integer(kernel, name, value[i] ?? 0), true);
    } else if (typeof value !== 'number') {
      throw new TypeError(`${kernel}.${name} must be a number.`);
    } else if (type === 'f32') view.setFloat32(at, value, true);
    else if (type === 'f64') view.setFloat64(at, value, true);
    else view.setInt32(at, integer(kernel, name, value), true);
  }
}

function integer(kernel: string, name: string, value: number): number {
  if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32)
    throw new RangeError(`${kernel}.${name} = ${value} is no 32-bit integer.`);
  return value | 0;
}
