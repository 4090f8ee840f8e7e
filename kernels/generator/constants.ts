import { constantIndex, constants, wideConstants, wideOffset } from '../constants.ts';
import { constantsAddress } from '../control.ts';

/** One inlined function per value: `exp0()`, `exp1()`, …, each a load with broadcast from a fixed address. */
export function constantLoads(): string {
  const lines = ['// Generated from kernels/constants.ts.'];
  for (const [name, values] of Object.entries(constants))
    for (const i of values.keys()) {
      const address = constantsAddress + 4 * (constantIndex.get(name)! + i);
      lines.push(
        '// @ts-ignore: decorator',
        `@inline export function ${name}${i}(): v128 { return v128.load32_splat(${address}); }`,
      );
    }
  let address = constantsAddress + wideOffset;
  for (const [name, values] of Object.entries(wideConstants))
    for (const i of values.keys()) {
      lines.push(
        '// @ts-ignore: decorator',
        `@inline export function ${name}${i}(): v128 { return v128.load64_splat(${address}); }`,
      );
      address += 8;
    }
  return `${lines.join('\n')}\n`;
}
