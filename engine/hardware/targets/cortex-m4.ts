import type { Anchor, Target } from '../target.ts';
import { cmsisNn, cmsisNnSources } from './cmsis-nn.ts';

const submission = 'MLPerf Tiny v1.2 (closed), STMicroelectronics, NUCLEO-L4R5ZI at 1.8 V';

/** STM32L4R5: a low-power microcontroller of the middle, the reference device of MLPerf Tiny. */
export const cortexM4: Target = {
  name: 'cortex-m4',
  title: 'Cortex-M4 (STM32L4R5, 120 MHz)',
  description:
    'Low-power microcontroller with 2 MiB of flash and 640 KiB of RAM; int8 kernels as X-CUBE-AI 9 has them.',
  clockHz: 120e6,
  cores: 1,
  macsPerCycle: { 'int8×int8': 0.68, 'int16×int8': 0.4, 'int8×int16': 0.4, 'float32×float32': 0.175 },
  depthwiseMacsPerCycle: { 'int8×int8': 0.36, 'int16×int8': 0.27, 'int8×int16': 0.27, 'float32×float32': 0.05 },
  operationsPerCycle: 0.25,
  weightBandwidth: 57e6,
  activationBandwidth: 240e6,
  layerOverhead: 20e-6,
  activePower: 42.9e-3,
  flash: 2 * 1024 * 1024,
  ram: 640 * 1024,
  runtimeFlash: 64 * 1024,
  runtimeRam: 5 * 1024,
  ...cmsisNn,
  sources: {
    ...cmsisNnSources,
    clockHz: 'STM32L4R5 data sheet (DS12023): up to 120 MHz.',
    cores: 'STM32L4R5 data sheet.',
    macsPerCycle:
      'int8 and float32: fitted to the rows marked "fitted" below. int16: in the proportion estimated for the Cortex-M7.',
    depthwiseMacsPerCycle: 'Fitted together with the rate above. int16: in the proportion estimated for the Cortex-M7.',
    operationsPerCycle: 'Estimate, as for the Cortex-M7.',
    weightBandwidth: 'Solved from the autoencoder below, whose fully connected layers reuse no weight.',
    activationBandwidth: 'Estimate: SRAM, two bytes a cycle.',
    layerOverhead: 'Estimate: as many cycles as for the Cortex-M7.',
    activePower: `Energy by latency of ResNet8 and MobileNetV1 below. ${submission}; the linear regulator draws its current from 1.8 V, so that 3 V take 1.7 times as much.`,
    flash: 'STM32L4R5ZI data sheet: 2 MiB.',
    ram: 'STM32L4R5ZI data sheet: 640 KiB.',
    runtimeFlash: 'As for the Cortex-M7: the same runtime.',
    runtimeRam: 'As for the Cortex-M7: the same runtime.',
  },
  anchors: [
    latency('ResNet8 32×32', 165.1255e-3),
    latency('MobileNetV1-0.25 96×96', 88.92841e-3),
    latency('DS-CNN 49×10', 43.18722e-3),
    latency('FC autoencoder 640', 5.26078e-3),
    hale('ResNet8 32×32', 479.84645e-3),
    hale('MobileNetV1-0.25 96×96', 360.62027e-3),
    energy('ResNet8 32×32', 6919.375e-6, true),
    energy('MobileNetV1-0.25 96×96', 3894.566e-6, true),
    energy('DS-CNN 49×10', 1820.454e-6, false),
    energy('FC autoencoder 640', 203.368e-6, false),
    other(
      'ResNet8 32×32',
      'X-CUBE-AI 10.2',
      5495.915e-6,
      'v1.3 (closed), STMicroelectronics, 3 V by a switched supply',
    ),
    other('ResNet8 32×32', 'X-CUBE-AI 8.1.0', 7019.085e-6, 'v1.1 (closed), STMicroelectronics'),
    other('MobileNetV1-0.25 96×96', 'X-CUBE-AI 8.1.0', 5618.279e-6, 'v1.1 (closed), STMicroelectronics'),
    other('ResNet8 32×32', 'ONNC', 12684.27e-6, 'v1.1 (closed), Skymizer'),
    other('ResNet8 32×32', 'TensorFlow Lite Micro 2.3.1', 29207.01e-6, 'v0.5 (closed), reference'),
  ],
};

function latency(network: string, measured: number): Anchor {
  return { ...ownRow(network, measured), quantity: 'latency', fitted: true };
}

function energy(network: string, measured: number, fitted: boolean): Anchor {
  return { ...ownRow(network, measured), quantity: 'energy', fitted };
}

function ownRow(network: string, measured: number) {
  const [device, runtime, format] = ['NUCLEO-L4R5ZI', 'X-CUBE-AI 9.0', 'int8'];
  return { network, device, clockHz: 120e6, runtime, format, measured, source: submission };
}

function other(network: string, runtime: string, measured: number, source: string): Anchor {
  return {
    ...ownRow(network, measured),
    runtime,
    quantity: 'energy',
    source: `MLPerf Tiny ${source}`,
    fitted: false,
  };
}

function hale(network: string, measured: number): Anchor {
  return {
    network,
    device: 'CY8CPROTO-062-4343W',
    clockHz: 150e6,
    runtime: 'HALE 1.0.175',
    format: 'float32',
    quantity: 'latency',
    measured,
    source: 'MLPerf Tiny v1.2 (closed), Bosch',
    fitted: true,
  };
}
