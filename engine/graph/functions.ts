import { fail } from '../findings.ts';
import { changed, onnx } from '../onnx/proto.ts';
import { shown } from '../operators/shared/attributes.ts';

/**
 * Model-local functions (ONNX IR 8 and newer) are written out at their calls, so that no later step needs to know of
 * them. Values inside are called `CALL/VALUE`, nodes `CALL/NODE`.
 */
const depthLimit = 32;
const nodeLimit = 100_000;

export function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === 'ai.onnx' ? '' : domain;
}

type Functions = ReadonlyMap<string, onnx.FunctionProto>;

function keyOf(domain: string | undefined, name: string | undefined, overload: string | undefined): string {
  return `${domainOf(domain)}\u0000${name ?? ''}\u0000${overload ?? ''}`;
}

export function functionsOf(model: onnx.ModelProto): Functions {
  return new Map(model.functions.map((body) => [keyOf(body.domain, body.name, body.overload), body]));
}

/**
 * The nodes with every call replaced by its body. Throws `model/function-recursion` where functions call themselves and
 * `model/too-many-nodes` where the result would be larger than 100,000 nodes.
 */
export function inlineFunctions(nodes: readonly onnx.NodeProto[], functions: Functions): onnx.NodeProto[] {
  if (functions.size === 0) return [...nodes];
  const out: onnx.NodeProto[] = [];
  const expand = (node: onnx.NodeProto, name: string, depth: number): void => {
    const body = functions.get(keyOf(node.domain, node.op_type, node.overload));
    if (body === undefined) {
      out.push(withInlinedSubgraphs(node, functions));
      if (out.length > nodeLimit)
        fail('model/too-many-nodes', `The model has more than ${nodeLimit} nodes once its functions are written out.`);
      return;
    }
    if (depth > depthLimit)
      fail('model/function-recursion', `The function “${shown(body.name ?? '')}” calls itself.`, {
        why: 'ONNX forbids recursion.',
      });
    instantiate(body, node, name).forEach((inner, index) => {
      expand(inner, inner.name || `${name}/${inner.op_type ?? 'Node'}_${index}`, depth + 1);
    });
  };
  nodes.forEach((node, index) => {
    expand(node, node.name || `${node.op_type ?? 'Node'}_${index}`, 0);
  });
  return out;
}

function withInlinedSubgraphs(node: onnx.NodeProto, functions: Functions): onnx.NodeProto {
  if (node.attribute.every((attribute) => attribute.g === undefined && attribute.graphs.length === 0)) return node;
  const inline = (graph: onnx.GraphProto) => changed(graph, { node: inlineFunctions(graph.node, functions) });
  return changed(node, { attribute: node.attribute.map((attribute) => mapGraphs(attribute, inline)) });
}

function mapGraphs(attribute: onnx.AttributeProto, apply: (graph: onnx.GraphProto) => onnx.GraphProto) {
  if (attribute.g === undefined && attribute.graphs.length === 0) return attribute;
  return changed(attribute, { g: attribute.g && apply(attribute.g), graphs: attribute.graphs.map(apply) });
}

/** The body's nodes with the call's values and attributes in place of the function's. */
function instantiate(body: onnx.FunctionProto, call: onnx.NodeProto, name: string): onnx.NodeProto[] {
  const values = new Map<string, string>();
  body.input.forEach((formal, i) => {
    values.set(formal, call.input[i] ?? '');
  });
  const copies: onnx.NodeProto[] = [];
  body.output.forEach((formal, i) => {
    const actual = call.output[i] ?? '';
    if (actual === '') return;
    // An output that is an input, or that is asked for twice, needs a node of its own.
    if (!values.has(formal)) values.set(formal, actual);
    else
      copies.push(
        new onnx.NodeProto({
          op_type: 'Identity',
          input: [values.get(formal)!],
          output: [actual],
          name: `${name}/${formal}`,
        }),
      );
  });
  const rename = (value: string) => (value === '' ? '' : (values.get(value) ?? `${name}/${value}`));
  const nodes = body.node.map((node, index) => {
    const copy = instantiateNode(node, body, call, rename);
    copy.name = `${name}/${node.name || `${node.op_type ?? 'Node'}_${index}`}`;
    return copy;
  });
  return [...nodes, ...copies];
}

function instantiateNode(
  node: onnx.NodeProto,
  body: onnx.FunctionProto,
  call: onnx.NodeProto,
  rename: (value: string) => string,
): onnx.NodeProto {
  const attribute: onnx.AttributeProto[] = [];
  for (const own of node.attribute) {
    if (own.ref_attr_name) {
      const given =
        call.attribute.find((candidate) => candidate.name === own.ref_attr_name) ??
        body.attribute_proto.find((candidate) => candidate.name === own.ref_attr_name);
      if (given !== undefined) attribute.push(changed(given, { name: own.name }));
    } else {
      attribute.push(mapGraphs(own, (graph) => instantiateGraph(graph, body, call, rename)));
    }
  }
  return changed(node, { input: node.input.map(rename), output: node.output.map(rename), attribute });
}

function instantiateGraph(
  graph: onnx.GraphProto,
  body: onnx.FunctionProto,
  call: onnx.NodeProto,
  rename: (value: string) => string,
): onnx.GraphProto {
  const named = <T extends { name?: string }>(item: T): T =>
    changed<{ name?: string }>(item, { name: rename(item.name ?? '') }) as T;
  return changed(graph, {
    node: graph.node.map((node) => instantiateNode(node, body, call, rename)),
    initializer: graph.initializer.map(named),
    input: graph.input.map(named),
    output: graph.output.map(named),
    value_info: graph.value_info.map(named),
  });
}
