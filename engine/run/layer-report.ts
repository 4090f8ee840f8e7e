import type { ModelSummary } from '../graph/summary.ts';
import { arithmeticCost } from '../hardware/arithmetic-cost.ts';
import { type LayerCost, modelCosts } from '../hardware/costs.ts';
import { type ModelFormats, storedFormats } from '../hardware/model-formats.ts';
import type { LayerReport, SizeReport } from '../report/report.ts';
import type { LayerNoise } from './layer-noise.ts';

export interface LayerReportInput {
  /** The float model after the passes. */
  readonly before: ModelSummary;
  /** The compressed model and its formats. */
  readonly after: ModelSummary;
  readonly formats: ModelFormats;
  /** Layers of the file that the passes folded into a layer. */
  readonly absorbed: ReadonlyMap<string, readonly string[]>;
  readonly weightNoise: ReadonlyMap<string, LayerNoise>;
  readonly outputNoise: ReadonlyMap<string, LayerNoise>;
  /** Share of zeros among the weights of pruned layers. */
  readonly zeros: ReadonlyMap<string, number>;
}

/** Of the model before and after; zeros count as products that need not be made. */
export function arithmeticCosts({
  before,
  after,
  formats,
  weightNoise,
  zeros,
}: LayerReportInput): SizeReport['arithmetic'] {
  const density = ({ name }: LayerCost) => 1 - (zeros.get(name) ?? weightNoise.get(name)?.weights?.zeros[1] ?? 0);
  return {
    before: arithmeticCost(modelCosts(before, storedFormats).layers),
    after: arithmeticCost(modelCosts(after, formats).layers, density),
  };
}

/** One row a layer that computes something; views are left out, folded activations stand with the layer before them. */
export function layerReports(input: LayerReportInput): readonly LayerReport[] {
  const before = new Map(modelCosts(input.before, storedFormats).layers.map((layer) => [layer.name, layer]));
  const costs = modelCosts(input.after, input.formats).layers;
  const summaries = new Map(input.after.layers.map((layer) => [layer.name, layer]));
  const followers = new Map<string, string[]>();
  for (const { name, folded } of costs) {
    const layer = summaries.get(name)!;
    const producer = layer.producers[0];
    if (folded && producer !== undefined && layer.quantization === 'activation') {
      followers.set(producer, [...(followers.get(producer) ?? []), name]);
    }
  }
  return costs
    .filter((cost) => !cost.folded)
    .map((cost) => {
      const following = followers.get(cost.name) ?? [];
      const last = summaries.get(following.at(-1) ?? cost.name)!;
      const output = last.outputs[0];
      const weightNoise = input.weightNoise.get(cost.name);
      const zeros = input.zeros.get(cost.name);
      const outputNoise = input.outputNoise.get(last.name) ?? input.outputNoise.get(cost.name);
      return {
        name: cost.name,
        op: cost.op,
        absorbed: [...(input.absorbed.get(cost.name) ?? []), ...following],
        weight: cost.weightFormat,
        input: cost.inputFormat,
        output: output === undefined ? cost.outputFormat : input.formats.value(output.name, output.dtype),
        weightSqnr: weightNoise?.sqnr,
        outputSqnr: outputNoise?.sqnr,
        ...(zeros !== undefined && { zeros }),
        parameters: before.get(cost.name)?.parameters ?? cost.parameters,
        // A layer that pruning added was not there before.
        bytesBefore: before.get(cost.name)?.weightBytes ?? 0,
        bytesAfter: cost.weightBytes,
        macs: cost.macs,
        ...(weightNoise?.weights && { weights: weightNoise.weights }),
        ...(weightNoise && { weightHistogram: weightNoise.histogram }),
        ...(outputNoise && { outputHistogram: outputNoise.histogram }),
      };
    });
}
