import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { AstNode, CstNode } from 'langium';
import { describe, expect, it } from 'vitest';
import { type LoadedSpec, loadSpec } from '../../../language/grammar/load.ts';
import { walk } from '../../../language/grammar/walk.ts';
import { resourceFolder, specPath, takeMarkers } from '../support/resources.ts';

/** All that a tree says: its nodes with their places, the tokens under each, and who holds whom. */
function described({ ast, findings }: LoadedSpec): unknown {
  const numbers = new Map<unknown, number>();
  const nodes = walk(ast);
  for (const [index, node] of nodes.entries()) numbers.set(node, index);
  return {
    findings,
    nodes: nodes.map((node) => ({
      ...fieldsOf(node, numbers),
      container: node.$container && [numbers.get(node.$container), node.$containerProperty, node.$containerIndex],
      concrete: node.$cstNode && concrete(node.$cstNode),
      ofThisTree: node.$cstNode?.root === ast.$cstNode,
      ownNode: numbers.get(node.$cstNode?.astNode),
    })),
  };
}

function fieldsOf(node: AstNode, numbers: Map<unknown, number>): Record<string, unknown> {
  const valued = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(valued) : typeof value === 'object' ? numbers.get(value) : value;
  const own = Object.entries(node).filter(([key]) => !key.startsWith('$') || key === '$type');
  return Object.fromEntries(own.map(([key, value]) => [key, valued(value)]));
}

function concrete(node: CstNode): unknown {
  const { offset, end, range, text } = node;
  const content = (node as { content?: readonly CstNode[] }).content;
  return { offset, end, range, text, ...(content ? { content: content.map((child) => child.offset) } : {}) };
}

const design = takeMarkers(readFileSync(join(resourceFolder, 'whole', 'design.qspec'), 'utf8')).text;

describe('the next version of a spec', () => {
  const text =
    'qspec 1\nmodel "m.onnx"\nquantize {\n  layers op Conv { weights int4 }\n  layers op Gemm { weights int8 }\n}\nexport onnx qdq "o"\n';

  function next(before: LoadedSpec, from: string, to: string): LoadedSpec {
    expect(before.text).toContain(from);
    return loadSpec(before.text.replace(from, to), specPath, before);
  }
  const rulesOf = ({ ast }: LoadedSpec) =>
    ast.statements.flatMap((statement): readonly AstNode[] => ('items' in statement ? statement.items : []));

  it('keeps the trees of all rules but the one that changed', () => {
    const first = loadSpec(text, specPath);
    const [conv, gemm] = rulesOf(first);
    const second = next(first, 'Gemm', 'MatMul');
    expect(rulesOf(second)[0]).toBe(conv);
    expect(rulesOf(second)[1]).not.toBe(gemm);
    expect(described(second)).toEqual(described(loadSpec(second.text, specPath)));
  });

  it('moves the trees of what stands behind', () => {
    const first = loadSpec(text, specPath);
    const [, gemm] = rulesOf(first);
    const second = next(first, 'int4 }', 'int4\n  }');
    expect(rulesOf(second)[1]).toBe(gemm);
    expect(gemm?.$cstNode?.range.start).toEqual({ line: 5, character: 2 });
  });

  it('keeps a block whose neighbour changed', () => {
    const first = loadSpec(text, specPath);
    const block = first.ast.statements[2];
    const second = next(first, 'm.onnx', 'net.onnx');
    expect(second.ast.statements[2]).toBe(block);
    expect(described(second)).toEqual(described(loadSpec(second.text, specPath)));
  });

  it('keeps the other rules while one is being typed and has faults', () => {
    let spec = loadSpec(text, specPath);
    const [conv] = rulesOf(spec);
    const typed = '  layers op Relu, where { weights int8 using }\n';
    for (let length = 1; length <= typed.length; length++) {
      const at = text.indexOf('  layers op Gemm');
      const written = text.slice(0, at) + typed.slice(0, length) + text.slice(at);
      spec = loadSpec(written, specPath, spec);
      expect(described(spec)).toEqual(described(loadSpec(written, specPath)));
    }
    expect(spec.findings.length).toBeGreaterThan(0);
    expect(rulesOf(spec)[0]).toBe(conv);
  });
});

describe('however a spec is edited, it is read as if it were read for the first time', () => {
  const snippets = [
    ...[
      '{',
      '}',
      '(',
      ')',
      '"',
      '/*',
      '*/',
      '//',
      '\n',
      '\r\n',
      ' ',
      ',',
      'x',
      '8',
      '§',
      're"',
      '\t',
      '=',
      ':',
      '..',
      'keep float',
    ],
    ...[
      'layers op Conv',
      'layers all { weights int8 }',
      'weights int4',
      'quantize {',
      'quantize { weights int8 }',
      'where macs > 1M',
    ],
    ...[
      'lock',
      'reset all',
      'optional',
      'matches 2',
      'format a = int8',
      'prune { sparsity 50 % }',
      'using',
      'model "m"',
      'and',
      'not',
    ],
  ];
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
    insert: fc.oneof(fc.constant(''), fc.constantFrom(...snippets), fc.string({ maxLength: 3 })),
    /** Stay where the last edit was, as somebody who types does. */
    here: fc.boolean(),
  });

  it('in twelve edits of an example of everything', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), (edits) => {
        let spec = loadSpec(design, specPath);
        let place = 0;
        for (const { at, remove, insert, here } of edits) {
          place = here ? Math.min(place, spec.text.length) : Math.floor(at * spec.text.length);
          const text = spec.text.slice(0, place) + insert + spec.text.slice(place + remove);
          place += insert.length;
          spec = loadSpec(text, specPath, spec);
          expect(described(spec)).toEqual(described(loadSpec(text, specPath)));
        }
      }),
      { numRuns: 60 },
    );
  });
});
