import { AstUtils } from 'langium';
import type { QSpecAstType, Spec } from '../generated/ast.ts';
import { withImports } from '../grammar/imports.ts';
import type { LoadedSpec } from '../grammar/load.ts';

type Index = ReadonlyMap<string, readonly object[]>;

/** Trees by type of node; forty checks would otherwise walk the tree forty times. */
const indices = new WeakMap<Spec, Index>();

function indexOf(spec: Spec): Index {
  let index = indices.get(spec);
  if (!index) {
    const made = new Map<string, object[]>();
    for (const node of AstUtils.streamAst(spec)) {
      const nodes = made.get(node.$type);
      if (nodes) nodes.push(node);
      else made.set(node.$type, [node]);
    }
    index = made;
    indices.set(spec, index);
  }
  return index;
}

/** Every node of the tree of one type, in the order of the file. */
export function nodesOf<K extends keyof QSpecAstType>(spec: Spec, type: K): readonly QSpecAstType[K][] {
  return (indexOf(spec).get(type) ?? []) as readonly QSpecAstType[K][];
}

/** As `nodesOf`, of a spec and of what it imports. */
export function allNodesOf<K extends keyof QSpecAstType>(spec: LoadedSpec, type: K): readonly QSpecAstType[K][] {
  return [...withImports(spec)].flatMap(({ ast }) => nodesOf(ast, type));
}
