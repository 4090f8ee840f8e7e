import type { Finding } from '../findings.ts';
import type { NumberFormat } from '../formats/format.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph } from '../graph/graph.ts';
import type { QuantizedModel } from '../quantize/assignment.ts';
import { type Codes, codesOf } from '../quantize/codes.ts';
import type { QdqOptions } from './export-qdq.ts';
import { tooManyToPack, writtenFormat } from './written-format.ts';

/** What a person should know of how runtimes will treat the exported model. */
export function exportFindings(
  { graph, assignment }: QuantizedModel,
  { container }: Pick<QdqOptions, 'container'> = {},
): readonly Finding[] {
  const codes = codesOf(graph, assignment);
  const readers = new Map<string, number>();
  for (const node of graph.nodes) for (const value of node.inputs) readers.set(value, (readers.get(value) ?? 0) + 1);
  const found = [
    ...carriedAsFloat(graph, codes),
    ...addedTensors(graph, codes),
    ...notPacked(tooManyToPack({ graph, assignment }, container)),
  ];
  const shared = graph.nodes.filter((node) => {
    const entry = codes.written(node.outputs[0] ?? '');
    if (entry === undefined || writtenFormat(entry, container).dtype !== 'int8') return false;
    return (readers.get(node.outputs[0]!) ?? 0) > 1 || entry.range[0] > -128 || entry.range[1] < 127;
  });
  if (shared.length === 0) return found;
  return [
    ...found,
    {
      code: 'export/int8-activations',
      severity: 'warning',
      what: `On x86, ONNX Runtime computes the layers around ${shared.length} of the int8 activations in float.`,
      why: 'It turns int8 activations into uint8 only where one layer reads them and nothing clamps them.',
      fix: 'Use uint8 activations, or set the session option `session.qdqisint8allowed` to 1.',
    },
  ];
}

/** Weights whose format no ONNX type holds: the file is as large as the float one. */
function carriedAsFloat(graph: Graph, codes: Codes): Finding[] {
  const written = weightsIn(graph, codes, ({ dtype, sum }) => dtype === 'float32' && sum === undefined);
  if (written === undefined) return [];
  return [
    {
      code: 'export/carried-by-float',
      severity: 'information',
      what: `${written} are written as float32.`,
      why: 'ONNX has no type that holds their levels. The values are those that the codes stand for; the file is no smaller, and ONNX Runtime computes these layers in float.',
    },
  ];
}

/** Weights that the file holds as several tensors. */
function addedTensors(graph: Graph, codes: Codes): Finding[] {
  const written = weightsIn(graph, codes, ({ sum }) => sum !== undefined);
  if (written === undefined) return [];
  return [
    {
      code: 'export/added-tensors',
      severity: 'information',
      what: `${written} are written as tensors that are dequantised and added.`,
      why: 'No runtime multiplies with such a sum in integers: it adds the tensors and computes these layers in float.',
    },
  ];
}

function notPacked(count: number | undefined): Finding[] {
  if (count === undefined) return [];
  return [
    {
      code: 'export/not-packed',
      severity: 'warning',
      what: `The weights are not packed: they would be ${Math.round(count / 1e6)} million.`,
      why: 'ONNX Runtime unpacks them all when it loads a model, which takes some 30 bytes a weight. They are in the types of ONNX instead.',
      fix: 'Leave it so, or write a byte each, which runs in integers: `{ container int8 }`.',
    },
  ];
}

/** “The weights of 3 layers in kmeans(2)”; undefined where none has such a format. */
function weightsIn(graph: Graph, codes: Codes, such: (format: NumberFormat) => boolean): string | undefined {
  const formats = graph.nodes.flatMap((node) => {
    const format = codes.weight(node)?.format;
    return format !== undefined && such(formatNamed(format)) ? [format] : [];
  });
  if (formats.length === 0) return undefined;
  return `The weights of ${formats.length} layer${formats.length === 1 ? '' : 's'} in ${[...new Set(formats)].join(', ')}`;
}
