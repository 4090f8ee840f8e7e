import type { Target } from '../target.ts';
import { cmsisNn, cmsisNnSources } from './cmsis-nn.ts';

const zoo = 'STM32 model zoo, benchmark tables of the image classification and object detection pages';

/** STM32H7: the fast end of today's microcontrollers. */
export const cortexM7: Target = {
  name: 'cortex-m7',
  title: 'Cortex-M7 (STM32H743, 480 MHz)',
  description:
    'Microcontroller with 2 MiB of flash and 512 KiB of contiguous RAM; int8 kernels in the manner of CMSIS-NN.',
  clockHz: 480e6,
  cores: 1,
  macsPerCycle: { 'int8×int8': 0.856, 'int16×int8': 0.5, 'int8×int16': 0.5, 'float32×float32': 0.276 },
  depthwiseMacsPerCycle: { 'int8×int8': 0.1315, 'int16×int8': 0.1, 'int8×int16': 0.1, 'float32×float32': 0.042 },
  operationsPerCycle: 0.25,
  weightBandwidth: 200e6,
  activationBandwidth: 900e6,
  layerOverhead: 5e-6,
  flash: 2 * 1024 * 1024,
  ram: 512 * 1024,
  runtimeFlash: 64 * 1024,
  runtimeRam: 5 * 1024,
  ...cmsisNn,
  sources: {
    ...cmsisNnSources,
    clockHz: 'STM32H743 data sheet (DS12110): up to 480 MHz.',
    cores: 'STM32H743 data sheet.',
    macsPerCycle:
      'int8: fitted to the rows marked "fitted" below. float32: the MNIST network of the same tables takes 14.63 ms in float and 4.718 ms in int8, 3.1 times as long. int16: estimate.',
    depthwiseMacsPerCycle: 'int8: fitted together with the rate above. Others: in the same proportion.',
    operationsPerCycle: 'Estimate: one element in four cycles for loads, arithmetic, saturation and store.',
    weightBandwidth:
      'Estimate: flash behind the 16 KiB cache; layers without reuse (fully connected) run at about 0.4 bytes a cycle.',
    activationBandwidth: 'Estimate: AXI SRAM through the data cache, two bytes a cycle.',
    layerOverhead: 'Estimate; the fit above gives no overhead beyond its error.',
    activePower:
      'None: no figure of what a network draws on this family was at hand, and data sheets state currents of other code.',
    flash: 'STM32H743 data sheet: 2 MiB.',
    ram: 'STM32H743 data sheet: 512 KiB AXI SRAM is the largest contiguous block of 1 MiB in all.',
    runtimeFlash: `Flash columns of the rows below less our constants: 45 to 84 KiB. ${zoo}.`,
    runtimeRam: `RAM columns of the rows below less our peak activations: about 5 KiB. ${zoo}.`,
  },
  anchors: [
    row('ResNet8 32×32', 'latency', 37.91e-3, '7.3.0', true),
    row('ResNet8 32×32', 'latency', 35.96e-3, '8.1.0', true),
    row('MobileNetV1-0.25 96×96', 'latency', 35.48e-3, '7.3.0', true),
    row('MobileNetV1-0.25 96×96', 'latency', 32.18e-3, '8.1.0', true),
    row('MobileNetV1-0.25 224×224', 'latency', 183.88e-3, '7.3.0', true),
    row('MobileNetV2-0.35 128×128', 'latency', 110.27e-3, '7.3.0', true),
    row('MobileNetV2-0.35 128×128', 'latency', 101.11e-3, '8.1.0', true),
    row('SSD MobileNetV1-0.25 256×256', 'latency', 299e-3, '8.1.0', true),
    row('ResNet8 32×32', 'ram', 52.81 * 1024, '8.1.0', false),
    row('MobileNetV1-0.25 96×96', 'ram', 60.49 * 1024, '7.3.0', false),
    row('MobileNetV1-0.25 224×224', 'ram', 223.29 * 1024, '7.3.0', false),
    row('MobileNetV2-0.35 128×128', 'ram', 261.92 * 1024, '7.3.0', false),
    row('ResNet8 32×32', 'flash', 129.68 * 1024, '8.1.0', false),
    row('MobileNetV1-0.25 96×96', 'flash', 295.76 * 1024, '7.3.0', false),
  ],
};

function row(
  network: string,
  quantity: 'latency' | 'ram' | 'flash',
  measured: number,
  version: string,
  fitted: boolean,
) {
  return {
    network,
    device: 'STM32H747I-DISCO',
    clockHz: 400e6,
    runtime: `STM32Cube.AI ${version}`,
    format: 'int8',
    quantity,
    measured,
    source: zoo,
    fitted,
  };
}
