import type { ConvGeometry } from '../../kernels/api.ts';

export interface Layer {
  readonly name: string;
  readonly geometry: ConvGeometry;
}

type Pair = readonly [number, number];

function layer(
  name: string,
  [height, width]: Pair,
  [inputs, outputs]: Pair,
  [kernelHeight, kernelWidth]: Pair,
  stride = 1,
  groups = 1,
): Layer {
  // Padding as "same" has it for stride 1.
  const [vertical, horizontal] = [Math.floor((kernelHeight - 1) / 2), Math.floor((kernelWidth - 1) / 2)];
  const geometry: ConvGeometry = {
    batch: 1,
    inputHeight: height,
    inputWidth: width,
    inputChannels: inputs,
    outputChannels: outputs,
    kernel: [kernelHeight, kernelWidth],
    strides: [stride, stride],
    dilations: [1, 1],
    pads: [vertical, horizontal, kernelHeight - 1 - vertical, kernelWidth - 1 - horizontal],
    groups,
  };
  return { name, geometry };
}

/** Layers of the networks that the project measures itself on. */
export const layers: readonly Layer[] = [
  layer('squeezenet conv1', [224, 224], [3, 64], [3, 3], 2),
  layer('squeezenet squeeze', [54, 54], [128, 16], [1, 1]),
  layer('squeezenet expand3x3 early', [54, 54], [16, 64], [3, 3]),
  layer('squeezenet expand3x3 late', [13, 13], [64, 256], [3, 3]),
  layer('squeezenet conv10', [13, 13], [512, 1000], [1, 1]),
  layer('mobilenet conv1', [224, 224], [3, 8], [3, 3], 2),
  layer('mobilenet depthwise 1', [112, 112], [8, 8], [3, 3], 1, 8),
  layer('mobilenet pointwise 1', [112, 112], [8, 16], [1, 1]),
  layer('mobilenet depthwise 2', [112, 112], [16, 16], [3, 3], 2, 16),
  layer('mobilenet depthwise 5', [28, 28], [64, 64], [3, 3], 1, 64),
  layer('mobilenet pointwise 8', [14, 14], [128, 128], [1, 1]),
  layer('mobilenet classifier', [1, 1], [256, 1000], [1, 1]),
  layer('resnet8 conv1', [32, 32], [3, 16], [3, 3]),
  layer('resnet8 stack 1', [32, 32], [16, 16], [3, 3]),
  layer('resnet8 stack 3', [8, 8], [64, 64], [3, 3]),
  layer('super-resolution conv1', [224, 224], [1, 64], [5, 5]),
  layer('super-resolution conv2', [224, 224], [64, 64], [3, 3]),
  layer('resnet 3×3', [56, 56], [64, 64], [3, 3]),
  layer('resnet 3×3, stride 2', [56, 56], [64, 128], [3, 3], 2),
  layer('resnext 3×3, 32 groups', [56, 56], [128, 128], [3, 3], 1, 32),
  layer('mobilenetv2 depthwise 112', [112, 112], [96, 96], [3, 3], 2, 96),
  layer('mobilenetv2 depthwise 56', [56, 56], [144, 144], [3, 3], 1, 144),
  layer('mobilenetv2 depthwise 14', [14, 14], [384, 384], [3, 3], 1, 384),
  layer('mobilenetv2 depthwise 7', [7, 7], [960, 960], [3, 3], 1, 960),
  layer('efficientnet depthwise 5×5', [28, 28], [240, 240], [5, 5], 1, 240),
  layer('efficientnet depthwise 5×5, stride 2', [28, 28], [240, 240], [5, 5], 2, 240),
  layer('kws conv1', [49, 10], [1, 64], [10, 4], 2),
  layer('kws depthwise', [25, 5], [64, 64], [3, 3], 1, 64),
  layer('autoencoder dense', [1, 1], [640, 128], [1, 1]),
];
