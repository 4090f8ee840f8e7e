import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A test file keeps nothing for the next run, and meets nothing of an earlier one: neither measurements nor statistics. */
const folder = mkdtempSync(join(tmpdir(), 'qspec-test-cache-'));
process.env['QSPEC_CACHE'] = folder;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
