import { describe, expect, it } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { float32Tensor, int64Tensor } from '../../../engine/tensor.ts';
import { graphProto, modelProto, node, valueInfo } from './protos.ts';

const scalar = (value: number) => float32Tensor([], Float32Array.of(value));
const names = (proto: onnx.ModelProto) => graphFromProto(proto).graph.nodes.map((own) => own.name);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FindingError) return error.finding.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('names of layers', () => {
  it('are those of the file', () => {
    const nodes = [node('Relu', 'x', 'a', {}, 'first'), node('Relu', 'a', 'y', {}, 'second')];
    expect(names(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }))).toEqual(['first', 'second']);
  });

  it('are the operator and the place in the file where the file gives none', () => {
    const nodes = [node('Relu', 'x', 'a'), node('Abs', 'a', 'b', {}, 'named'), node('Relu', 'b', 'y')];
    expect(names(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }))).toEqual(['Relu_0', 'named', 'Relu_2']);
  });

  it('do not take a name that another node has', () => {
    const nodes = [node('Relu', 'x', 'a'), node('Abs', 'a', 'y', {}, 'Relu_0')];
    expect(names(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }))).toEqual(['Relu_0_2', 'Relu_0']);
  });

  it('are told apart, with a finding, where two nodes have the same', () => {
    const nodes = [node('Relu', 'x', 'a', {}, 'same'), node('Abs', 'a', 'y', {}, 'same')];
    const model = graphFromProto(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }));
    expect(model.graph.nodes.map((own) => own.name)).toEqual(['same', 'same_1']);
    expect(model.findings.map((finding) => finding.code)).toEqual(['model/duplicate-name']);
  });

  it('with control characters are kept, and shown without them', () => {
    const nodes = [node('Relu', 'x', 'y', {}, 'a\nb\u001b[31m')];
    const model = graphFromProto(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }));
    expect(model.graph.nodes[0]?.name).toBe('a\nb\u001b[31m');
    expect(model.findings).toMatchObject([{ code: 'model/name-unprintable' }]);
    for (const control of ['\n', '\u001b']) expect(model.findings[0]?.what).not.toContain(control);
  });

  it('of nodes in subgraphs tell where they are', () => {
    const branch = graphProto({ nodes: [node('Relu', 'x', 'r')], outputs: ['r'] });
    const nodes = [node('If', 'c', 'y', { then_branch: branch, else_branch: branch })];
    const inputs = { x: [1], c: valueInfo('c', [], 'bool') };
    const { graph } = graphFromProto(modelProto({ inputs, nodes, outputs: ['y'] }));
    const inner = Object.values(graph.nodes[0]!.attributes).map(
      (own) => own.kind === 'graph' && own.value.nodes[0]!.name,
    );
    expect(inner).toEqual(['If_0/then_branch/Relu_0', 'If_0/else_branch/Relu_0']);
  });
});

describe('order of nodes', () => {
  it('is the file’s where that is topological', () => {
    const nodes = [node('Relu', 'x', 'a'), node('Abs', 'x', 'b'), node('Add', 'a b', 'y')];
    expect(names(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }))).toEqual(['Relu_0', 'Abs_1', 'Add_2']);
  });

  it('is mended where the file’s is not', () => {
    const nodes = [node('Add', 'a b', 'y'), node('Abs', 'x', 'b'), node('Relu', 'b', 'a')];
    expect(names(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] }))).toEqual(['Abs_1', 'Relu_2', 'Add_0']);
  });

  it('sees what a subgraph captures', () => {
    const branch = graphProto({ nodes: [node('Relu', 'late', 'r')], outputs: ['r'] });
    const nodes = [node('If', 'c', 'y', { then_branch: branch, else_branch: branch }), node('Abs', 'x', 'late')];
    const inputs = { x: [1], c: valueInfo('c', [], 'bool') };
    expect(names(modelProto({ inputs, nodes, outputs: ['y'] }))).toEqual(['Abs_1', 'If_0']);
  });
});

