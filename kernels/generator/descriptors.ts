import { blockLayout } from '../descriptor.ts';
import { type Fields, kernelTable, requantization } from '../table.ts';

/**
 * AssemblyScript classes over the argument blocks, one a kernel, named after it, and `Requantization` over the fields that
 * integer kernels share, wherever they lie in a block.
 */
export function descriptorClasses(): string {
  const lines = ['// Generated from kernels/table.ts.'];
  for (const row of kernelTable) lines.push(...classOf(className(row.name), row.fields));
  lines.push(...classOf('Requantization', requantization));
  return `${lines.join('\n')}\n`;
}

function classOf(name: string, fields: Fields): string[] {
  const lines = ['', '@unmanaged', `export class ${name} {`];
  for (const field of blockLayout(fields).fields) {
    if (field.type === 'i32x8') for (let i = 0; i < 8; i++) lines.push(`  ${field.name}${i}: i32;`);
    else lines.push(`  ${field.name}: ${field.type === 'address' ? 'usize' : field.type};`);
  }
  return [...lines, '}'];
}

export function className(kernel: string): string {
  return kernel[0]!.toUpperCase() + kernel.slice(1);
}
