import type { Dataset } from '../data/dataset.ts';
import type { Compile, Program } from '../executor/program.ts';
import { valuesRead } from '../graph/captures.ts';
import type { Graph } from '../graph/graph.ts';
import { nodesBetween, slice } from '../graph/slice.ts';
import type { Tensor } from '../tensor.ts';

/**
 * A graph computed piece by piece for a whole data set: the values that lie between what has been computed and what has
 * not are kept for every sample, so that each node runs once however many stops there are.
 */
export class Frontier {
  readonly #compile: Compile;
  readonly #mode: 'strict' | 'relaxed';
  readonly #done = new Set<string>();
  #samples: Map<string, Tensor>[];

  private constructor(samples: Map<string, Tensor>[], compile: Compile, mode: 'strict' | 'relaxed') {
    this.#samples = samples;
    this.#compile = compile;
    this.#mode = mode;
  }

  static async at(dataset: Dataset, count: number, compile: Compile, mode: 'strict' | 'relaxed'): Promise<Frontier> {
    const samples: Map<string, Tensor>[] = [];
    for (let i = 0; i < count; i++) samples.push(new Map(await dataset.sample(i)));
    return new Frontier(samples, compile, mode);
  }

  /** Another one at the same place. */
  copy(): Frontier {
    const other = new Frontier(
      this.#samples.map((sample) => new Map(sample)),
      this.#compile,
      this.#mode,
    );
    for (const value of this.#done) other.#done.add(value);
    return other;
  }

  get length(): number {
    return this.#samples.length;
  }

  /** A value that lies at the frontier. */
  value(sample: number, name: string): Tensor {
    const tensor = this.#samples[sample]!.get(name);
    if (tensor === undefined) throw new Error(`${name} is not at the frontier.`);
    return tensor;
  }

  get #given(): Set<string> {
    return new Set(this.#samples[0]!.keys());
  }

  /** Computes up to `value` and forgets what no later node reads. `graph` may be another one at each call, as long as names last. */
  async advance(graph: Graph, value: string): Promise<void> {
    const given = this.#given;
    const { computed, kept } = step(graph, given, value, this.#done);
    await this.#run(slice(graph, given, computed), (sample, outputs) => {
      const next = new Map<string, Tensor>();
      for (const name of kept) next.set(name, sample.get(name)!);
      for (const name of computed) next.set(name, outputs.get(name)!);
      return next;
    });
  }

  /** Shows a value that lies behind the frontier for every sample, without moving on. */
  async show(graph: Graph, value: string, look: (sample: number, tensor: Tensor) => void): Promise<void> {
    let at = 0;
    await this.#run(slice(graph, this.#given, [value]), (sample, outputs) => {
      look(at++, outputs.get(value) ?? sample.get(value)!);
      return sample;
    });
  }

  async #run(
    part: Graph,
    next: (sample: Map<string, Tensor>, outputs: ReadonlyMap<string, Tensor>) => Map<string, Tensor>,
  ): Promise<void> {
    let program: Program | undefined;
    try {
      for (const [i, sample] of this.#samples.entries()) {
        if (part.nodes.length > 0) {
          const inputs = new Map(part.inputs.map((name) => [name, sample.get(name)!]));
          program ??= await this.#compile(part, {
            mode: this.#mode,
            inputDims: new Map(Array.from(inputs, ([name, { dims }]) => [name, dims])),
          });
          this.#samples[i] = next(sample, await program.run(inputs));
        } else this.#samples[i] = next(sample, new Map());
      }
    } finally {
      program?.dispose();
    }
  }
}

/** What lies at the frontier once it has moved up to `value`. `done` gathers every value behind it. */
function step(graph: Graph, given: ReadonlySet<string>, value: string, done: Set<string>) {
  const nodes = nodesBetween(graph, given, [value]);
  for (const { outputs } of nodes) for (const output of outputs) done.add(output);
  const wanted = new Set(graph.outputs);
  for (const node of graph.nodes)
    if (!node.outputs.some((output) => done.has(output))) for (const read of valuesRead(node)) wanted.add(read);
  return {
    computed: nodes.flatMap(({ outputs }) => outputs).filter((output) => wanted.has(output)),
    kept: [...given].filter((name) => wanted.has(name)),
  };
}

/** Elements of all samples kept between two layers, of both models together (512 MiB); where they do not fit, fewer samples are used. */
const mostKept = 2 ** 27;

/** Samples of `length` that can be kept at every stop of a graph and of one that was made of it. @param copies of what lies there */
export function affordableSamples(graph: Graph, stops: readonly string[], length: number, copies = 2): number {
  return Math.max(1, Math.min(length, Math.floor(mostKept / (copies * widestFrontier(graph, stops)))));
}

/** The most elements of one sample that lie at the frontier at any of the stops; dimensions that are not known count as 1. */
export function widestFrontier(graph: Graph, stops: readonly string[]): number {
  const elements = (name: string) =>
    (graph.types.get(name)?.dims ?? []).reduce<number>((count, dim) => count * (typeof dim === 'number' ? dim : 1), 1);
  const done = new Set<string>();
  let given: ReadonlySet<string> = new Set(graph.inputs);
  let widest = 0;
  for (const stop of stops) {
    const { computed, kept } = step(graph, given, stop, done);
    given = new Set([...kept, ...computed]);
    widest = Math.max(
      widest,
      [...given].reduce((sum, name) => sum + elements(name), 0),
    );
  }
  return widest;
}
