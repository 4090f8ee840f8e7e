import { FindingError } from '../findings.ts';
import type { Graph } from '../graph/graph.ts';
import type { Assignment, QuantizedModel, QuantizedTensor } from '../quantize/assignment.ts';
import { importQdq } from '../readings/import-qdq.ts';
import { integerGraph } from '../readings/integer.ts';
import type { NodeReport } from './program.ts';

/** A quantised model as the executor runs it. */
export interface IntegerExecution {
  readonly graph: Graph;
  /** Puts a report of `graph` in the terms of the model that was given. */
  report(own: readonly NodeReport[]): NodeReport[];
}

/**
 * The integer graph of a model with QuantizeLinear and DequantizeLinear; undefined where there is nothing to run in integers, or
 * where a value that must be seen is gone in it.
 */
export function inIntegers(source: Graph, seen: ReadonlySet<string>): IntegerExecution | undefined {
  const imported = importQdq(source);
  if (imported === undefined || ![...imported.assignment.entries.keys()].some(isOutput)) return undefined;
  const graph = integerReading({ graph: imported.graph, assignment: unsigned(imported.assignment) });
  if (graph === undefined) return undefined;
  const produced = new Set([...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)]);
  if ([...seen].some((value) => !produced.has(value) && !graph.initializers.has(value))) return undefined;
  return { graph, report: (own) => inSourceTerms(source, imported.absorbed, own) };
}

/** A model of an old operator set that cannot be brought to a newer one runs as it is written. */
function integerReading(model: QuantizedModel): Graph | undefined {
  try {
    return integerGraph(model);
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

function isOutput(key: string): boolean {
  return key.includes('\u0000output[');
}

function inSourceTerms(
  source: Graph,
  absorbed: ReadonlyMap<string, string | undefined>,
  own: readonly NodeReport[],
): NodeReport[] {
  const op = new Map(source.nodes.map((node) => [node.name, node.op]));
  const known = new Set(own.map(({ node }) => node));
  const executed = own.map((report) => ({ ...report, op: op.get(report.node) ?? report.op }));
  const rest = source.nodes.flatMap((node): NodeReport[] => {
    if (known.has(node.name)) return [];
    const into = absorbed.get(node.name);
    const common = { node: node.name, op: node.op, kernels: [], conversions: [] };
    if (into !== undefined) return [{ ...common, how: 'fused', into }];
    // What the file says of constants and inputs; an activation that is a clamp of codes.
    return [{ ...common, how: absorbed.has(node.name) ? 'constant' : 'fused' }];
  });
  return [...executed, ...rest];
}

/**
 * The same codes with 8-bit activations as uint8: code and zero point 128 larger where they were int8. The fastest kernels
 * of x86 multiply unsigned activations by signed weights.
 */
function unsigned(assignment: Assignment): Assignment {
  const entries = [...assignment.entries].map(([key, entry]) => {
    const parameter = key.endsWith('\u0000weight') || key.endsWith('\u0000bias');
    return [key, parameter ? entry : shifted(entry)] as const;
  });
  const inputs = [...assignment.inputs].map(([name, entry]) => [name, shifted(entry)] as const);
  return { ...assignment, entries: new Map(entries), inputs: new Map(inputs) };
}

function shifted(entry: QuantizedTensor): QuantizedTensor {
  if (entry.format !== 'int8') return entry;
  const [low, high] = entry.range;
  return {
    ...entry,
    format: 'uint8',
    zeroPoint: entry.zeroPoint.map((zero) => zero + 128),
    range: [low + 128, high + 128],
    ...(entry.codes && { codes: Uint8Array.from(entry.codes as Int8Array, (code) => code + 128) }),
  };
}
