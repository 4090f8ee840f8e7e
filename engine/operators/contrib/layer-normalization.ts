import { attribute, withAttributes } from '../../graph/build.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { type Dimension, elementCount, int64Tensor, type Tensor, type ValueType } from '../../tensor.ts';
import type { Parts } from '../decomposition.ts';
import { checkedIndex } from '../indexing/gather.ts';
import { normalizationCost } from '../normalization/batch-normalization.ts';
import { layerNormalization, rmsNormalization } from '../normalization/layer-normalization.ts';
import type { Operator } from '../operator.ts';
import { floatAttribute, intAttribute } from '../shared/attributes.ts';
import { mapPair, newestOpset } from '../shared/elementwise.ts';
import { integersOf, numbersOf, tensorOf } from '../shared/numbers.ts';
import { addMean, addNumber } from '../shared/parts.ts';
import { hasOutput, inputType, normalizeAxis, requireRank, unifyDimension, valueType } from '../shared/types.ts';

/** Normalisations of the last axis with what stands in front of them in transformers. */

/** How the sum of input, skip and bias is normalised. */
interface Kind {
  /** Index of the bias that belongs to the sum. */
  readonly bias: number;
  evaluate(node: GraphNode, x: Tensor, inputs: readonly (Tensor | undefined)[]): Tensor;
  add(parts: Parts, node: GraphNode, x: string, output: string): void;
}

/** `epsilon`, whose default is smaller here than in ONNX. */
function epsilonOf(node: GraphNode): number {
  return floatAttribute(node, 'epsilon', 1e-12);
}

const layer: Kind = {
  bias: 4,
  evaluate(node, x, [, , gamma, beta]) {
    const own = withAttributes(node, { epsilon: attribute.float(epsilonOf(node)) });
    return layerNormalization.evaluate!(own, [x, gamma, beta], noContext)[0]!;
  },
  add(parts, node, x, output) {
    const [, , gamma, beta] = node.inputs as [string, string, string, string?];
    const attributes = { epsilon: attribute.float(epsilonOf(node)) };
    parts.add('LayerNormalization', beta ? [x, gamma, beta] : [x, gamma], attributes, { output });
  },
};

const rms: Kind = {
  bias: 3,
  evaluate(node, x, [, , gamma]) {
    const own = withAttributes(node, { epsilon: attribute.float(epsilonOf(node)) });
    return rmsNormalization.evaluate!(own, [x, gamma], noContext)[0]!;
  },
  add: (parts, node, x, output) => addRms(parts, x, node.inputs[2]!, epsilonOf(node), output),
};

const noContext = { opset: newestOpset, seed: 0, evaluateSubgraph: () => [] };

/** x / √(mean of squares + epsilon) · scale over the last axis, as nodes. */
function addRms(parts: Parts, x: string, scale: string, epsilon: number, output: string): void {
  const squares = addMean(parts, parts.add('Mul', [x, x]), -1);
  const magnitude = parts.add('Sqrt', [parts.add('Add', [squares, addNumber(parts, epsilon)])]);
  parts.add('Mul', [parts.add('Div', [x, magnitude]), scale], {}, { output });
}

/**
 * Normalises input + skip + bias (optional, [hidden]). The skip has the input's shape or broadcasts over its batch. Second
 * and third output (mean and deviation) are for training and not computed; the fourth is the sum.
 */
function skipNormalization(op: string, kind: Kind): Operator {
  return {
    op,
    domain: 'com.microsoft',
    opsets: [1, 1],
    infer(node, context) {
      const x = inputType(node, 0, context);
      requireRank(node, 'The input', x, 2, 3);
      const hidden = x.dims?.[x.dims.length - 1];
      for (const index of [1, 2]) {
        const { dims } = inputType(node, index, context);
        unifyDimension(node, 'The widths of input, skip and gamma', hidden, dims?.[dims.length - 1]);
      }
      return [x, undefined, undefined, x];
    },
    evaluate(node, inputs) {
      const [x, skip] = inputs as [Tensor, Tensor];
      const bias = inputs[kind.bias];
      const add = (a: Tensor, b: Tensor) => mapPair(a, b, x.dtype, (left, right) => left + right);
      const sum = bias ? add(add(x, skip), bias) : add(x, skip);
      const [empty, y] = [tensorOf('float32', [0], []), kind.evaluate(node, sum, inputs)];
      return [y, empty, empty, sum];
    },
    cost: normalizationCost,
    decompose(node, parts) {
      if (hasOutput(node, 1) || hasOutput(node, 2)) return 'no kernel gives mean and deviation';
      const [x, skip] = node.inputs as [string, string];
      const bias = node.inputs[kind.bias];
      const output = node.outputs[3] ? { output: node.outputs[3] } : {};
      const first = parts.add('Add', [x, skip], {}, bias ? {} : output);
      kind.add(parts, node, bias ? parts.add('Add', [first, bias], {}, output) : first, node.outputs[0]!);
      return undefined;
    },
  };
}

export const skipLayerNormalization = skipNormalization('SkipLayerNormalization', layer);
export const skipSimplifiedLayerNormalization = skipNormalization('SkipSimplifiedLayerNormalization', rms);

/**
 * x / √(mean of squares + epsilon) over the axes from `axis` on, times scale; second output: the inverse root. ONNX
 * Runtime's operator in the ONNX domain, from before RMSNormalization.
 */
