import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { missingOperators } from '../../../engine/graph/missing-operators.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { graphProto, modelProto, node } from './protos.ts';

/** Five nodes of three operators that nothing implements, one of them inside of a branch; Gelu came with version 20. */
const { graph } = graphFromProto(
  modelProto({
    inputs: { x: [1] },
    opset: 17,
    opsets: { 'my.domain': 1 },
    nodes: [
      node('Relu', 'x', 'a', {}, 'relu'),
      ...[0, 1, 2, 3].map((i) => node('Magic', i === 0 ? 'a' : `m${i - 1}`, `m${i}`, {}, `magic/${i}`, 'my.domain')),
      node('Gelu', 'm3', 'g', {}, 'gelu'),
      node('Cast', 'x', 'c', { to: 9 }, 'cast'),
      node(
        'If',
        'c',
        'y',
        {
          then_branch: graphProto({ nodes: [node('Spell', 'g', 't', {}, 'inner', 'my.domain')], outputs: ['t'] }),
          else_branch: graphProto({ nodes: [node('Relu', 'g', 'e')], outputs: ['e'] }),
        },
        'if',
      ),
    ],
    outputs: ['y'],
  }),
);

describe('operators that are missing', () => {
  it('are found in the graph and in its branches, with all their nodes', () => {
    expect(missingOperators(graph).map(({ operator, nodes }) => [operator, nodes.length])).toEqual([
      ['my.domain.Magic', 4],
      ['Gelu', 1],
      ['my.domain.Spell', 1],
    ]);
  });

  it('are all named in one finding, with their nodes, before anything runs', async () => {
    const observed: string[] = [];
    const x = float32Tensor([1], new Float32Array(1));
    const attempts = [
      async () => evaluateGraph(graph, new Map([['x', x]]), { observe: (value) => observed.push(value) }),
      async () => compile(graph, { mode: 'strict' }),
    ];
    for (const attempt of attempts) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(FindingError);
      const { code, what } = (error as FindingError).finding;
      expect(code).toBe('model/operator-unsupported');
      expect(what).toBe(
        'The model cannot be run: 3 operators are not implemented. ' +
          'my.domain.Magic: “magic/0”, “magic/1”, “magic/2” and 1 more; ' +
          'Gelu (only since version 20 of the operators): “gelu”; my.domain.Spell: “if/then_branch/inner”.',
      );
    }
    expect(observed).toEqual([]);
  });

  it('are told by name where there is one node alone', () => {
    const own = graphFromProto(
      modelProto({
        inputs: { x: [1] },
        nodes: [node('Magic', 'x', 'y', {}, 'trick', 'my.domain')],
        outputs: ['y'],
        opsets: { 'my.domain': 1 },
      }),
    ).graph;
    expect(() => evaluateGraph(own, new Map())).toThrow(
      'Magic “trick” cannot be run: the operator my.domain.Magic is not implemented.',
    );
  });
});
