import type { GrammarAST } from 'langium';

interface Node extends Record<string, unknown> {
  $container?: Node;
  $containerProperty?: string;
  $containerIndex?: number | undefined;
}

/**
 * The grammar from the JSON that `langium-cli` writes: containers and references as Langium's own loader makes them. That one sets
 * up a whole language, services, documents and workspace of it, for the sake of this.
 */
export function loadGrammarFromJson(json: string): GrammarAST.Grammar {
  const grammar = JSON.parse(json) as GrammarAST.Grammar;
  link(grammar as unknown as Node, grammar);
  return grammar;
}

function link(node: Node, grammar: GrammarAST.Grammar): void {
  for (const [property, value] of Object.entries(node)) {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        if (isNode(item)) contain(node, item, property, index, grammar);
      }
    } else if (isNode(value)) {
      if (typeof value['$ref'] === 'string') node[property] = reference(value['$ref'], grammar);
      else contain(node, value, property, undefined, grammar);
    }
  }
}

function contain(
  node: Node,
  item: Node,
  property: string,
  index: number | undefined,
  grammar: GrammarAST.Grammar,
): void {
  link(item, grammar);
  item.$container = node;
  item.$containerProperty = property;
  item.$containerIndex = index;
}

/** `#/rules@7` is the rule with that index; our grammar has references of no other kind. */
function reference(path: string, { rules }: GrammarAST.Grammar): unknown {
  const rule = rules[Number(/^#\/rules@(\d+)$/.exec(path)?.[1])];
  if (rule === undefined) throw new Error(`The grammar has a reference of another kind: ${path}`);
  return { $refText: rule.name, ref: rule };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
