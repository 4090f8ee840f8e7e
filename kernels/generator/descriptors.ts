import { blockLayout } from '../descriptor.ts';
import { kernelTable } from '../table.ts';

/** AssemblyScript classes over the argument blocks, one a kernel, named after it. */
export function descriptorClasses(): string {
  const lines = ['// Generated from kernels/table.ts.'];
  for (const row of kernelTable) {
    const name = className(row.name);
    lines.push('', '@unmanaged', `export class ${name} {`);
    for (const field of blockLayout(row.fields).fields) {
      if (field.type === 'i32x8') for (let i = 0; i < 8; i++) lines.push(`  ${field.name}${i}: i32;`);
      else lines.push(`  ${field.name}: ${field.type === 'address' ? 'usize' : field.type};`);
    }
    lines.push('}');
  }
  return `${lines.join('\n')}\n`;
}

export function className(kernel: string): string {
  return kernel[0]!.toUpperCase() + kernel.slice(1);
}
