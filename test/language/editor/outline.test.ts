import { describe, expect, it } from 'vitest';
import { type Entry, foldsOf, outlineOf, selectionsAt } from '../../../language/editor/outline.ts';
import { loadSpec } from '../../../language/index.ts';
import { specPath, takeMarkers } from '../support/resources.ts';

const source = `qspec 1
model "m.onnx"
target cortex-m7 { ram <= 1 MiB }
// One
// two.
data calibration npz "c.npz" {
  take 10
}
format w4 = int4 symmetric
passes all without merge-pad
prune { sparsity 50 % layers first keep dense }
quantize {
  weights w4
  layers op Conv where macs > 1M
    matches >= 1 { weights int8 }
  layer "/a" keep float
}
export onnx qdq "out/m.onnx"
expect top1 drop <= 1 points
`;

describe('the outline', () => {
  it('lists statements and rules with what they are about', () => {
    const lines = (entries: readonly Entry[], indent = ''): string[] =>
      entries.flatMap(({ kind, name, detail, children }) => [
        `${indent}${kind}: ${name} | ${detail}`,
        ...lines(children, `${indent}  `),
      ]);
    expect(lines(outlineOf(loadSpec(source, specPath)))).toEqual([
      'model: model | "m.onnx"',
      'target: cortex-m7 | target',
      'data: calibration | npz "c.npz"',
      'format: w4 | int4 symmetric',
      'block: passes | all without merge-pad',
      'block: prune | ',
      '  rule: sparsity 50 % | ',
      '  rule: layers first | keep dense',
      'block: quantize | ',
      '  rule: weights w4 | ',
      '  rule: layers op Conv where macs > 1M matches >= 1 | { weights int8 }',
      '  rule: layer "/a" | keep float',
      'export: export onnx qdq | "out/m.onnx"',
      'expectation: expect top1 drop <= 1 points | ',
    ]);
  });

  it('names every entry, also of a statement that is not finished', () => {
    for (const text of ['data', 'target', 'format', 'export', 'expect', 'model', 'quantize { layers', 'search']) {
      const names = outlineOf(loadSpec(text, specPath)).flatMap(({ name, children }) => [
        name,
        ...children.map((child) => child.name),
      ]);
      expect(names.every((name) => name.length > 0)).toBe(true);
    }
  });
});

describe('folding', () => {
  it('hides blocks up to their closing brace, and runs of comments', () => {
    expect(foldsOf(source)).toEqual([
      { startLine: 3, endLine: 4, kind: 'comment' },
      { startLine: 5, endLine: 6, kind: 'block' },
      { startLine: 11, endLine: 15, kind: 'block' },
    ]);
    expect(foldsOf('/* a\n b */\nquantize {\n}')).toEqual([{ startLine: 0, endLine: 1, kind: 'comment' }]);
  });
});

describe('expanding a selection', () => {
  it('goes from the word outwards', () => {
    const { text, ranges } = takeMarkers('»qspec 1\n»quantize { »layers »op »Conv«« where macs > 1 keep float« }««');
    const position = { line: 1, column: 'quantize { layers op C'.length };
    const selections = selectionsAt(loadSpec(text, specPath), position);
    expect(selections).toEqual([...ranges].reverse());
  });
});
