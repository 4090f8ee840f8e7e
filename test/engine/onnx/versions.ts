import type { onnx } from '../../../engine/onnx/proto.ts';
import { tensorToProto } from '../../../engine/onnx/tensor-proto.ts';
import { float32Tensor } from '../../../engine/tensor.ts';
import { smallModel } from './small-model.ts';

/** A model with two tensors that go to external data, all of whose elements tell the version. */
export function versionOf(version: string): onnx.ModelProto {
  const model = smallModel();
  const value = version.length;
  const first = tensorToProto(float32Tensor([1000], new Float32Array(1000).fill(value)), 'large1');
  const second = tensorToProto(float32Tensor([3000], new Float32Array(3000).fill(-value)), 'large2');
  model.graph!.initializer.push(first, second);
  model.graph!.doc_string = version;
  return model;
}
