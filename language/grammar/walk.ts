import type { AstNode } from 'langium';
import { remembered } from '../../engine/remembered.ts';
import type { QSpecAstType, Spec } from '../generated/ast.ts';
import { withImports } from './imports.ts';
import type { LoadedSpec } from './load.ts';

type Index = ReadonlyMap<string, readonly AstNode[]>;

/** Trees by type of node; forty checks would otherwise walk the tree forty times. */
const indices = new WeakMap<Spec, Index>();
/** The same of statements and of the items of blocks: from one keystroke to the next most stay what they are (`reparse.ts`). */
const partIndices = new WeakMap<AstNode, Index>();

function indexOf(spec: Spec): Index {
  const index = new Map<string, AstNode[]>([[spec.$type, [spec]]]);
  for (const statement of spec.statements) {
    if (!('items' in statement)) include(index, partIndexOf(statement));
    else {
      const { items, ...head } = statement;
      include(index, byType([statement, ...walk(head).slice(1)]));
      for (const item of items) include(index, partIndexOf(item));
    }
  }
  return index;
}

function partIndexOf(part: AstNode): Index {
  return remembered(partIndices, part, () => byType(walk(part)));
}

function byType(nodes: readonly AstNode[]): Index {
  const index = new Map<string, AstNode[]>();
  for (const node of nodes) include(index, [[node.$type, [node]]]);
  return index;
}

function include(index: Map<string, AstNode[]>, more: Iterable<readonly [string, readonly AstNode[]]>): void {
  for (const [type, nodes] of more) {
    const known = index.get(type);
    if (known) known.push(...nodes);
    else index.set(type, [...nodes]);
  }
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
  return (remembered(indices, spec, () => indexOf(spec)).get(type) ?? []) as readonly QSpecAstType[K][];
}

/** As `nodesOf`, of a spec and of what it imports. */
export function allNodesOf<K extends keyof QSpecAstType>(spec: LoadedSpec, type: K): readonly QSpecAstType[K][] {
  return [...withImports(spec)].flatMap(({ ast }) => nodesOf(ast, type));
}
