// `npm test`: installs what is missing, then runs every check and test. The last line is `N passed, N failed`.
// `npm test -- test/editor` runs the tests in a real VS Code alone.
// Arguments go to vitest (`npm test -- test/engine/onnx`); with arguments only the tests run.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { node, prepare, root, run } from './project.mjs';

prepare();

const only = process.argv.slice(2);
const results = join(root, '.test-results');
/** Written by the editor tests' set-up where they cannot run; holds the reason. */
const editorNote = join(results, 'editor-skipped.txt');
const skipped = [];
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
  mkdirSync(results, { recursive: true });
  rmSync(editorNote, { force: true });
  // One after the other: VS Code is started when the machine is free again.
  for (const project of ['unit', 'editor']) tests(project);
}
for (const line of skipped) console.log(line);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** Runs the tests of one project of `vitest.config.ts`. */
function tests(project) {
  const report = join(results, `vitest-${project}.json`);
  rmSync(report, { force: true });
  const status = run(node, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--project',
    project,
    // Arguments may name tests of the other project alone.
    ...(only.length > 0 ? ['--passWithNoTests'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...only,
  ]);
  countTests(project, report, status);
}

/** Adds vitest's counts; in CI a skip that `test/allowed-skips.json` does not name with its reason is a failure. */
function countTests(project, results, status) {
  const failedBefore = failed;
  let report;
  try {
    report = JSON.parse(readFileSync(results, 'utf8'));
  } catch {
    // With nothing to run there are no results.
    if (status !== 0 || only.length === 0) check(`${project} tests (no results were written)`, 1);
    return;
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  const fileFailures = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const file of fileFailures) check(`${file.name}: ${file.message}`, 1);
  if (project === 'editor' && existsSync(editorNote)) {
    // Said once, with its reason. QSPEC_EDITOR_TESTS=required makes it a failure, in the tests' own set-up.
    const count = report.numTotalTests - report.numPassedTests - report.numFailedTests;
    skipped.push(`SKIPPED: ALL ${count} EDITOR TESTS: ${readFileSync(editorNote, 'utf8')}`);
    return;
  }
  const allowed = JSON.parse(readFileSync(join(root, 'test', 'allowed-skips.json'), 'utf8'));
  const skips = report.testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => test.fullName.trim());
  for (const name of skips) {
    const entry = allowed.find(({ test }) => (test.endsWith('*') ? name.startsWith(test.slice(0, -1)) : name === test));
    skipped.push(`SKIPPED: ${name}${entry ? ` (${entry.reason})` : ''}`);
    if (!entry && process.env.CI) check(`skip not named in test/allowed-skips.json: ${name}`, 1);
  }
  if (status !== 0 && failed === failedBefore) check(`vitest (${project})`, status);
}
