import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { poll } from '../../progress.ts';
import { type Dimension, elementCount, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, missing, stringAttribute } from '../shared/attributes.ts';
import { stridedOffsets, stridesOf } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { numbersOf, tensorOf } from '../shared/numbers.ts';
import { costCount, inputType, valueType } from '../shared/types.ts';

/** Labels of the operands' and the result's axes; an ellipsis stands for labels `0`, `1`, … counted from its end. */
interface Terms {
  readonly operands: readonly string[][];
  readonly result: string[];
}

/** Sums of products in Einstein's notation. */
export const einsum: Operator = {
  op: 'Einsum',
  domain: '',
  opsets: [12, newestOpset],
  infer(node, context) {
    const types = node.inputs.map((_, i) => inputType(node, i, context));
    if (types.some((type) => type.dims === undefined)) return [valueType(types[0]!.dtype, undefined)];
    const terms = parse(
      node,
      types.map((type) => type.dims!.length),
    );
    const sizes = labelSizes(
      node,
      terms,
      types.map((type) => type.dims!),
    );
    return [
      valueType(
        types[0]!.dtype,
        terms.result.map((label) => sizes.get(label)),
      ),
    ];
  },
  evaluate(node, inputs) {
    const tensors = inputs as Tensor[];
    const terms = parse(
      node,
      tensors.map((tensor) => tensor.dims.length),
    );
    const sizes = labelSizes(
      node,
      terms,
      tensors.map((tensor) => tensor.dims),
    ) as Map<string, number>;
    const summed = [...sizes.keys()].filter((label) => !terms.result.includes(label));
    const dimsOf = (labels: readonly string[]) => labels.map((label) => sizes.get(label)!);
    const offsets = tensors.map((tensor, i) => {
      const strides = stridesOf(tensor.dims);
      const labels = terms.operands[i]!;
      // A label that stands twice walks the diagonal; an axis of 1 is broadcast.
      const stride = (label: string) =>
        labels.reduce((sum, own, axis) => sum + (own === label && tensor.dims[axis] !== 1 ? strides[axis]! : 0), 0);
      return {
        outer: stridedOffsets(dimsOf(terms.result), terms.result.map(stride)),
        inner: stridedOffsets(dimsOf(summed), summed.map(stride)),
      };
    });
    const values = tensors.map(numbersOf);
    const dims = dimsOf(terms.result);
    const out = new Float64Array(elementCount(dims));
    const count = elementCount(dimsOf(summed));
    for (let i = 0; i < out.length; i++) {
      poll();
      let sum = 0;
      for (let j = 0; j < count; j++) {
        let term = 1;
        for (const [k, own] of values.entries()) term *= own[offsets[k]!.outer[i]! + offsets[k]!.inner[j]!]!;
        sum += term;
      }
      out[i] = sum;
    }
    return [tensorOf(tensors[0]!.dtype, dims, out)];
  },
  /** One multiply-accumulate for every combination of labels and operand but the first. */
  cost(node, context) {
    const types = node.inputs.map((_, i) => inputType(node, i, context));
    const dims = types.map((type) => (type.dims ?? []).map((dim) => (typeof dim === 'number' ? dim : 1)));
    const terms = parse(
      node,
      dims.map((own) => own.length),
    );
    const sizes = labelSizes(node, terms, dims) as Map<string, number>;
    const combinations = elementCount([...sizes.values()]);
    if (types.length > 1) return { macs: combinations * (types.length - 1), operations: 0 };
    return { macs: 0, operations: costCount(types[0]?.dims) };
  },
};

function parse(node: GraphNode, ranks: readonly number[]): Terms {
  const equation = (stringAttribute(node, 'equation') ?? missing(node, 'equation')).replace(/\s/g, '');
  const bad = (): never =>
    fail('model/attribute', `The equation “${equation.slice(0, 80)}” of ${describe(node)} does not fit its inputs.`);
  if (!/^[A-Za-z.,]*(->[A-Za-z.]*)?$/.test(equation)) bad();
  const [left = '', right] = equation.split('->');
  const parts = left.split(',');
  if (parts.length !== ranks.length) bad();
  let widest = 0;
  const operands = parts.map((part, i) => {
    const letters = part.replace('...', '');
    if (letters.includes('.')) bad();
    const dots = ranks[i]! - letters.length;
    if (part.includes('...') ? dots < 0 : dots !== 0) bad();
    widest = Math.max(widest, part.includes('...') ? dots : 0);
    return expandDots(part, dots);
  });
  const all = operands.flat();
  const implied = [...new Set(all)].filter(
    (label) => /[A-Za-z]/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  const dots = Array.from({ length: widest }, (_, i) => `${widest - 1 - i}`);
  const result = right === undefined ? [...dots, ...implied.sort()] : expandDots(right, widest);
  if (result.some((label) => !all.includes(label))) bad();
  return { operands, result };
}

/** `a...b` with two dotted axes -> [a, 1, 0, b]. */
function expandDots(part: string, dots: number): string[] {
  const at = part.indexOf('...');
  if (at < 0) return [...part];
  return [...part.slice(0, at), ...Array.from({ length: dots }, (_, i) => `${dots - 1 - i}`), ...part.slice(at + 3)];
}

function labelSizes(node: GraphNode, terms: Terms, dims: readonly (readonly Dimension[])[]): Map<string, Dimension> {
  const sizes = new Map<string, Dimension>();
  terms.operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const dim = dims[i]![axis];
      const before = sizes.get(label);
      if (!sizes.has(label) || before === 1 || (typeof before !== 'number' && dim !== 1)) sizes.set(label, dim);
      else if (typeof before === 'number' && typeof dim === 'number' && dim !== 1 && dim !== before)
        fail('model/shape', `The axes “${label}” of ${describe(node)} have sizes ${before} and ${dim}.`);
    });
  });
  return sizes;
}
