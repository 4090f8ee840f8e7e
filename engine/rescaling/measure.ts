import type { Dataset } from '../data/dataset.ts';
import type { Compile, CompileOptions, ValueView } from '../executor/program.ts';
import type { Graph } from '../graph/graph.ts';
import { type Progress, throwIfCancelled } from '../progress.ts';
import { inputVectors } from '../quantize/input-vectors.ts';
import type { KeptStatistics } from '../quantize/kept-statistics.ts';
import { fitsMoments } from '../quantize/method-fallback.ts';
import { InputMoments } from '../quantize/moments.ts';
import { ChannelMagnitudes } from './channel-magnitudes.ts';
import { type Site, type WantingReader, wishOf } from './sites.ts';

export interface MeasureOptions {
  readonly compile: Compile;
  readonly options: CompileOptions;
  readonly kept: KeptStatistics;
  readonly progress?: Progress | undefined;
}

/** What calibration saw of the channels of sites. */
export interface Measured {
  /** Of what a layer reads. */
  magnitudes(layer: WantingReader): ChannelMagnitudes;
  /** Of the vectors that it multiplies; undefined where its method does not ask for them or they are too long. */
  moments(layer: WantingReader): InputMoments | undefined;
}

/**
 * Streams the data once through the float model, unless everything is kept of an earlier run. State: two numbers a channel, and the
 * products of inputs where they are asked for.
 */
export async function measureSites(
  graph: Graph,
  sites: readonly Site[],
  dataset: Dataset,
  { compile, options, kept, progress }: MeasureOptions,
): Promise<Measured> {
  const magnitudes = new Map<string, ChannelMagnitudes>();
  const moments = new Map<string, InputMoments>();
  const fresh: (() => void)[] = [];
  const watching = new Map<string, { update(view: ValueView): void }[]>();
  const watch = (value: string, state: { update(view: ValueView): void }) =>
    watching.set(value, [...(watching.get(value) ?? []), state]);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  for (const layer of sites.flatMap(({ wanting }) => wanting)) {
    const { demand, channels, name, form, choice } = layer;
    const axis = demand.axes[0]!;
    const place = `${axis} ${demand.value}`;
    if (!magnitudes.has(place)) {
      const state = new ChannelMagnitudes(channels, axis);
      magnitudes.set(place, state);
      const known = kept.channels(demand.value, axis);
      if (known !== undefined) state.restore(known);
      else {
        watch(demand.value, state);
        fresh.push(() => kept.addChannels(demand.value, axis, state.save()));
      }
    }
    const node = nodes.get(name)!;
    const key = momentsKey(layer);
    if (!wishOf(choice)?.rescaling.needsError || moments.has(key) || !fitsMoments(node, form, graph, 'moments'))
      continue;
    const { dims } = graph.initializers.get(node.inputs[form.weight!]!)!;
    const state = new InputMoments(inputVectors(node, dims, form));
    moments.set(key, state);
    watch(demand.value, { update: (view) => state.update(demand.value, view) });
  }
  if (watching.size > 0) {
    const program = await compile(graph, { ...options, observed: [...watching.keys()] });
    try {
      for (let index = 0; index < dataset.length; index++) {
        throwIfCancelled(progress);
        await program.run(await dataset.sample(index), {
          observe(value, view) {
            for (const state of watching.get(value) ?? []) state.update(view);
          },
        });
        progress?.report('rescale', index + 1, dataset.length);
      }
    } finally {
      program.dispose();
    }
    for (const keep of fresh) keep();
    await kept.save();
  }
  return {
    magnitudes: ({ demand }) => magnitudes.get(`${demand.axes[0]!} ${demand.value}`)!,
    moments: (layer) => moments.get(momentsKey(layer)),
  };
}

/** Products of one value share its rows; each convolution has patches of its own. */
function momentsKey({ demand, name, op }: Pick<WantingReader, 'demand' | 'name' | 'op'>): string {
  return op === 'Conv' ? `layer ${name}` : `value ${demand.value}`;
}
