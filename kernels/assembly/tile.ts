import { tile1x8, tile2x8, tile3x8, tile4x8, tile5x8, tile6x8 } from './generated/microkernels';

/** Rows of the largest tile: twelve accumulators with fused multiply-add, eight without (the product needs registers). */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** The micro-kernel for a tile of `rows` (1…TILE_ROWS) rows. */
// @ts-ignore: decorator
@inline
export function tile(
  rows: i32, table: usize, taps: i32, depth: i32, b: usize, c: usize, cStride: i32,
  r: usize, rStride: i32, columns: i32, min: f32, max: f32,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) return tile6x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
    if (rows == 5) return tile5x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
  }
  if (rows == 4) return tile4x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
  if (rows == 3) return tile3x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
  if (rows == 2) return tile2x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
  tile1x8(table, taps, depth, b, c, cStride, r, rStride, columns, min, max);
}
