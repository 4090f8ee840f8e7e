import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { EvaluateContext, InferContext, Operator } from '../operator.ts';
import { floatAttribute, hasAttribute, intAttribute, intsAttribute, missing } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { normal, random } from '../shared/random.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';
import { namedType } from './eye-like.ts';

/** Random operators draw from our own generator: the same numbers on every machine, others than in other runtimes. */
function generator(node: GraphNode, context: EvaluateContext): () => number {
  return random(hasAttribute(node, 'seed') ? floatAttribute(node, 'seed', 0) : context.seed);
}

type Draw = (node: GraphNode, context: EvaluateContext) => () => number;

const uniform: Draw = (node, context) => {
  const next = generator(node, context);
  const low = floatAttribute(node, 'low', 0);
  const high = floatAttribute(node, 'high', 1);
  return () => low + (high - low) * next();
};

const gaussian: Draw = (node, context) => {
  const next = normal(generator(node, context));
  const mean = floatAttribute(node, 'mean', 0);
  const scale = floatAttribute(node, 'scale', 1);
  return () => mean + scale * next();
};

function shaped(op: string, draw: Draw): Operator {
  const dims = (node: GraphNode) => intsAttribute(node, 'shape') ?? missing(node, 'shape');
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer: (node) => [valueType(namedType(node, 'float32'), dims(node))],
    evaluate: (node, _inputs, context) => [drawn(node, dims(node), namedType(node, 'float32'), draw(node, context))],
  };
}

function like(op: string, draw: Draw): Operator {
  return {
    op,
    domain: '',
    opsets: [1, newestOpset],
    infer(node, context) {
      const x = inputType(node, 0, context);
      return [valueType(namedType(node, x.dtype), x.dims)];
    },
    evaluate: (node, [x], context) => [drawn(node, x!.dims, namedType(node, x!.dtype), draw(node, context))],
  };
}

function drawn(_node: GraphNode, dims: readonly number[], dtype: Tensor['dtype'], next: () => number): Tensor {
  return tensorOf(dtype, dims, Float64Array.from({ length: elementCount(dims) }, next));
}

export const randomUniform = shaped('RandomUniform', uniform);
export const randomNormal = shaped('RandomNormal', gaussian);
export const randomUniformLike = like('RandomUniformLike', uniform);
export const randomNormalLike = like('RandomNormalLike', gaussian);

/** 1 with the probability that the input says, 0 otherwise. */
export const bernoulli: Operator = {
  op: 'Bernoulli',
  domain: '',
  opsets: [15, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    return [valueType(namedType(node, x.dtype), x.dims)];
  },
  evaluate(node, [x], context) {
    const next = generator(node, context);
    const out = Float64Array.from(numbersOf(x!), (probability) => (next() < probability ? 1 : 0));
    return [tensorOf(namedType(node, x!.dtype), x!.dims, out)];
  },
};

/** Class indices drawn from unnormalised log-probabilities: [N, classes] -> [N, samples]. */
export const multinomial: Operator = {
  op: 'Multinomial',
  domain: '',
  opsets: [7, newestOpset],
  infer: (node, context) => [valueType(namedType(node, 'int32'), multinomialDims(node, context))],
  evaluate(node, [x], context) {
    const next = generator(node, context);
    const samples = intAttribute(node, 'sample_size', 1);
    const [rows, classes] = x!.dims as [number, number];
    const values = numbersOf(x!);
    const out = new Float64Array(rows * samples);
    for (let row = 0; row < rows; row++) {
      const weights = Array.from({ length: classes }, (_, c) => Math.exp(values[row * classes + c]!));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let i = 0; i < samples; i++) {
        let rest = next() * total;
        let choice = 0;
        while (choice < classes - 1 && rest >= weights[choice]!) rest -= weights[choice++]!;
        out[row * samples + i] = choice;
      }
    }
    return [tensorOf(namedType(node, 'int32'), [rows, samples], out)];
  },
};

function multinomialDims(node: GraphNode, context: InferContext): Dimension[] {
  const x = inputType(node, 0, context);
  requireRank(node, 'The input', x, 2);
  return [x.dims?.[0], intAttribute(node, 'sample_size', 1)];
}
