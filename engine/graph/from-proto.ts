import { type Finding, fail } from '../findings.ts';
import type { onnx } from '../onnx/proto.ts';
import { denseFromProto } from '../onnx/sparse-tensor.ts';
import { isExternal, lazyTensorFromProto } from '../onnx/tensor-proto.ts';
import { describe, shown } from '../operators/shared/attributes.ts';
import { newestOpset } from '../operators/shared/elementwise.ts';
import type { Tensor, ValueType } from '../tensor.ts';
import { type ContainerType, isTensorType } from '../value.ts';
import { attributeFromProto } from './attributes.ts';
import { withComputedCodes } from './computed-codes.ts';
import { domainOf, functionsOf, inlineFunctions } from './functions.ts';
import type { Attribute, Graph, GraphNode, Model } from './graph.ts';
import { depthLimit, inferTypes } from './infer.ts';
import { missingOperators } from './missing-operators.ts';
import { NodeNames } from './names.ts';
import { rememberSparse, rememberTensor } from './origins.ts';
import { sortNodes } from './sort.ts';
import { anyTypeFromProto } from './value-types.ts';

export interface ReadOptions {
  /** Bytes of a tensor that is stored outside of the model file. */
  external?(proto: onnx.TensorProto): Uint8Array;
}

/**
 * The graph of a decoded model: names made unique, functions written out, nodes sorted, types inferred. Weights stay
 * views of the file and are read when first touched.
 *
 * Throws a `FindingError` where no graph can be made of the file (`model/cycle`, `model/undefined-value`,
 * `model/duplicate-value`, `model/attribute`, `tensor/…`); what can be lived with is in `findings`.
 */
export function graphFromProto(proto: onnx.ModelProto, options: ReadOptions = {}): Model {
  if (proto.graph === undefined) fail('model/no-graph', 'The model has no graph.');
  const findings: Finding[] = [];
  const functions = functionsOf(proto);
  const opsets = opsetsOf(proto, findings);
  const reader = new GraphReader(opsets, functions, findings, options);
  const declared = reader.read(proto.graph, '', () => false, 0);
  const inference = inferTypes(declared);
  findings.push(...inference.findings, ...operatorFindings(declared));
  return {
    graph: withComputedCodes({
      ...declared,
      types: inference.types,
      ...(inference.containers.size > 0 && { containers: inference.containers }),
    }),
    irVersion: Number(proto.ir_version ?? 0),
    producerName: proto.producer_name ?? '',
    producerVersion: proto.producer_version ?? '',
    metadata: new Map(proto.metadata_props.map((entry) => [entry.key ?? '', entry.value ?? ''])),
    findings,
    origin: proto,
  };
}

/** A domain may be imported by the model and, in another version, by a function; the model's version counts. */
function opsetsOf(proto: onnx.ModelProto, findings: Finding[]): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const entry of proto.opset_import) opsets.set(domainOf(entry.domain), Number(entry.version ?? 1));
  for (const body of proto.functions)
    for (const entry of body.opset_import) {
      const domain = domainOf(entry.domain);
      const version = Number(entry.version ?? 1);
      const own = opsets.get(domain);
      if (own === undefined) opsets.set(domain, version);
      else if (own !== version)
        findings.push({
          code: 'model/function-opset',
          severity: 'warning',
          what: `The function “${shown(body.name ?? '')}” is written for version ${version} of the operators, the model for version ${own}.`,
          why: 'Its operators are taken in the version of the model.',
        });
    }
  if (!opsets.has('')) opsets.set('', 1);
  const version = opsets.get('')!;
  if (version > newestOpset)
    findings.push({
      code: 'model/opset',
      severity: 'warning',
      what: `The model is written for version ${version} of the ONNX operators; QSpec knows versions 1 to ${newestOpset}.`,
      why: 'Operators whose meaning differs there would be misread.',
      fix: 'Convert the model with the ONNX version converter.',
    });
  return opsets;
}

class GraphReader {
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly functions: ReadonlyMap<string, onnx.FunctionProto>;
  private readonly findings: Finding[];
  private readonly options: ReadOptions;
  private readonly names: NodeNames;

  constructor(
    opsets: ReadonlyMap<string, number>,
    functions: ReadonlyMap<string, onnx.FunctionProto>,
    findings: Finding[],
    options: ReadOptions,
  ) {
    this.opsets = opsets;
    this.functions = functions;
    this.findings = findings;
    this.options = options;
    this.names = new NodeNames(findings);
  }

