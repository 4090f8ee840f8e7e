import type { Target } from '../target.ts';

const xnnpack = 'XNNPACK README, table of end-to-end benchmarks on Raspberry Pi (February 2022)';

/** Raspberry Pi 4: four out-of-order Arm cores with NEON and no dot-product instructions. */
export const cortexA72: Target = {
  name: 'cortex-a72',
  title: 'Cortex-A72 (Raspberry Pi 4, 4 × 1.5 GHz)',
  description: 'Single-board computer, four threads of XNNPACK-class kernels.',
  clockHz: 1.5e9,
  cores: 4,
  macsPerCycle: { 'int8×int8': 5.4, 'float32×float32': 1.38 },
  depthwiseMacsPerCycle: { 'int8×int8': 0.41, 'float32×float32': 0.29 },
  operationsPerCycle: 1,
  formats: ['int8', 'uint8', 'float32'],
  weightBandwidth: 4e9,
  activationBandwidth: 8e9,
  layerOverhead: 10e-6,
  activePower: 5.4,
  runtimeFlash: 2 * 1024 * 1024,
  runtimeRam: 4 * 1024 * 1024,
  weightsInRam: true,
  scratch: 'none',
  sources: {
    clockHz: 'Raspberry Pi 4 Model B specification: 1.5 GHz (1.8 GHz on later boards).',
    cores: 'Raspberry Pi 4 Model B specification.',
    macsPerCycle: `Solved from MobileNetV1 and V2, four threads: ${xnnpack}.`,
    depthwiseMacsPerCycle: 'Solved together with the rate above.',
    operationsPerCycle: 'Estimate: four lanes, one load and store each four cycles.',
    formats: 'XNNPACK: signed and unsigned 8-bit, float32.',
    weightBandwidth: 'Estimate: one LPDDR4-3200 channel at a third of its peak.',
    activationBandwidth: 'Estimate: shared 1 MiB L2 cache.',
    layerOverhead: 'Estimate: waking four threads.',
    activePower:
      'The whole board at its USB supply with the cores under high load: chipwired.com, “How much power a Raspberry Pi uses (36 measurements)”. No inference was measured.',
    flash: 'No constraint: a card of gigabytes.',
    ram: 'No constraint: a gigabyte and more.',
    runtimeFlash: 'Estimate: a runtime library built for few operators.',
    runtimeRam: 'Estimate.',
  },
  anchors: [
    anchor('MobileNetV1-1.0 224×224', 'int8', 4, 1.5e9, 24e-3, 'XNNPACK, 64-bit', xnnpack, true),
    anchor('MobileNetV2-1.0 224×224', 'int8', 4, 1.5e9, 17e-3, 'XNNPACK, 64-bit', xnnpack, true),
    anchor('MobileNetV1-1.0 224×224', 'float32', 4, 1.5e9, 77e-3, 'XNNPACK, 64-bit', xnnpack, true),
    anchor('MobileNetV2-1.0 224×224', 'float32', 4, 1.5e9, 46e-3, 'XNNPACK, 64-bit', xnnpack, true),
    anchor(
      'MobileNetV1-0.25 96×96',
      'float32',
      4,
      1.5e9,
      1.56175e-3,
      'LEIP 1.9.3',
      'MLPerf Tiny v0.5, LatentAI',
      false,
    ),
    anchor('MobileNetV1-0.25 96×96', 'int8', 4, 1.5e9, 1.56143e-3, 'LEIP 1.9.3', 'MLPerf Tiny v0.5, LatentAI', false),
    anchor(
      'MobileNetV1-0.25 224×224',
      'float32',
      4,
      1.5e9,
      19.02317e-3,
      'ArmNN 19.08',
      'MLPerf Inference v0.5 (open), dividiti',
      false,
    ),
  ],
};

function anchor(
  network: string,
  format: string,
  threads: number,
  clockHz: number,
  measured: number,
  runtime: string,
  source: string,
  fitted: boolean,
) {
  const device = `Raspberry Pi 4, ${threads} threads`;
  return { network, device, clockHz, runtime, format, quantity: 'latency' as const, measured, source, fitted };
}
