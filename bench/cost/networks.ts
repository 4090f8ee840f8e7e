import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobOf, openSpec } from '../../cli/spec.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { calibrationSource, openData } from '../../engine/run/datasets.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { root } from '../../test/shared.ts';
import { mobileNetV2 } from '../models/mobilenet-v2.ts';
import { sketchedModel } from '../models/models.ts';
import { samplesOf } from '../results/peer.ts';

/** Networks that are quantised, and a file of `bench/specs` with the images for each. */
const networks = {
  resnet8: { images: 'resnet8' },
  'mobilenet v1 0.25': { images: 'mobilenetv1' },
  squeezenet: { images: 'squeezenet' },
  // Its weights are random: cost does not ask what they are.
  'mobilenet v2 1.0': { images: 'mobilenetv1', sketch: mobileNetV2 },
} as const;

export type NetworkName = keyof typeof networks;
export const networkNames = Object.keys(networks) as NetworkName[];

/** The spec in `bench/specs/networks` that says a network's model and data. */
export function specOf(name: NetworkName): string {
  return join(root, 'bench', 'specs', 'networks', `${networks[name].images}.qspec`);
}

/** Model and calibration samples as files, the same for us and for the peer. */
export interface Network {
  readonly model: string;
  /** Decoded and preprocessed: the peer reads no images. */
  readonly samples: string;
  readonly count: number;
}

/** Writes what is not there as a file. */
export async function networkFiles(name: NetworkName, folder: string): Promise<Network> {
  const network = networks[name];
  const host = nodeHost();
  const { job } = jobOf(await openSpec(join(root, 'bench', 'specs', `${network.images}.qspec`)));
  let model = job!.model;
  if ('sketch' in network) {
    model = join(folder, 'model.onnx');
    writeFileSync(model, sketchedModel(network.sketch()).bytes);
  }
  const { graph } = prepare(await loadModel(host, job!.model));
  const progress = { signal: new AbortController().signal, report() {} };
  const context = { host, progress, threads: 1, toolVersion: 'bench' };
  const calibration = await openData(calibrationSource(job!), graph, job!, context);
  const samples = join(folder, 'samples.npy');
  writeFileSync(samples, await samplesOf(calibration));
  return { model, samples, count: calibration.length };
}
