import { expect } from 'vitest';
import { type Finding, FindingError } from '../../../../engine/findings.ts';

/** The finding that the work ends with; anything else thrown, or nothing, fails the test. */
export async function findingOf(work: () => unknown): Promise<Finding> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(FindingError);
    return (error as FindingError).finding;
  }
  return expect.unreachable('a finding was expected') as never;
}
