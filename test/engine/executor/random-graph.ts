import type { Attribute, Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { type DataType, elementCount, float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const string = (value: string): Attribute => ({ kind: 'string', value });

export function randomTensor(dims: readonly number[], random: () => number, low = -1, high = 1): Tensor {
  return float32Tensor(
    dims,
    Float32Array.from({ length: elementCount(dims) }, () => low + (high - low) * random()),
  );
}

/** Builds a graph node by node; shapes come from the operators' own rules. */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly values: string[] = [];
  readonly inputs: string[] = [];
  private graph: Graph;
  private count = 0;

  constructor(opset: number) {
    this.graph = {
      name: 'random',
      nodes: this.nodes,
      inputs: this.inputs,
      outputs: [],
      initializers: this.initializers,
      types: new Map(),
      opsets: new Map([['', opset]]),
    };
  }

  input(name: string, dims: readonly number[], dtype: DataType = 'float32'): string {
    this.inputs.push(name);
    this.values.push(name);
    this.graph = { ...this.graph, types: new Map([...this.graph.types, [name, { dtype, dims }]]) };
    return name;
  }

  constant(tensor: Tensor): string {
    const name = `c${this.initializers.size}`;
    this.initializers.set(name, tensor);
    return name;
  }

  /** `op` may name a domain: `qspec.QConv`. */
  node(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    const index = this.count++;
    const [name, domain = ''] = op.split('.').reverse() as [string, string?];
    const output = `v${index}`;
    this.nodes.push({ name: `${name}_${index}`, op: name, domain, inputs, outputs: [output], attributes });
    this.values.push(output);
    return output;
  }

  dims(value: string): readonly number[] {
    return inferTypes(this.graph).types.get(value)!.dims as readonly number[];
  }

  finish(outputs: readonly string[]): Graph {
    const graph = { ...this.graph, outputs };
    return { ...graph, types: inferTypes(graph).types };
  }
}

/** A random network of at most `size` nodes over one image, with what convolutional networks are made of. */
export function randomGraph(seed: number, size = 8): Graph {
  const random = randomNumbers(seed);
  const upTo = (n: number) => 1 + Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const builder = new GraphBuilder(13);
  builder.input('x', [upTo(2), upTo(6), upTo(7), upTo(7)]);
  const images = () => builder.values.filter((value) => builder.dims(value).length === 4);
  const constant = (dims: readonly number[]) => builder.constant(randomTensor(dims, random));

  const moves: Record<string, () => void> = {
    conv() {
      const x = pick(images());
      const [, c, h, w] = builder.dims(x) as [number, number, number, number];
      const groups = pick([1, 1, c]);
      const outputs = groups * upTo(groups === 1 ? 9 : 2);
      const kernel = [Math.min(upTo(3), h + 2), Math.min(upTo(3), w + 2)];
      const y = builder.node('Conv', [x, constant([outputs, c / groups, ...kernel]), constant([outputs])], {
        group: int(groups),
        kernel_shape: ints(kernel),
        strides: ints([upTo(2), upTo(2)]),
        pads: ints([1, 1, 1, 1]),
      });
      if (random() < 0.3) builder.node('Relu', [y]);
    },
    residual() {
      const x = pick(images());
      const c = builder.dims(x)[1]!;
      const y = builder.node('Conv', [x, constant([c, c, 1, 1]), constant([c])], { kernel_shape: ints([1, 1]) });
      const sum = builder.node('Add', random() < 0.5 ? [x, y] : [y, x]);
      if (random() < 0.7) builder.node('Relu', [sum]);
    },
    activation() {
      const x = pick(builder.values);
      const kind = pick(['Relu', 'Sigmoid', 'Clip', 'LeakyRelu', 'Tanh']);
      if (kind === 'Clip') builder.node('Clip', [x, builder.constant(randomTensor([], random, -1, 0)), '']);
      else builder.node(kind, [x]);
    },
    arithmetic() {
      const x = pick(builder.values);
      const dims = builder.dims(x);
      const other = dims.map((size) => (random() < 0.5 ? size : 1)).slice(Math.floor(random() * dims.length));
      const y = random() < 0.5 ? x : constant(other);
      builder.node(pick(['Add', 'Sub', 'Mul']), random() < 0.5 ? [x, y] : [y, x]);
    },
    pool() {
      const x = pick(images());
      const [, , h, w] = builder.dims(x) as [number, number, number, number];
      builder.node(pick(['MaxPool', 'AveragePool']), [x], {
        kernel_shape: ints([Math.min(2, h), Math.min(3, w)]),
        strides: ints([upTo(2), upTo(2)]),
      });
    },
    globalPool: () => void builder.node('GlobalAveragePool', [pick(images())]),
    concat() {
      const x = pick(builder.values);
      const dims = builder.dims(x);
      const axis = Math.floor(random() * dims.length);
      const fits = builder.values.filter((value) => {
        const own = builder.dims(value);
        return own.length === dims.length && own.every((size, i) => i === axis || size === dims[i]);
      });
      const constantPart = constant(dims.map((size, i) => (i === axis ? upTo(3) : size)));
      builder.node('Concat', [pick(fits), x, pick([...fits, constantPart])], { axis: int(axis) });
    },
    fire() {
      const x = pick(images());
      const c = builder.dims(x)[1]!;
      const a = builder.node('Relu', [
        builder.node('Conv', [x, constant([upTo(8), c, 1, 1])], { kernel_shape: ints([1, 1]) }),
      ]);
      const b = builder.node('Conv', [x, constant([upTo(8), c, 3, 3])], {
        kernel_shape: ints([3, 3]),
        pads: ints([1, 1, 1, 1]),
      });
      builder.node('Concat', [a, b], { axis: int(1) });
    },
    transpose() {
      const x = pick(builder.values);
      const perm = builder.dims(x).map((_, axis) => axis);
      for (let i = perm.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [perm[i], perm[j]] = [perm[j]!, perm[i]!];
      }
      builder.node('Transpose', [x], { perm: ints(perm) });
    },
    reshape() {
      const x = pick(builder.values);
      const total = elementCount(builder.dims(x));
      const divisors = Array.from({ length: total }, (_, i) => i + 1).filter((d) => total % d === 0);
      const first = pick(divisors);
      const second = pick(divisors.filter((d) => (total / first) % d === 0));
      const dims = pick([
        [first, -1],
        [first, second, -1],
        [1, first, second, -1],
      ]);
      builder.node('Reshape', [x, builder.constant(int64Tensor([dims.length], dims))]);
    },
    product() {
      const x = pick(builder.values);
      const rank = builder.dims(x).length;
      const k = elementCount(builder.dims(x).slice(1));
      if (rank < 2 || k > 300) return;
      const flat = builder.node('Flatten', [x]);
      const y = builder.node('Gemm', [flat, constant([k, 5]), constant([5])]);
      if (random() < 0.5) builder.node('Relu', [y]);
    },
    slice() {
      const x = pick(builder.values);
      const dims = builder.dims(x);
      const axis = Math.floor(random() * dims.length);
      const size = dims[axis]!;
      const bounds = random() < 0.8 ? [Math.floor(random() * size), size, 1] : [-1, -size - 1, -1];
      const list = bounds.map((bound) => builder.constant(int64Tensor([1], [bound])));
      builder.node('Slice', [x, list[0]!, list[1]!, builder.constant(int64Tensor([1], [axis])), list[2]!]);
    },
    pad() {
      const x = pick(images());
      const pads = Array.from({ length: 8 }, () => Math.floor(random() * 2));
      builder.node('Pad', [x, builder.constant(int64Tensor([8], pads)), builder.constant(randomTensor([], random))]);
    },
    softmax() {
      const x = pick(builder.values);
      builder.node('Softmax', [x], { axis: int(Math.floor(random() * builder.dims(x).length)) });
    },
    reduce() {
      const x = pick(builder.values);
      const axes = builder.dims(x).flatMap((_, axis) => (random() < 0.5 ? [axis] : []));
      if (axes.length === 0 || axes.length === builder.dims(x).length) return;
      builder.node(pick(['ReduceMean', 'ReduceMax']), [x], { axes: ints(axes), keepdims: int(upTo(2) - 1) });
    },
    norm() {
      const x = pick(images());
      const c = builder.dims(x)[1]!;
      const positive = builder.constant(randomTensor([c], random, 0.5, 2));
      const y = builder.node('BatchNormalization', [x, constant([c]), constant([c]), constant([c]), positive]);
      if (random() < 0.5) builder.node('Relu', [y]);
    },
    identity: () => void builder.node('Identity', [pick(builder.values)]),
    depthToSpace() {
      const x = pick(images().filter((value) => builder.dims(value)[1]! % 4 === 0));
      if (x) builder.node('DepthToSpace', [x], { blocksize: int(2), mode: string(pick(['DCR', 'CRD'])) });
    },
  };
  const names = Object.keys(moves);
  while (builder.nodes.length < size) {
    if (elementCount(builder.dims(builder.values[builder.values.length - 1]!)) > 4000) break;
    moves[pick(names)]!();
  }
  // What nobody reads is an output, and now and then a value in the middle.
  const read = new Set(builder.nodes.flatMap((node) => node.inputs));
  const outputs = builder.values.slice(1).filter((value) => !read.has(value) || random() < 0.1);
  return builder.finish(outputs);
}
