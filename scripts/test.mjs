// `npm test`: installs what is missing, then runs every check and test. The last line is `N passed, N failed`.
// Arguments go to vitest (`npm test -- test/engine/onnx`); with arguments only the tests run.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { node, prepare, root, run } from './project.mjs';

prepare();

const only = process.argv.slice(2);
let passed = 0;
let failed = 0;

function check(name, status) {
  if (status === 0) passed++;
  else {
    failed++;
    console.error(`FAILED: ${name}`);
  }
  return status === 0;
}

const built = check('build', run(node, ['scripts/build.mjs']));
if (only.length === 0) {
  check('type check', run(node, ['scripts/typecheck.mjs']));
  check('lint', run('biome', ['check', '.', '--diagnostic-level=warn', '--error-on-warnings']));
}

if (built) {
  const folder = join(root, '.test-results');
  mkdirSync(folder, { recursive: true });
  const results = join(folder, 'vitest.json');
  rmSync(results, { force: true });
  const status = run(node, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...only,
  ]);
  countTests(results, status);
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Adds vitest's counts; in CI a skip that `test/allowed-skips.json` does not name with its reason is a failure. */
function countTests(results, status) {
  let report;
  try {
    report = JSON.parse(readFileSync(results, 'utf8'));
  } catch {
    check('tests (no results were written)', 1);
    return;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  const fileFailures = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const file of fileFailures) check(`${file.name}: ${file.message}`, 1);
  const allowed = JSON.parse(readFileSync(join(root, 'test', 'allowed-skips.json'), 'utf8'));
  const skips = report.testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => test.fullName.trim());
  for (const name of skips) {
    const entry = allowed.find(({ test }) => (test.endsWith('*') ? name.startsWith(test.slice(0, -1)) : name === test));
    console.log(`SKIPPED: ${name}${entry ? ` (${entry.reason})` : ''}`);
    if (!entry && process.env.CI) check(`skip not named in test/allowed-skips.json: ${name}`, 1);
  }
  if (status !== 0 && failed === 0) check('vitest', status);
}
