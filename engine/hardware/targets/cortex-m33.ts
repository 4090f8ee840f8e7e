import type { Anchor, Target } from '../target.ts';
import { cmsisNn, cmsisNnSources } from './cmsis-nn.ts';

/** Rounds of MLPerf Tiny by version of X-CUBE-AI. */
const rounds: Readonly<Record<string, string>> = { '7.3.0': 'v1.0', '8.1.0': 'v1.1', '9.0': 'v1.2', '10.2': 'v1.3' };

/** STM32U5: a microcontroller for batteries, with a switched supply. */
export const cortexM33: Target = {
  name: 'cortex-m33',
  title: 'Cortex-M33 (STM32U575, 160 MHz)',
  description:
    'Ultra-low-power microcontroller with 2 MiB of flash and 768 KiB of contiguous RAM; int8 kernels as X-CUBE-AI 10 has them.',
  clockHz: 160e6,
  cores: 1,
  macsPerCycle: { 'int8×int8': 0.74, 'int16×int8': 0.43, 'int8×int16': 0.43, 'float32×float32': 0.175 },
  depthwiseMacsPerCycle: { 'int8×int8': 0.45, 'int16×int8': 0.34, 'int8×int16': 0.34, 'float32×float32': 0.05 },
  operationsPerCycle: 0.25,
  weightBandwidth: 91e6,
  activationBandwidth: 320e6,
  layerOverhead: 15e-6,
  activePower: 23.3e-3,
  flash: 2 * 1024 * 1024,
  ram: 768 * 1024,
  runtimeFlash: 64 * 1024,
  runtimeRam: 5 * 1024,
  ...cmsisNn,
  sources: {
    ...cmsisNnSources,
    clockHz: 'STM32U575 data sheet (DS13737): up to 160 MHz.',
    cores: 'STM32U575 data sheet.',
    macsPerCycle:
      'int8: fitted to the rows marked "fitted" below. int16: in the proportion estimated for the Cortex-M7. float32: as measured on a Cortex-M4.',
    depthwiseMacsPerCycle: 'int8: fitted together with the rate above. Others: as above.',
    operationsPerCycle: 'Estimate, as for the Cortex-M7.',
    weightBandwidth: 'Solved from the autoencoder below, whose fully connected layers reuse no weight.',
    activationBandwidth: 'Estimate: SRAM, two bytes a cycle.',
    layerOverhead: 'Estimate: as many cycles as for the Cortex-M7.',
    activePower: 'Energy by latency of ResNet8 and MobileNetV1 below, at 1.8 V with the switched supply.',
    flash: 'STM32U575ZI data sheet: 2 MiB.',
    ram: 'STM32U575ZI data sheet: 786 KiB, of which SRAM1 to SRAM3 lie together.',
    runtimeFlash: 'As for the Cortex-M7: the same runtime.',
    runtimeRam: 'As for the Cortex-M7: the same runtime.',
  },
  anchors: [
    row('latency', 'ResNet8 32×32', 109.49305e-3, '10.2', true),
    row('latency', 'MobileNetV1-0.25 96×96', 59.26628e-3, '10.2', true),
    row('latency', 'DS-CNN 49×10', 28.99475e-3, '10.2', true),
    row('latency', 'FC autoencoder 640', 3.20946e-3, '10.2', true),
    row('energy', 'ResNet8 32×32', 2565.2442e-6, '10.2', true),
    row('energy', 'MobileNetV1-0.25 96×96', 1372.1684e-6, '10.2', true),
    row('energy', 'DS-CNN 49×10', 664.4239e-6, '10.2', false),
    row('energy', 'FC autoencoder 640', 77.2364e-6, '10.2', false),
    row('energy', 'ResNet8 32×32', 2578.969e-6, '9.0', false),
    row('energy', 'ResNet8 32×32', 3383.822e-6, '8.1.0', false),
    row('energy', 'MobileNetV1-0.25 96×96', 1920.636e-6, '8.1.0', false),
    row('energy', 'MobileNetV1-0.25 96×96', 3364.456e-6, '7.3.0', false),
  ],
};

function row(
  quantity: 'latency' | 'energy',
  network: string,
  measured: number,
  version: string,
  fitted: boolean,
): Anchor {
  return {
    network,
    device: 'NUCLEO-U575ZI-Q',
    clockHz: 160e6,
    runtime: `X-CUBE-AI ${version}`,
    format: 'int8',
    quantity,
    measured,
    source: `MLPerf Tiny ${rounds[version]} (closed), STMicroelectronics, 1.8 V`,
    fitted,
  };
}