export const simplifiedLayerNormalization: Operator = {
  op: 'SimplifiedLayerNormalization',
  domain: '',
  opsets: [1, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    const scale = inputType(node, 1, context);
    const axis = x.dims && normalizeAxis(node, intAttribute(node, 'axis', -1), x.dims.length);
    const reduced = x.dims?.map((dim, i) => (i < axis! ? dim : 1));
    return [valueType(scale.dtype, x.dims), valueType('float32', reduced)];
  },
  evaluate(node, [x, scale], context) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', -1), x!.dims.length);
    const size = elementCount(x!.dims.slice(axis));
    const values = numbersOf(x!);
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const inverse = Float64Array.from({ length: size === 0 ? 0 : values.length / size }, (_, row) => {
      let squares = 0;
      for (let i = row * size; i < (row + 1) * size; i++) squares += values[i]! ** 2;
      return 1 / Math.sqrt(squares / size + epsilon);
    });
    const reduced = x!.dims.map((dim, i) => (i < axis ? dim : 1));
    return [rmsNormalization.evaluate!(node, [x, scale], context)[0]!, tensorOf('float32', reduced, inverse)];
  },
  cost: normalizationCost,
  decompose(node, parts) {
    const [x, scale] = node.inputs as [string, string];
    const axis = intAttribute(node, 'axis', -1);
    if (axis !== -1 && axis !== parts.type(x).dims.length - 1) return 'it normalises more than the last axis';
    if (hasOutput(node, 1)) return 'no kernel gives the deviation';
    addRms(parts, x, scale, floatAttribute(node, 'epsilon', 1e-5), node.outputs[0]!);
    return undefined;
  },
};

/**
 * LayerNormalization of the sum of the embeddings of words, positions and segments: ids [batch, length], segments
 * (optional), tables [·, hidden], gamma, beta, mask (optional), position ids (optional). Further outputs: the number of
 * ones in each row of the mask (0 without one), and the sum.
 */
export const embedLayerNormalization: Operator = {
  op: 'EmbedLayerNormalization',
  domain: 'com.microsoft',
  opsets: [1, 1],
  infer(node, context) {
    const ids = inputType(node, 0, context);
    const words = inputType(node, 2, context);
    requireRank(node, 'The ids', ids, 2);
    requireRank(node, 'The word table', words, 2);
    const dims: readonly Dimension[] = [ids.dims?.[0], ids.dims?.[1], words.dims?.[1]];
    const y: ValueType = valueType(words.dtype, dims);
    return [y, valueType('int32', [ids.dims?.[0]]), y];
  },
  evaluate(node, [ids, segments, words, positions, segmentTable, gamma, beta, mask, positionIds]) {
    const [batch, length] = ids!.dims as [number, number];
    const hidden = words!.dims[1]!;
    const places = positionIds && integersOf(positionIds);
    const rows: readonly (readonly [Tensor, (index: number) => number])[] = [
      [words!, read(ids!)],
      [positions!, (index) => (places ? places[index % places.length]! : index % length)],
      ...(segmentTable && segments ? [[segmentTable, read(segments)] as const] : []),
    ];
    const sum = new Float64Array(batch * length * hidden);
    for (const [table, row] of rows) {
      const values = numbersOf(table);
      for (let i = 0; i < batch * length; i++) {
        const from = checkedIndex(node, row(i), table.dims[0]!) * hidden;
        for (let c = 0; c < hidden; c++) sum[i * hidden + c]! += values[from + c]!;
      }
    }
    const total = tensorOf(words!.dtype, [batch, length, hidden], sum);
    const marks = mask && integersOf(mask);
    const counts = Array.from({ length: batch }, (_, b) =>
      marks ? marks.slice(b * length, (b + 1) * length).filter((mark) => mark === 1).length : 0,
    );
    const own = withAttributes(node, { epsilon: attribute.float(epsilonOf(node)) });
    const [y] = layerNormalization.evaluate!(own, [total, gamma, beta], noContext) as [Tensor];
    return [y, tensorOf('int32', [batch], counts), total];
  },
  cost: normalizationCost,
  decompose(node, parts) {
    const [ids, segments, words, positions, segmentTable, gamma, beta, , positionIds] = node.inputs as string[];
    if (hasOutput(node, 1)) return 'the mask is counted';
    const { dims } = parts.type(ids!);
    const places =
      positionIds ||
      parts.tensor(
        int64Tensor(
          [dims[1]!],
          Array.from({ length: dims[1]! }, (_, i) => i),
        ),
      );
    const two = parts.add(
      'Add',
      [parts.add('Gather', [words!, ids!]), parts.add('Gather', [positions!, places])],
      {},
      {
        ...(!segmentTable && node.outputs[2] && { output: node.outputs[2] }),
      },
    );
    const sum = segmentTable
      ? parts.add(
          'Add',
          [two, parts.add('Gather', [segmentTable, segments!])],
          {},
          {
            ...(node.outputs[2] && { output: node.outputs[2] }),
          },
        )
      : two;
    const attributes = { epsilon: attribute.float(epsilonOf(node)) };
    parts.add('LayerNormalization', [sum, gamma!, beta!], attributes, { output: node.outputs[0]! });
    return undefined;
  },
};

function read(ids: Tensor): (index: number) => number {
  const values = integersOf(ids);
  return (index) => values[index]!;
}
