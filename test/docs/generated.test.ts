import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedDocuments } from '../../scripts/generate-docs.mjs';

describe('documents with tables of the registries are current', () => {
  test.each([...generatedDocuments()].map(([path, text]) => [basename(path), path, text] as const))(
    '%s (else run: node scripts/generate-docs.mjs)',
    (_, path, text) => {
      expect(text.length).toBeGreaterThan(1000);
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );
});