describe('a file of which no graph can be made', () => {
  const relu = (from: string, to: string) => node('Relu', from, to);
  const build = (nodes: onnx.NodeProto[], outputs = ['y'], more = {}) =>
    codeOf(() => graphFromProto(modelProto({ inputs: { x: [1] }, nodes, outputs, ...more })));

  it.each([
    ['a cycle', () => build([relu('b', 'a'), relu('a', 'b'), relu('x', 'y')]), 'model/cycle'],
    ['a node that reads itself', () => build([relu('y', 'y')]), 'model/cycle'],
    ['an input that nothing computes', () => build([relu('nowhere', 'y')]), 'model/undefined-value'],
    ['an output that nothing computes', () => build([relu('x', 'y')], ['z']), 'model/undefined-value'],
    ['a value computed twice', () => build([relu('x', 'y'), relu('x', 'y')]), 'model/duplicate-value'],
    ['a node that computes an input', () => build([relu('x', 'x')], ['x']), 'model/duplicate-value'],
    ['a node without operator', () => build([node('', 'x', 'y')]), 'model/operator'],
    [
      'an attribute given twice',
      () => {
        const twice = node('Softmax', 'x', 'y', { axis: 0 });
        twice.attribute.push(twice.attribute[0]!);
        return build([twice]);
      },
      'model/attribute',
    ],
    [
      'two constants of one name',
      () => {
        const proto = modelProto({
          inputs: { x: [1] },
          nodes: [relu('x', 'y')],
          outputs: ['y'],
          constants: { c: scalar(1) },
        });
        proto.graph!.initializer.push(proto.graph!.initializer[0]!);
        return codeOf(() => graphFromProto(proto));
      },
      'model/duplicate-value',
    ],
    [
      'a subgraph that reads what is not there',
      () => {
        const branch = graphProto({ nodes: [relu('nowhere', 'r')], outputs: ['r'] });
        return build([node('If', 'x', 'y', { then_branch: branch, else_branch: branch })]);
      },
      'model/undefined-value',
    ],
  ])('%s is one clear error', (_what, work, code) => {
    expect(work()).toBe(code);
  });

  it('nests at most 32 graphs', () => {
    let branch = graphProto({ nodes: [node('Relu', 'x', 'r')], outputs: ['r'] });
    for (let depth = 0; depth < 40; depth++)
      branch = graphProto({
        nodes: [node('If', 'x', 'r', { then_branch: branch, else_branch: branch })],
        outputs: ['r'],
      });
    branch = new onnx.GraphProto({ ...branch, output: branch.output });
    const nodes = [node('If', 'x', 'y', { then_branch: branch })];
    expect(codeOf(() => graphFromProto(modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'] })))).toBe(
      'model/too-deep',
    );
  });
});

describe('what can be lived with is a finding', () => {
  it('an unknown operator, once with the number of its nodes', () => {
    const nodes = [
      node('Magic', 'x', 'a', {}, undefined, 'my.domain'),
      node('Magic', 'a', 'y', {}, undefined, 'my.domain'),
    ];
    const { findings } = graphFromProto(
      modelProto({ inputs: { x: [1] }, nodes, outputs: ['y'], opsets: { 'my.domain': 1 } }),
    );
    expect(findings).toMatchObject([
      { code: 'model/operator-unknown', what: expect.stringContaining('my.domain.Magic (2 nodes)') },
    ]);
  });

  it('an operator set beyond what is known', () => {
    const proto = modelProto({ inputs: { x: [1] }, nodes: [node('Relu', 'x', 'y')], outputs: ['y'], opset: 99 });
    expect(graphFromProto(proto).findings).toMatchObject([{ code: 'model/opset' }]);
  });

  it('an input that is no tensor', () => {
    const nodes = [node('Relu', 'x', 'y')];
    const inputs = {
      x: new onnx.ValueInfoProto({
        name: 'x',
        type: new onnx.TypeProto({ sequence_type: new onnx.TypeProto.Sequence() }),
      }),
    };
    expect(graphFromProto(modelProto({ inputs, nodes, outputs: ['y'] })).findings).toMatchObject([
      { code: 'model/input-type' },
    ]);
  });

  it('a declared shape that contradicts the operators', () => {
    const proto = modelProto({
      inputs: { x: [2, 3] },
      nodes: [node('Transpose', 'x', 'y')],
      outputs: ['y'],
      valueInfo: [valueInfo('y', [2, 3])],
    });
    const model = graphFromProto(proto);
    expect(model.findings).toMatchObject([{ code: 'model/type-conflict' }]);
    expect(model.graph.types.get('y')?.dims).toEqual([3, 2]);
  });

  it.each([
    ['shapes that do not fit', node('Add', 'x w', 'y'), 'model/shape'],
    ['an axis outside', node('Softmax', 'x', 'y', { axis: 7 }), 'model/axis'],
    ['an attribute of another kind', node('Softmax', 'x', 'y', { axis: 'last' }), 'model/attribute'],
    ['a missing input', node('MatMul', 'x', 'y'), 'model/input-missing'],
    ['types that do not fit', node('Add', 'x i', 'y'), 'model/type'],
  ])('a malformed node: %s', (_what, bad, code) => {
    const constants = { w: float32Tensor([4], new Float32Array(4)), i: int64Tensor([3], [1, 2, 3]) };
    const { findings } = graphFromProto(modelProto({ inputs: { x: [2, 3] }, nodes: [bad], outputs: ['y'], constants }));
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]?.what).toContain(`${bad.op_type}_0`);
  });
});

