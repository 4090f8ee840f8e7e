import { onnx } from '../../engine/onnx/proto.ts';
import { tensorToProto } from '../../engine/onnx/tensor-proto.ts';
import { float32Tensor } from '../../engine/tensor.ts';
import { BatchNorm, Convolution, Dense, GlobalAveragePool, type Layer, MaxPool, Relu, Residual } from './layers.ts';

const { AttributeType, DataType } = { ...onnx.AttributeProto, ...onnx.TensorProto };

/** The network as an ONNX model: image [N, 1, 8, 8] to logits [N, 10]. Batch normalisation stays a node of its own. */
export function exportModel(layers: readonly Layer[]): onnx.ModelProto {
  const writer = new GraphWriter();
  const logits = writer.addAll(layers, 'image');
  writer.graph.input.push(valueInfo('image', ['N', 1, 8, 8]));
  writer.graph.output.push(valueInfo(logits, ['N', 10]));
  return new onnx.ModelProto({
    ir_version: 8,
    opset_import: [new onnx.OperatorSetIdProto({ domain: '', version: 17 })],
    producer_name: 'qspec examples/digits/train.ts',
    doc_string:
      'Handwritten digits, 8x8 pixels from 0 to 1. Data: E. Alpaydin and C. Kaynak, Optical Recognition of ' +
      'Handwritten Digits, UCI Machine Learning Repository, DOI 10.24432/C50P49, CC BY 4.0.',
    graph: writer.graph,
  });
}

class GraphWriter {
  readonly graph = new onnx.GraphProto({ name: 'digits' });
  private readonly counts = new Map<string, number>();

  /** Adds the layers one behind the other; the name of the last value. */
  addAll(layers: readonly Layer[], input: string): string {
    return layers.reduce((value, layer) => this.add(layer, value), input);
  }

  private add(layer: Layer, input: string): string {
    if (layer instanceof Convolution) {
      const { inputs, outputs, kernel, groups, weight } = layer;
      const dims = [outputs, inputs / groups, kernel, kernel];
      const border = (kernel - 1) / 2;
      const kind = groups > 1 ? 'depthwise' : kernel === 1 ? 'pointwise' : 'conv';
      return this.node('Conv', kind, [input], { weight: [dims, weight.value] }, [
        ints('kernel_shape', [kernel, kernel]),
        ints('pads', [border, border, border, border]),
        int('group', groups),
      ]);
    }
    if (layer instanceof BatchNorm) {
      const { scale, offset, runningMean: mean, runningVariance: variance, epsilon } = layer;
      const channels = [mean.length];
      const constants = { scale: scale.value, offset: offset.value, mean, variance };
      const tensors = Object.entries(constants).map(([name, data]) => [name, [channels, data]] as const);
      return this.node('BatchNormalization', 'norm', [input], Object.fromEntries(tensors), [float('epsilon', epsilon)]);
    }
    if (layer instanceof Relu) return this.node('Relu', 'relu', [input]);
    if (layer instanceof MaxPool) {
      return this.node('MaxPool', 'pool', [input], {}, [ints('kernel_shape', [2, 2]), ints('strides', [2, 2])]);
    }
    if (layer instanceof Residual) return this.node('Add', 'add', [input, this.addAll(layer.branch, input)]);
    if (layer instanceof GlobalAveragePool) {
      return this.node('Flatten', 'flatten', [this.node('GlobalAveragePool', 'average', [input])]);
    }
    if (layer instanceof Dense) {
      const { inputs, outputs, weight, bias } = layer;
      const constants = { weight: [[outputs, inputs], weight.value], bias: [[outputs], bias.value] } as const;
      return this.node('Gemm', 'classifier', [input], constants, [int('transB', 1)], 'logits');
    }
    throw new Error(`No ONNX operator is known for ${layer.constructor.name}`);
  }

  private node(
    op_type: string,
    kind: string,
    inputs: readonly string[],
    constants: Readonly<Record<string, readonly [dims: readonly number[], data: Float32Array]>> = {},
    attribute: onnx.AttributeProto[] = [],
    output?: string,
  ): string {
    const name = this.nameOf(kind);
    const initializers = Object.entries(constants).map(([part, [dims, data]]) =>
      tensorToProto(float32Tensor(dims, data), `${name}.${part}`),
    );
    const value = output ?? `${name}.out`;
    const input = [...inputs, ...initializers.map((tensor) => tensor.name!)];
    this.graph.initializer.push(...initializers);
    this.graph.node.push(new onnx.NodeProto({ name, op_type, input, output: [value], attribute }));
    return value;
  }

  /** `conv1`, `conv2`, …; kinds that occur once keep their bare name. */
  private nameOf(kind: string): string {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    return ['pool', 'add', 'average', 'flatten', 'classifier'].includes(kind) ? kind : `${kind}${count}`;
  }
}

function int(name: string, i: number): onnx.AttributeProto {
  return new onnx.AttributeProto({ name, i, type: AttributeType.INT });
}

function ints(name: string, values: number[]): onnx.AttributeProto {
  return new onnx.AttributeProto({ name, ints: values, type: AttributeType.INTS });
}

function float(name: string, f: number): onnx.AttributeProto {
  return new onnx.AttributeProto({ name, f, type: AttributeType.FLOAT });
}

function valueInfo(name: string, dims: readonly (number | string)[]): onnx.ValueInfoProto {
  const dim = dims.map(
    (size) => new onnx.TensorShapeProto.Dimension(typeof size === 'string' ? { dim_param: size } : { dim_value: size }),
  );
  const tensor_type = new onnx.TypeProto.Tensor({
    elem_type: DataType.FLOAT,
    shape: new onnx.TensorShapeProto({ dim }),
  });
  return new onnx.ValueInfoProto({ name, type: new onnx.TypeProto({ tensor_type }) });
}
