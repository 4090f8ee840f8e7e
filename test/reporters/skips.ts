import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { root } from '../shared.ts';

/** A skip that is allowed in CI, and why. `test` is the full name, or its beginning followed by `*`. */
interface AllowedSkip {
  readonly test: string;
  readonly reason: string;
}

/** In CI a skipped test that `test/allowed-skips.json` does not name is a failure. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const allowed: AllowedSkip[] = JSON.parse(readFileSync(join(root, 'test', 'allowed-skips.json'), 'utf8'));
    const unexpected: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const matches = allowed.some(({ test: name }) =>
          name.endsWith('*') ? test.fullName.startsWith(name.slice(0, -1)) : test.fullName === name,
        );
        if (!matches) unexpected.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
    }
    if (unexpected.length > 0) {
      console.error(`\n${unexpected.length} skipped tests are not in test/allowed-skips.json:`);
      for (const name of unexpected) console.error(`  ${name}`);
      process.exitCode = 1;
    }
  }
}
