import type { Moments } from './method.ts';

/** E[x·xᵀ] of the inputs of a group, row-major: Δᵀ·E[x·xᵀ]·Δ is the mean square of what Δ changes in an answer. */
export function secondMoments(moments: Moments, group: number): Float64Array {
  const matrix = moments.covariance(group);
  const mean = moments.mean(group);
  const n = moments.length;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) matrix[i * n + j]! += mean[i]! * mean[j]!;
  return matrix;
}
