/** Matrices of the same number of rows as one, each row of the first followed by that of the next. */
export function sideBySide(matrices: readonly Float32Array[], rows: number): Float32Array {
  const joined = new Float32Array(matrices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const matrix of matrices) {
      const width = matrix.length / rows;
      joined.set(matrix.subarray(row * width, (row + 1) * width), at);
      at += width;
    }
  }
  return joined;
}
