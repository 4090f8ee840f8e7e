import { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { float32Tensor, int64Tensor } from '../../../engine/tensor.ts';

/** A model with a bit of everything: `y = Relu(x · w + b)`, an If with two subgraphs, metadata, a symbolic dimension. */
export function smallModel(): onnx.ModelProto {
  const weights = Float32Array.from({ length: 12 }, (_, index) => index / 4 - 1);
  return new onnx.ModelProto({
    ir_version: 10,
    producer_name: 'qspec test',
    opset_import: [new onnx.OperatorSetIdProto({ domain: '', version: 21 })],
    metadata_props: [new onnx.StringStringEntryProto({ key: 'purpose', value: 'test' })],
    graph: new onnx.GraphProto({
      name: 'small',
      input: [value('x', ['N', 4]), value('flag', [])],
      output: [value('y', ['N', 3])],
      initializer: [
        tensorToProto(float32Tensor([4, 3], weights), 'w'),
        tensorToProto(float32Tensor([3], Float32Array.of(0, 1, 2)), 'b'),
        new onnx.TensorProto({
          ...tensorToProto(int64Tensor([2], [-1, 3])),
          raw_data: undefined,
          int64_data: [-1, 3],
          name: 's',
        }),
      ],
      node: [
        new onnx.NodeProto({ op_type: 'MatMul', input: ['x', 'w'], output: ['xw'], name: 'product' }),
        new onnx.NodeProto({ op_type: 'Add', input: ['xw', 'b'], output: ['sum'] }),
        new onnx.NodeProto({
          op_type: 'If',
          input: ['flag'],
          output: ['y'],
          attribute: [
            new onnx.AttributeProto({ name: 'then_branch', type: 5, g: branch('Relu') }),
            new onnx.AttributeProto({ name: 'else_branch', type: 5, g: branch('Identity') }),
          ],
        }),
      ],
    }),
  });
}

function branch(op_type: string): onnx.GraphProto {
  return new onnx.GraphProto({
    name: op_type,
    node: [new onnx.NodeProto({ op_type, input: ['sum'], output: ['result'] })],
    output: [value('result', ['N', 3])],
  });
}

function value(name: string, dims: readonly (number | string)[]): onnx.ValueInfoProto {
  const dim = dims.map(
    (size) => new onnx.TensorShapeProto.Dimension(typeof size === 'number' ? { dim_value: size } : { dim_param: size }),
  );
  const tensor_type = new onnx.TypeProto.Tensor({ elem_type: 1, shape: new onnx.TensorShapeProto({ dim }) });
  return new onnx.ValueInfoProto({ name, type: new onnx.TypeProto({ tensor_type }) });
}
