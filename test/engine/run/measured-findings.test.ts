import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { measuredFindings } from '../../../engine/run/measured-findings.ts';
import { root } from '../../shared.ts';

/** What `qspec verify` says of the inputs that it makes up is no finding of a run. */
const elsewhere = ['verify/input-size', 'verify/input-type'];

test('every finding of pruning, the recipe, quantising, exporting and verifying is described for docs/findings.md', () => {
  const codes = new Set<string>();
  for (const folder of ['auto', 'pruning', 'quantize', 'readings', 'rescaling', 'run', 'verify']) {
    const path = join(root, 'engine', folder);
    for (const name of readdirSync(path).filter((file) => file.endsWith('.ts') && file !== 'measured-findings.ts')) {
      const source = readFileSync(join(path, name), 'utf8');
      const given = /(?:code: |fail\(\s*)'((?:auto|prune|quantize|calibrate|reading|export|verify)\/[a-z0-9-]+)'/g;
      for (const [, code] of source.matchAll(given)) codes.add(code!);
    }
  }
  const wanted = [...codes].filter((code) => !elsewhere.includes(code));
  expect(wanted.length).toBeGreaterThan(15);
  expect(measuredFindings.map(({ code }) => code).sort()).toEqual(wanted.sort());
});
