import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import type { Model } from '../../../engine/graph/graph.ts';
import { summarize } from '../../../engine/graph/summary.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { dataTypeOf } from '../../../engine/onnx/data-types.ts';
import { optimize } from '../../../engine/passes/index.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { modelProto, node } from './protos.ts';
import { anyModel, opNames, otherOperators, tensorOf, withOperator } from './random-models.ts';

/** What came of some work: its result, or the finding that stopped it. Anything else thrown fails the test. */
function outcome<T>(work: () => T): T | FindingError {
  try {
    return work();
  } catch (error) {
    if (error instanceof FindingError) return error;
    throw error;
  }
}

/** Everything that the tool does with a model before and while it runs. */
function useModel(model: Model, inputs: readonly Tensor[]): void {
  JSON.stringify(summarize(model));
  encodeModel(modelToProto(model));
  outcome(() => optimize(model.graph));
  const given = new Map(model.graph.inputs.map((name) => [name, inputs[Number(name.slice(1))]!]));
  outcome(() => evaluateGraph(model.graph, given, { elementLimit: 10_000 }));
}

describe('a hostile graph', () => {
  it('gives findings: any operators, any inputs, any attributes', () => {
    let built = 0;
    fc.assert(
      fc.property(anyModel, ({ proto, inputs }) => {
        const model = outcome(() => graphFromProto(decodeModel(encodeModel(proto))));
        if (model instanceof FindingError) return;
        built++;
        useModel(model, inputs);
      }),
      { numRuns: 3000, seed: 20 },
    );
    expect(built).toBeGreaterThan(1000);
  });

  it.each(opNames)('gives findings: %s with any inputs and attributes', (op) => {
    fc.assert(
      fc.property(anyModel, ({ proto, inputs }) => {
        const { graph } = proto;
        graph!.node = graph!.node.map((own) => withOperator(own, op));
        const model = outcome(() => graphFromProto(proto));
        if (!(model instanceof FindingError)) useModel(model, inputs);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it.each(otherOperators)('gives findings: %s with any inputs and attributes', (_name, { domain, op }) => {
    fc.assert(
      fc.property(anyModel, ({ proto, inputs }) => {
        for (const own of proto.graph!.node) Object.assign(own, { op_type: op, domain });
        const model = outcome(() => graphFromProto(proto));
        if (!(model instanceof FindingError)) useModel(model, inputs);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('of huge dimensions is described, not allocated', () => {
    const huge = 2 ** 50;
    const nodes = [
      node('Conv', 'x w', 'a', { pads: [0, 0, 2 ** 40, 2 ** 40] }),
      node('ConstantOfShape', 'shape', 'b'),
      node('Expand', 'x shape', 'c'),
      node('Pad', 'x pads', 'd'),
      node('Range', 'zero many one', 'e'),
      node('Resize', 'x _ _ shape', 'f'),
      node('Tile', 'x repeats', 'g'),
    ];
    const int = (...list: number[]): Tensor => ({
      dtype: 'int64',
      dims: [list.length],
      data: BigInt64Array.from(list, BigInt),
    });
    const scalar = (value: number): Tensor => ({ ...int(value), dims: [] });
    const constants = {
      w: tensorOf('float32', [1, 1, 3, 3], [1]),
      shape: int(huge, 1, 3, 3),
      pads: int(0, 0, 0, 0, huge, 0, 0, 0),
      repeats: int(huge, 1, 1, 1),
      zero: scalar(0),
      many: scalar(2 ** 30),
      one: scalar(1),
    };
    const model = graphFromProto(
      modelProto({ inputs: { x: [1, 1, 3, 3] }, nodes, outputs: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], constants }),
    );
    JSON.stringify(summarize(model));
    const x = tensorOf('float32', [1, 1, 3, 3], [1]);
    for (const own of model.graph.nodes) {
      const graph = { ...model.graph, nodes: [own], outputs: own.outputs };
      expect(outcome(() => evaluateGraph(graph, new Map([['x', x]])))).toMatchObject({
        finding: { code: expect.stringMatching(/too-large|shape/) },
      });
    }
  });

  it('of 20,000 nodes is read and summarised', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) => node('Relu', i === 0 ? 'x' : `v${i - 1}`, `v${i}`));
    const model = graphFromProto(modelProto({ inputs: { x: ['N', 8] }, nodes: nodes.reverse(), outputs: ['v19999'] }));
    expect(summarize(model).layers[19_999]?.outputs[0]?.shape).toEqual(['N', 8]);
  });
});

describe('element types', () => {
  it('of every number of the specification are read', () => {
    for (let type = 1; type <= 26; type++) expect(dataTypeOf(type)).toBeDefined();
  });
});
