import { describe, expect, it } from 'vitest';
import { kernelTable } from '../../kernels/table.ts';
import { kernelCases } from './cases/index.ts';
import { checkKernel, kernelsFor } from './harness.ts';

// What every kernel promises: it equals its scalar twin (bit for bit in strict mode), writes nowhere else, lets nothing
// from behind its inputs into the result, and gives the same however its items are divided.
describe('kernels against their scalar twins', () => {
  for (const { name } of kernelTable) {
    it(`${name}, strict`, () => checkKernel(name, kernelCases[name], 'strict', 150));
    it(`${name}, relaxed`, () => checkKernel(name, kernelCases[name], 'relaxed', 60));
  }

  it('run relaxed where the machine can', async () => {
    const { features } = await kernelsFor('relaxed');
    expect(['strict', 'relaxed']).toContain(features.mode);
  });
});
