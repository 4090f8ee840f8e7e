import { decodeTensor } from '../formats/held-tensor.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Attribute, Graph, GraphNode } from '../graph/graph.ts';
import { derivedTensor } from '../lazy-tensor.ts';
import { hasCodes, type QuantizedModel, type QuantizedTensor } from '../quantize/assignment.ts';
import { codesOf } from '../quantize/codes.ts';
import { floatAttributeOf, intAttributeOf, Rewriter, tensorAttributeOf } from './rewriter.ts';

/**
 * The simulate reading: the float graph with weights on their grid and every tensor in codes rounded to its grid by
 * `qspec::FakeQuantize`. Runs wherever the float graph runs.
 * @param only nodes that are quantised, by name; the others compute in float. Absent: all (sensitivity uses it).
 */
export function simulate({ graph, assignment }: QuantizedModel, only?: ReadonlySet<string>): Graph {
  const codes = codesOf(graph, assignment);
  const rewriter = new Rewriter(graph);
  const wanted = (node: GraphNode) => only === undefined || only.has(node.name);
  /** Name under which consumers find a value. */
  const current = new Map<string, string>();

  for (const value of graph.inputs) {
    const entry = assignment.inputs.get(value);
    if (entry !== undefined && only === undefined) {
      const rounded = rewriter.value(`${value}_rounded`);
      fakeQuantize(rewriter, `${value}_FakeQuantize`, value, rounded, entry);
      rewriter.keepType(value, rounded);
      current.set(value, rounded);
    }
  }
  for (const node of graph.nodes) {
    const active = wanted(node);
    const inputs = node.inputs.map((value, index) => {
      if (value === '') return '';
      const constant = graph.initializers.get(value);
      const held = active ? codes.held(node, index) : undefined;
      if (constant !== undefined) {
        if (!hasCodes(held)) {
          rewriter.keepConstant(value);
          return value;
        }
        const values = () => decodeTensor(held.codes, constant.dims, held);
        return rewriter.constant(
          `${node.name}_${value}_rounded`,
          derivedTensor([constant], 'float32', constant.dims, values),
        );
      }
      const name = current.get(value) ?? value;
      if (held === undefined) return name;
      const rounded = rewriter.value(`${value}_rounded`);
      fakeQuantize(rewriter, `${node.name}_FakeQuantize_${index}`, name, rounded, held);
      rewriter.keepType(value, rounded);
      return rounded;
    });
    const pending: (() => void)[] = [];
    const outputs = node.outputs.map((value, index) => {
      const rounds = active && value !== '' && !codes.fused(node);
      const entry = rounds ? codes.written(value) : undefined;
      if (entry === undefined) {
        rewriter.keepType(value);
        return value;
      }
      // The rounded tensor keeps the value's name, so that graph outputs and observers find it.
      const exact = rewriter.value(`${value}_exact`);
      rewriter.keepType(value, exact);
      rewriter.keepType(value);
      pending.push(() => fakeQuantize(rewriter, `${node.name}_FakeQuantize_output_${index}`, exact, value, entry));
      return exact;
    });
    rewriter.copy(node, inputs, outputs);
    for (const write of pending) write();
  }
  return rewriter.finish(new Map([...graph.opsets, ['qspec', 1]]));
}

/** What rounding to other levels than integers needs to know beside the scale. */
function gridAttributes({ format, clamp }: QuantizedTensor): Record<string, Attribute> {
  if (formatNamed(format).kind === 'integer') return {};
  return {
    format: { kind: 'string', value: format },
    ...(clamp && { least: floatAttributeOf(clamp.min), most: floatAttributeOf(clamp.max) }),
  };
}

export function fakeQuantize(rewriter: Rewriter, name: string, from: string, to: string, entry: QuantizedTensor): void {
  rewriter.add('FakeQuantize', 'qspec', rewriter.nodeName(name), [from], [to], {
    scale: tensorAttributeOf({ dtype: 'float32', dims: [entry.scale.length], data: entry.scale }),
    zero_point: tensorAttributeOf({ dtype: 'int32', dims: [entry.zeroPoint.length], data: entry.zeroPoint }),
    low: intAttributeOf(entry.range[0]),
    high: intAttributeOf(entry.range[1]),
    ...gridAttributes(entry),
    ...(entry.axis !== undefined && { axis: intAttributeOf(entry.axis) }),
  });
}
