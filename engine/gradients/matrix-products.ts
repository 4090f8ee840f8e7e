import type { Compile, Program } from '../executor/program.ts';
import { makeNode } from '../graph/build.ts';
import type { Graph } from '../graph/graph.ts';
import { float32Tensor } from '../tensor.ts';

/** Products of matrices whose values change from one to the next, on the executor's kernels; row-major. */
export class MatrixProducts {
  readonly #compile: Compile;
  readonly #mode: 'strict' | 'relaxed';
  readonly #programs = new Map<string, Program>();

  constructor(compile: Compile, mode: 'strict' | 'relaxed') {
    this.#compile = compile;
    this.#mode = mode;
  }

  /** [rows, inner] · [inner, columns]. */
  async multiply(
    a: Float32Array,
    b: Float32Array,
    rows: number,
    inner: number,
    columns: number,
  ): Promise<Float32Array> {
    const inputs = new Map([
      ['a', float32Tensor([rows, inner], a)],
      ['b', float32Tensor([inner, columns], b)],
    ]);
    const key = `${rows}x${inner}x${columns}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = await this.#compile(productGraph(inputs), { mode: this.#mode });
      this.#programs.set(key, program);
    }
    return (await program.run(inputs)).get('y')!.data as Float32Array;
  }

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }
}

function productGraph(inputs: ReadonlyMap<string, { readonly dims: readonly number[] }>): Graph {
  const [a, b] = [inputs.get('a')!.dims, inputs.get('b')!.dims];
  const type = (dims: readonly number[]) => ({ dtype: 'float32' as const, dims });
  return {
    name: 'product',
    nodes: [makeNode('product', 'MatMul', ['a', 'b'], ['y'])],
    inputs: ['a', 'b'],
    outputs: ['y'],
    initializers: new Map(),
    types: new Map([
      ['a', type(a)],
      ['b', type(b)],
      ['y', type([a[0]!, b[1]!])],
    ]),
    opsets: new Map([['', 13]]),
  };
}

export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  // In squares, so that neither side strides through all of memory.
  const side = 16;
  for (let r = 0; r < rows; r += side) {
    for (let c = 0; c < columns; c += side) {
      const [toRow, toColumn] = [Math.min(r + side, rows), Math.min(c + side, columns)];
      for (let i = r; i < toRow; i++) for (let j = c; j < toColumn; j++) out[j * rows + i] = matrix[i * columns + j]!;
    }
  }
  return out;
}
