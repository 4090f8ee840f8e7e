import { fail } from '../../findings.ts';
import type { Attribute, Graph, GraphNode } from '../../graph/graph.ts';
import type { Tensor } from '../../tensor.ts';

/** Reading attributes of a node; one of the wrong kind is a finding that names node and attribute. */
type Kind = Attribute['kind'];

function get<K extends Kind>(node: GraphNode, name: string, kind: K): Extract<Attribute, { kind: K }> | undefined {
  if (!Object.hasOwn(node.attributes, name)) return undefined;
  const attribute = node.attributes[name]!;
  if (attribute.kind !== kind)
    fail('model/attribute', `Attribute “${name}” of ${describe(node)} is of kind ${attribute.kind}, not ${kind}.`);
  return attribute as Extract<Attribute, { kind: K }>;
}

/** `Conv “layer1/conv”`, for messages. */
export function describe(node: GraphNode): string {
  return `${shown(node.op)} “${shown(node.name)}”`;
}

/** Text from a file as it may be shown: control characters replaced, no longer than 200 characters. */
export function shown(text: string): string {
  return text.slice(0, 200).replace(controls, '\ufffd');
}

/** Characters that break a line, steer a terminal or turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export function isPrintable(text: string): boolean {
  return text.search(controls) < 0;
}

export function hasAttribute(node: GraphNode, name: string): boolean {
  return Object.hasOwn(node.attributes, name);
}

export function intAttribute(node: GraphNode, name: string): number | undefined;
export function intAttribute(node: GraphNode, name: string, fallback: number): number;
export function intAttribute(node: GraphNode, name: string, fallback?: number): number | undefined {
  const attribute = get(node, name, 'int');
  return attribute === undefined ? fallback : Number(attribute.value);
}

export function floatAttribute(node: GraphNode, name: string): number | undefined;
export function floatAttribute(node: GraphNode, name: string, fallback: number): number;
export function floatAttribute(node: GraphNode, name: string, fallback?: number): number | undefined {
  const attribute = get(node, name, 'float');
  return attribute === undefined ? fallback : attribute.value;
}

export function stringAttribute(node: GraphNode, name: string): string | undefined;
export function stringAttribute(node: GraphNode, name: string, fallback: string): string;
export function stringAttribute(node: GraphNode, name: string, fallback?: string): string | undefined {
  const attribute = get(node, name, 'string');
  return attribute === undefined ? fallback : attribute.value;
}

export function intsAttribute(node: GraphNode, name: string): number[] | undefined {
  return get(node, name, 'ints')?.value.map(Number);
}

export function floatsAttribute(node: GraphNode, name: string): readonly number[] | undefined {
  return get(node, name, 'floats')?.value;
}

export function stringsAttribute(node: GraphNode, name: string): readonly string[] | undefined {
  return get(node, name, 'strings')?.value;
}

export function tensorAttribute(node: GraphNode, name: string): Tensor | undefined {
  return get(node, name, 'tensor')?.value;
}

export function graphAttribute(node: GraphNode, name: string): Graph {
  const attribute = get(node, name, 'graph');
  if (attribute === undefined) fail('model/attribute', `${describe(node)} lacks its subgraph “${name}”.`);
  return attribute.value;
}

/** A required attribute that is absent. */
export function missing(node: GraphNode, name: string): never {
  fail('model/attribute', `${describe(node)} lacks its attribute “${name}”.`);
}
