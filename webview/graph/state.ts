import type { Camera } from './camera.ts';

/** What a hidden graph remembers of itself. */
export interface Remembered {
  readonly title: string;
  readonly camera: Camera;
  /** Names of the selected layers. */
  readonly selected: readonly string[];
  readonly query: string;
  readonly panel: boolean;
}

/** Reads what an older version of this page, or nobody, has left. */
export function readRemembered(state: unknown): Remembered | null {
  if (typeof state !== 'object' || state === null) return null;
  const { title, camera, selected, query, panel } = state as Record<string, unknown>;
  if (typeof title !== 'string' || typeof camera !== 'object' || camera === null) return null;
  const { x, y, scale } = camera as Record<string, unknown>;
  if (typeof x !== 'number' || typeof y !== 'number' || typeof scale !== 'number') return null;
  if (![x, y, scale].every(Number.isFinite) || scale <= 0) return null;
  return {
    title,
    camera: { x, y, scale },
    selected: Array.isArray(selected) ? selected.filter((name) => typeof name === 'string') : [],
    query: typeof query === 'string' ? query : '',
    panel: panel !== false,
  };
}