  read(proto: onnx.GraphProto, prefix: string, outer: (name: string) => boolean, depth: number): Graph {
    if (depth > depthLimit) fail('model/too-deep', `Subgraphs are nested more than ${depthLimit} deep.`);
    const initializers = this.readInitializers(proto);
    const types = new Map<string, ValueType>();
    const containers = new Map<string, ContainerType>();
    for (const info of [...proto.value_info, ...proto.output, ...proto.input]) {
      const type = anyTypeFromProto(info.type);
      if (!info.name || type === undefined) continue;
      if (isTensorType(type)) types.set(info.name, type);
      else containers.set(info.name, type);
    }
    for (const [name, tensor] of initializers) types.set(name, { dtype: tensor.dtype, dims: tensor.dims });
    const inputs = this.readInputs(proto, initializers, depth);
    const own = new Set(inputs);
    const protos = depth === 0 ? inlineFunctions(proto.node, this.functions) : proto.node;
    const produced = new Set(protos.flatMap((node) => node.output));
    const visible = (name: string) => own.has(name) || initializers.has(name) || outer(name);
    const inner = (name: string) => visible(name) || produced.has(name);
    const names = this.names.assign(protos, prefix);
    const nodes = protos.map((node, index) => this.readNode(node, names[index]!, inner, depth));
    // Hiding a name of an enclosing graph is not allowed, but harmless: the inner one counts.
    const outside = (name: string) => own.has(name) || initializers.has(name) || (outer(name) && !produced.has(name));
    const outputs = proto.output.map((info) => info.name ?? '');
    const graph: Graph = {
      name: proto.name ?? '',
      nodes: sortNodes(nodes, outside),
      inputs,
      outputs,
      initializers,
      types,
      ...(containers.size > 0 && { containers }),
      opsets: this.opsets,
      origin: proto,
    };
    for (const name of outputs)
      if (!inner(name))
        fail('model/undefined-value', `The output “${shown(name)}” of the model is not computed by any node.`, {
          fix: 'Export the model again; the file is not a valid ONNX model.',
        });
    return graph;
  }

  private readInitializers(proto: onnx.GraphProto): Map<string, Tensor> {
    const initializers = new Map<string, Tensor>();
    const add = (name: string, tensor: Tensor) => {
      if (initializers.has(name))
        fail('model/duplicate-value', `The constant “${shown(name)}” is stored twice.`, {
          fix: 'Export the model again; the file is not a valid ONNX model.',
        });
      initializers.set(name, tensor);
    };
    for (const item of proto.initializer) add(item.name ?? '', this.readTensor(item));
    for (const item of proto.sparse_initializer)
      add(item.values?.name ?? '', rememberSparse(denseFromProto(item), item));
    return initializers;
  }

  private readTensor(proto: onnx.TensorProto): Tensor {
    const external = isExternal(proto) ? this.options.external?.(proto) : undefined;
    return rememberTensor(lazyTensorFromProto(proto, external), proto);
  }

  /** Before IR 4 every constant was an input as well; such inputs are the constants that they default to. */
  private readInputs(proto: onnx.GraphProto, initializers: ReadonlyMap<string, Tensor>, depth: number): string[] {
    const inputs: string[] = [];
    for (const info of proto.input) {
      const name = info.name ?? '';
      if (initializers.has(name)) continue;
      if (name === '' || inputs.includes(name))
        fail(
          'model/duplicate-value',
          `The model has ${name === '' ? 'an input without a name' : `two inputs “${shown(name)}”`}.`,
        );
      inputs.push(name);
      if (depth === 0 && anyTypeFromProto(info.type) === undefined)
        this.findings.push({
          code: 'model/input-type',
          severity: 'warning',
          what: `Input “${shown(name)}” is not of a type that QSpec knows.`,
          why: 'Layers that depend on it can neither be described nor run.',
        });
    }
    return inputs;
  }

  private readNode(proto: onnx.NodeProto, name: string, visible: (name: string) => boolean, depth: number): GraphNode {
    const attributes: Record<string, Attribute> = Object.create(null);
    const where = `${proto.op_type ?? 'Node'} “${shown(name)}”`;
    for (const item of proto.attribute) {
      const key = item.name ?? '';
      if (Object.hasOwn(attributes, key)) fail('model/attribute', `${where} has its attribute “${shown(key)}” twice.`);
      attributes[key] = attributeFromProto(item, where, (graph, attribute) =>
        this.read(graph, `${name}/${attribute}/`, visible, depth + 1),
      );
    }
    if (!proto.op_type) fail('model/operator', `The node “${shown(name)}” names no operator.`);
    return {
      name,
      op: proto.op_type,
      domain: domainOf(proto.domain),
      inputs: trimmed(proto.input),
      outputs: trimmed(proto.output),
      attributes,
      origin: proto,
    };
  }
}

/** Without the empty names at the end: optional values that are left out. */
function trimmed(names: readonly string[]): readonly string[] {
  let length = names.length;
  while (length > 0 && names[length - 1] === '') length--;
  return length === names.length ? names : names.slice(0, length);
}

/** One finding for each operator that cannot be run, with the number of its nodes. */
function operatorFindings(graph: Graph): Finding[] {
  return missingOperators(graph).map(({ operator, nodes, since }) => {
    const where = nodes.length === 1 ? describe(nodes[0]!) : `${nodes.length} nodes`;
    return {
      code: 'model/operator-unknown',
      severity: 'warning',
      what:
        since === undefined
          ? `QSpec does not know the operator ${operator} (${where}).`
          : `The operator ${operator} (${where}) is newer than the operator set of the model: it came with version ${since}.`,
      why: 'Shapes behind it are taken from the file where it declares them; the model cannot be run.',
    };
  });
}