describe('inputs and constants', () => {
  it('an initializer that is listed as an input as well is a constant', () => {
    const nodes = [node('Add', 'x w', 'y')];
    const constants = { w: scalar(2) };
    const { graph } = graphFromProto(
      modelProto({ inputs: { x: [1], w: [] }, nodes, outputs: ['y'], constants, irVersion: 3 }),
    );
    expect(graph.inputs).toEqual(['x']);
    expect([...graph.initializers.keys()]).toEqual(['w']);
  });

  it('negative dimensions and those without value or name are unknown', () => {
    const { graph } = graphFromProto(
      modelProto({ inputs: { x: [-1, 'N', undefined, 0] }, nodes: [node('Relu', 'x', 'y')], outputs: ['y'] }),
    );
    expect(graph.types.get('y')?.dims).toEqual([undefined, 'N', undefined, 0]);
  });

  it('large weights are not read before they are asked for', () => {
    const bytes = new Uint8Array(4 * 10_000 + 1);
    const proto = modelProto({ inputs: { x: [10_000] }, nodes: [node('Add', 'x w', 'y')], outputs: ['y'] });
    const raw_data = bytes.subarray(1);
    proto.graph!.initializer.push(new onnx.TensorProto({ name: 'w', dims: [10_000], data_type: 1, raw_data }));
    const { graph } = graphFromProto(proto);
    raw_data.fill(0x3f);
    expect((graph.initializers.get('w')!.data as Float32Array)[0]).toBeCloseTo(0.747, 2);
  });
});

describe('model-local functions', () => {
  const body = (more: Partial<onnx.FunctionProto> = {}) =>
    new onnx.FunctionProto({
      domain: 'my',
      name: 'Scaled',
      input: ['a'],
      output: ['b'],
      attribute: ['alpha'],
      node: [
        node('LeakyRelu', 'a', 'inner', {
          alpha: new onnx.AttributeProto({ name: 'alpha', type: 1, ref_attr_name: 'alpha' }),
        }),
        node('Add', 'inner inner', 'b', {}, 'sum'),
      ],
      opset_import: [new onnx.OperatorSetIdProto({ domain: '', version: 17 })],
      ...more,
    });
  const model = (nodes: onnx.NodeProto[], functions: onnx.FunctionProto[]) =>
    graphFromProto(modelProto({ inputs: { x: [2] }, nodes, outputs: ['y'], functions, opsets: { my: 1 } }));

  it('are written out with the caller’s attributes, and named after the call', () => {
    const { graph, findings } = model([node('Scaled', 'x', 'y', { alpha: 0.5 }, 'call', 'my')], [body()]);
    expect(graph.nodes.map((own) => own.name)).toEqual(['call/LeakyRelu_0', 'call/sum']);
    expect(findings).toEqual([]);
    const y = evaluateGraph(graph, new Map([['x', float32Tensor([2], Float32Array.of(-2, 3))]])).get('y');
    expect([...(y!.data as Float32Array)]).toEqual([-2, 6]);
  });

  it('take the default of an attribute that a call leaves out', () => {
    const attribute_proto = [new onnx.AttributeProto({ name: 'alpha', type: 1, f: 0.25 })];
    const { graph } = model([node('Scaled', 'x', 'y', {}, 'call', 'my')], [body({ attribute_proto })]);
    expect(graph.nodes[0]?.attributes['alpha']).toMatchObject({ kind: 'float', value: 0.25 });
  });

  it('may be called twice without their values meeting', () => {
    const nodes = [node('Scaled', 'x', 'm', {}, 'one', 'my'), node('Scaled', 'm', 'y', {}, 'two', 'my')];
    expect(model(nodes, [body()]).graph.nodes.map((own) => own.name)).toEqual([
      'one/LeakyRelu_0',
      'one/sum',
      'two/LeakyRelu_0',
      'two/sum',
    ]);
  });

  it('that return an input pass it on', () => {
    const same = body({ output: ['a'], node: [] });
    expect(model([node('Scaled', 'x', 'y', {}, 'call', 'my')], [same]).graph.nodes).toMatchObject([
      { op: 'Identity', inputs: ['x'], outputs: ['y'] },
    ]);
  });

  it('that call themselves are an error', () => {
    const endless = body({ node: [node('Scaled', 'a', 'b', {}, 'again', 'my')] });
    expect(codeOf(() => model([node('Scaled', 'x', 'y', {}, 'call', 'my')], [endless]))).toBe(
      'model/function-recursion',
    );
  });

  it('that multiply without end are an error', () => {
    const double = (name: string, inner: string) =>
      body({
        name,
        node: [
          node(inner, 'a', 'm', {}, 'l', inner === 'Relu' ? '' : 'my'),
          node(inner, 'm', 'b', {}, 'r', inner === 'Relu' ? '' : 'my'),
        ],
      });
    const functions = Array.from({ length: 24 }, (_, i) => double(`F${i}`, i === 0 ? 'Relu' : `F${i - 1}`));
    expect(codeOf(() => model([node('F23', 'x', 'y', {}, 'call', 'my')], functions))).toBe('model/too-many-nodes');
  });
});
