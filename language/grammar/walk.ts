import type { AstNode } from 'langium';
import type { QSpecAstType, Spec } from '../generated/ast.ts';
import { withImports } from './imports.ts';
import type { LoadedSpec } from './load.ts';

type Index = ReadonlyMap<string, readonly object[]>;

/** Trees by type of node; forty checks would otherwise walk the tree forty times. */
const indices = new WeakMap<Spec, Index>();

function indexOf(spec: Spec): Index {
  let index = indices.get(spec);
  if (!index) {
    const made = new Map<string, object[]>();
    for (const node of walk(spec)) {
      const nodes = made.get(node.$type);
      if (nodes) nodes.push(node);
      else made.set(node.$type, [node]);
    }
    index = made;
    indices.set(spec, index);
  }
  return index;
}

/** Every node of a tree, each before those inside it; a loop over lists, for a spec of a thousand lines at every keystroke. */
export function walk(root: AstNode): readonly AstNode[] {
  const nodes: AstNode[] = [];
  const pending: AstNode[] = [root];
  while (pending.length > 0) {
    const node = pending.pop()!;
    nodes.push(node);
    const inside: AstNode[] = [];
    let properties = 0;
    for (const key in node) {
      if (key.startsWith('$')) continue;
      const before = inside.length;
      const value = (node as unknown as Record<string, unknown>)[key];
      if (Array.isArray(value)) for (const item of value) if (isNode(item)) inside.push(item);
      if (isNode(value)) inside.push(value);
      if (inside.length > before) properties++;
    }
    // The nodes of one property are in the order of the text; those of several may lie between each other.
    if (properties > 1) inside.sort((a, b) => (a.$cstNode?.offset ?? 0) - (b.$cstNode?.offset ?? 0));
    for (let i = inside.length - 1; i >= 0; i--) pending.push(inside[i]!);
  }
  return nodes;
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as AstNode).$type === 'string';
}

/** Every node of the tree of one type, in the order of the file. */
export function nodesOf<K extends keyof QSpecAstType>(spec: Spec, type: K): readonly QSpecAstType[K][] {
  return (indexOf(spec).get(type) ?? []) as readonly QSpecAstType[K][];
}

/** As `nodesOf`, of a spec and of what it imports. */
export function allNodesOf<K extends keyof QSpecAstType>(spec: LoadedSpec, type: K): readonly QSpecAstType[K][] {
  return [...withImports(spec)].flatMap(({ ast }) => nodesOf(ast, type));
}
