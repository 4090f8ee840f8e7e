import { describe, expect, test } from 'vitest';
import { compareGraphs, versionLabel } from '../../extension/views/graph-comparison.ts';
import { layer, message } from '../webview/graph/shared.ts';

const compare = (before: Parameters<typeof message>[0], after: Parameters<typeof message>[0]) =>
  compareGraphs({ graph: message(before), label: 'HEAD' }, { graph: message(after), label: 'the file' });

describe('two versions of a model', () => {
  test('each marks its own layers, and says what a changed one was and is', () => {
    const { before, after } = compare(
      [
        layer('Conv conv: x -> a', {
          attributes: [
            ['kernel', '3×3'],
            ['groups', '4'],
          ],
        }),
        'Relu old: a -> b',
        'Add same: b, x -> y',
      ],
      [layer('Conv conv: x -> a', { attributes: [['kernel', '5×5']] }), 'Relu new: a -> b', 'Add same: b, x -> y'],
    );
    const changed = {
      layer: 'conv',
      change: 'changed',
      differences: [
        ['kernel', '3×3', '5×5'],
        ['groups', '4', '–'],
      ],
    };
    const counts = { added: 1, removed: 1, changed: 1 };
    const removed = { layer: 'old', change: 'removed', differences: [] };
    const added = { layer: 'new', change: 'added', differences: [] };
    expect(before).toEqual({ kind: 'comparison', against: 'the file', counts, layers: [removed, changed] });
    expect(after).toEqual({ kind: 'comparison', against: 'HEAD', counts, layers: [added, changed] });
  });

  test.each([
    ['the operator', 'Relu a: x -> y', 'Neg a: x -> y', [['Operator', 'Relu', 'Neg']]],
    ['what it reads', 'Relu a: x -> y', 'Relu a: z -> y', [['Inputs', 'x float32 1×8', 'z float32 1×8']]],
    ['what it makes', 'Relu a: x -> y', 'Relu a: x -> z', [['Outputs', 'y float32 1×8', 'z float32 1×8']]],
    ['nothing', 'Relu a: x -> y', 'Relu a: x -> y', []],
  ])('are told apart by %s', (_, before, after, differences) => {
    expect(compare([before], [after]).after.layers.flatMap((change) => change.differences)).toEqual(differences);
  });

  test('are called as people know them', () => {
    const git = (ref: unknown) => versionLabel({ scheme: 'git', query: JSON.stringify({ path: '/m.onnx', ref }) });
    expect([git('HEAD'), git('~'), git(''), git('1f2e3d'), git(7)]).toEqual([
      'HEAD',
      'the index',
      'the index',
      '1f2e3d',
      'git',
    ]);
    expect(versionLabel({ scheme: 'git', query: '{' })).toBe('git');
    expect(versionLabel({ scheme: 'review', query: '' })).toBe('review');
  });
});
