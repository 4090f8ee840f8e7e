import type { Target } from '../target.ts';

const intel = 'MLPerf Inference v0.5 (closed), Intel, ICL-I3-1005G1_OpenVINO-Windows, single stream';

/** A small desktop or laptop processor with AVX-512 VNNI: Intel Core i3-1005G1. */
export const x8664: Target = {
  name: 'x86-64',
  title: 'x86-64 with VNNI (Core i3-1005G1, 2 × 3.4 GHz)',
  description: 'Desktop or laptop, two cores, OpenVINO-class kernels with 8-bit dot-product instructions.',
  clockHz: 3.4e9,
  cores: 2,
  macsPerCycle: { 'int8×int8': 44.5, 'float32×float32': 12 },
  depthwiseMacsPerCycle: { 'int8×int8': 1.54, 'float32×float32': 1 },
  operationsPerCycle: 8,
  formats: ['int8', 'uint8', 'float32'],
  weightBandwidth: 25e9,
  activationBandwidth: 60e9,
  layerOverhead: 2e-6,
  runtimeFlash: 20 * 1024 * 1024,
  runtimeRam: 20 * 1024 * 1024,
  weightsInRam: true,
  scratch: 'none',
  sources: {
    clockHz: 'Intel product page of the Core i3-1005G1: up to 3.4 GHz.',
    cores: 'Intel product page of the Core i3-1005G1.',
    macsPerCycle: `int8: solved from ResNet50 (${intel}). float32: estimate, three quarters of the 16 a cycle that one 512-bit unit can do.`,
    depthwiseMacsPerCycle: `int8: what ResNet50's rate leaves of MobileNetV1 (${intel}). float32: estimate.`,
    operationsPerCycle: 'Estimate: half of a 512-bit vector of float32 a cycle.',
    formats: 'OpenVINO on CPUs: signed and unsigned 8-bit, float32.',
    weightBandwidth: 'Estimate: half the peak of two channels of LPDDR4-3733.',
    activationBandwidth: 'Estimate: 4 MiB last-level cache.',
    layerOverhead: 'Estimate: waking two threads.',
    activePower: 'None: no figure of what a network draws on this processor was at hand.',
    flash: 'No constraint.',
    ram: 'No constraint.',
    runtimeFlash: 'Estimate: a runtime library.',
    runtimeRam: 'Estimate.',
  },
  anchors: [
    anchor('ResNet50-v1.5 224×224', 13.50562e-3, true),
    anchor('MobileNetV1-1.0 224×224', 3.47261e-3, true),
    anchor('SSD MobileNetV1 300×300', 6.55208e-3, false),
  ],
};

function anchor(network: string, measured: number, fitted: boolean) {
  return {
    network,
    device: 'Core i3-1005G1',
    clockHz: 3.4e9,
    runtime: 'OpenVINO',
    format: 'int8',
    quantity: 'latency' as const,
    measured,
    source: intel,
    fitted,
  };
}
