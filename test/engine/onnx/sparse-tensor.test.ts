import { describe, expect, it } from 'vitest';
import { FindingError } from '../../../engine/findings.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { modelToProto } from '../../../engine/graph/to-proto.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { denseFromProto } from '../../../engine/onnx/sparse-tensor.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { float32Tensor, int64Tensor, type Tensor } from '../../../engine/tensor.ts';
import { modelProto, node } from '../graph/protos.ts';

const values = (...list: number[]) => float32Tensor([list.length], Float32Array.from(list));
const sparse = (own: Tensor, indices: Tensor, ...dims: number[]) =>
  new onnx.SparseTensorProto({ values: tensorToProto(own, 'w'), indices: tensorToProto(indices), dims });

const positions = sparse(values(5, 7), int64Tensor([2], [1, 5]), 2, 3);
const coordinates = sparse(values(5, 7), int64Tensor([2, 2], [0, 1, 1, 2]), 2, 3);

describe('sparse tensors', () => {
  it('are zeros but for what is stored, by position or by coordinates', () => {
    for (const proto of [positions, coordinates])
      expect(denseFromProto(proto)).toEqual(float32Tensor([2, 3], Float32Array.of(0, 5, 0, 0, 0, 7)));
  });

  it.each([
    ['a place outside', sparse(values(1), int64Tensor([1], [6]), 2, 3)],
    ['a place below 0', sparse(values(1), int64Tensor([1], [-1]), 2, 3)],
    ['coordinates outside', sparse(values(1), int64Tensor([1, 2], [0, 3]), 2, 3)],
    ['coordinates of another rank', sparse(values(1), int64Tensor([1, 3], [0, 0, 0]), 2, 3)],
    ['fewer places than values', sparse(values(1, 2), int64Tensor([1], [0]), 2, 3)],
    ['more elements than memory holds', sparse(values(1), int64Tensor([1], [0]), 2 ** 40, 2)],
    ['no values', new onnx.SparseTensorProto({ dims: [1] })],
    ['texts', sparse({ dtype: 'string', dims: [1], data: ['a'] }, int64Tensor([1], [0]), 1)],
  ])('with %s are a finding', (_what, proto) => {
    expect(() => denseFromProto(proto)).toThrow(FindingError);
  });

  it('are constants of a model, and are written back as they were', () => {
    const proto = modelProto({ inputs: { x: [2, 3] }, nodes: [node('Add', 'x w', 'y')], outputs: ['y'] });
    proto.graph!.sparse_initializer = [coordinates];
    const model = graphFromProto(decodeModel(encodeModel(proto)));
    const x = float32Tensor([2, 3], new Float32Array(6).fill(1));
    expect(evaluateGraph(model.graph, new Map([['x', x]])).get('y')?.data).toEqual(Float32Array.of(1, 6, 1, 1, 1, 8));
    expect(encodeModel(modelToProto(model))).toEqual(encodeModel(modelToProto(graphFromProto(proto))));
    const { initializer, sparse_initializer } = modelToProto(model).graph!;
    expect([initializer.length, sparse_initializer.length]).toEqual([0, 1]);
  });

  it('may be the value of a Constant', () => {
    const sparse_value = new onnx.AttributeProto({
      name: 'sparse_value',
      type: onnx.AttributeProto.AttributeType.SPARSE_TENSOR,
      sparse_tensor: positions,
    });
    const proto = modelProto({ nodes: [node('Constant', '', 'y', { sparse_value })], outputs: ['y'] });
    const { graph } = graphFromProto(decodeModel(encodeModel(proto)));
    expect(evaluateGraph(graph, new Map()).get('y')?.data).toEqual(Float32Array.of(0, 5, 0, 0, 0, 7));
  });
});
