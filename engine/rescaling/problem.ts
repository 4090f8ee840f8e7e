import { decodeTensor } from '../formats/held-tensor.ts';
import type { Graph } from '../graph/graph.ts';
import { channelsOf } from '../methods/channels.ts';
import { dot, product } from '../methods/linear-algebra.ts';
import type { Moments } from '../methods/method.ts';
import { secondMoments } from '../methods/second-moments.ts';
import { poll } from '../progress.ts';
import { forEachWeight } from '../quantize/input-channels.ts';
import { parametersOf } from '../quantize/normal-form.ts';
import { quantizeParameters } from '../quantize/weights.ts';
import { float32Tensor } from '../tensor.ts';
import type { Measured } from './measure.ts';
import type { RescaledLayer, RescalingSite } from './rescaling.ts';
import { type Site, type WantingReader, wishOf } from './sites.ts';

/** What a rescaling is asked about a site; a sentence with the reason where it cannot be asked. */
export function siteProblem({ wanting }: Site, graph: Graph, measured: Measured): RescalingSite | string {
  const [first] = wanting as [WantingReader];
  const needsError = wishOf(first.choice)!.rescaling.needsError === true;
  if (needsError && wanting.some((layer) => measured.moments(layer) === undefined))
    return 'They have too many inputs: the method keeps a square matrix of them.';
  const { largest, mean } = measured.magnitudes(first);
  const layers = wanting.map((layer) => rescaledLayer(layer, graph, measured.moments(layer)));
  return { channels: first.channels, largest, mean, layers };
}

function rescaledLayer(layer: WantingReader, graph: Graph, moments: Moments | undefined): RescaledLayer {
  const node = graph.nodes.find(({ name }) => name === layer.name)!;
  const { form, channels } = layer;
  const parameters = parametersOf(node, form, graph);
  const { dims } = parameters.weight;
  const values = parameters.weight.data as Float32Array;
  // The method itself works on the scaled weights; what it is to be given is judged by plain rounding.
  const { method: _, ...choice } = layer.choice;
  const weights = new Float64Array(channels);
  const inputs = new Uint32Array(values.length);
  forEachWeight(node, form, dims, (at, _output, input) => {
    weights[input] = Math.max(weights[input]!, Math.abs(values[at]!));
    inputs[at] = input;
  });
  let products: readonly Float64Array[] | undefined;
  return {
    weights,
    error(factors) {
      if (moments === undefined) throw new Error(`No products of the inputs of ${layer.name} were collected.`);
      products ??= Array.from({ length: moments.groups }, (_, group) => secondMoments(moments, group));
      const scaled = values.map((value, at) => value * factors[inputs[at]!]!);
      const weight = float32Tensor(dims, scaled);
      const { weight: held } = quantizeParameters({ node, form, choice, parameters: { ...parameters, weight } });
      const changes = decodeTensor(held.codes!, dims, held);
      for (let at = 0; at < changes.length; at++) changes[at] = changes[at]! / factors[inputs[at]!]! - values[at]!;
      const rows = channelsOf({ values: changes, dims, axis: form.weightAxis! });
      return rows.reduce((sum, row, output) => {
        poll();
        const own = Float64Array.from(row);
        return sum + dot(own, product(products![Math.floor((output * moments.groups) / rows.length)]!, own));
      }, 0);
    },
  };
}
