import type { CheckRow } from './check.ts';

/** Every check of the language. */
export const checks: readonly CheckRow[] = [];
