import { Random } from '../data/random.ts';
import type { Compile } from '../executor/program.ts';
import { batchSize, channelsFirst } from '../gradients/batches.ts';
import { MatrixProducts } from '../gradients/matrix-products.ts';
import { Network, type NoGradient } from '../gradients/network.ts';
import type { Graph } from '../graph/graph.ts';
import { slice } from '../graph/slice.ts';
import type { WeightCodes } from '../methods/method.ts';
import { Breather, type Progress } from '../progress.ts';
import type { Tensor } from '../tensor.ts';
import { LearnedLayer, type LearnedWeights } from './learned-layer.ts';

/** Multiplications of a forward run of all samples that are learned from; where they are more, fewer samples are. */
const passProducts = 2e8;
/** Every so many samples one is kept to judge by. */
const judgeEvery = 5;
/** Times that signs are sent back from the output of each batch. */
const probes = 4;
/** A move that does not help is tried on so many smaller scales, each a quarter of the one before. */
const mostTries = 5;
/** Steps without a better judgement before the work ends. */
const patience = 6;

export interface StretchOptions {
  readonly compile: Compile;
  readonly mode: 'strict' | 'relaxed';
  readonly steps: number;
  readonly seed: number;
  readonly progress?: Progress | undefined;
  /** Called before each step. */
  onStep?(step: number): void;
}

/** Values of a stretch for each sample: what the compressed layers before it give, and what the float model has behind it. */
export interface StretchSamples {
  readonly input: string;
  readonly output: string;
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
}

/**
 * Codes, scales and biases of a stretch's layers that bring its output closer to the float model's: the objective of block
 * reconstruction (BRECQ, Li et al. 2021). The error's slopes go back through all layers, activations rounded as in the simulation
 * (straight-through); its curvature along each parameter is that of Gauss and Newton, estimated by random signs sent back from the
 * output (Hutchinson 1989). By turns, each output channel moves the code that promises most by a step, and all scales and biases
 * move towards the minimum of their parabolas. A step that does not lessen the error on all samples is made smaller. Of all states
 * the one stays that is best on samples that nothing was learned from.
 * @param simulated with the layers' codes as they are
 * @returns codes by layer; none where the ones that were given are best
 */
export async function learnStretch(
  simulated: Graph,
  { input, output, inputs, targets }: StretchSamples,
  given: readonly LearnedWeights[],
  { compile, mode, steps, seed, progress, onStep }: StretchOptions,
): Promise<ReadonlyMap<string, WeightCodes> | NoGradient> {
  const part = slice(simulated, new Set([input]), [output]);
  const products = new MatrixProducts(compile, mode);
  try {
    const single = Network.of(part, inputs[0]!.dims, products);
    if (!(single instanceof Network)) return single;
    const samples = Math.max(2, Math.min(inputs.length, Math.floor(passProducts / single.products)));
    const { learners, judges } = divided(samples);
    const batch = batchSize(single.products, Math.min(judges.length, learners.length));
    const network = Network.of(part, [batch, ...inputs[0]!.dims.slice(1)], products) as Network;
    const layers = given.map((weights) => new LearnedLayer(weights, network.layers.get(weights.name)!));
    const breather = new Breather(progress);

    /** Visits whole batches of the chosen samples with the difference from the float model; its squares a sample. */
    const pass = async (chosen: readonly number[], visit?: (difference: Float32Array) => Promise<void>) => {
      let error = 0;
      const batches = Math.floor(chosen.length / batch);
      for (let i = 0; i < batches; i++) {
        await breather.pause();
        const own = chosen.slice(i * batch, (i + 1) * batch);
        const difference = (await network.forward(channelsFirst(own.map((index) => inputs[index]!)))).get(output)!;
        const wanted = channelsFirst(own.map((index) => targets[index]!));
        for (let k = 0; k < difference.length; k++) {
          difference[k]! -= wanted[k]!;
          error += difference[k]! * difference[k]!;
        }
        await visit?.(difference);
      }
      return error / (batches * batch);
    };

    const signs = new Random(seed);
    await pass(learners, async (difference) => {
      for (let probe = 0; probe < probes; probe++) {
        for (let k = 0, bits = 0; k < difference.length; k++, bits >>>= 1) {
          if (k % 32 === 0) bits = signs.next();
          difference[k] = bits & 1 ? 1 : -1;
        }
        await network.backward(difference);
        for (const layer of layers) layer.addCurvature(1 / probes);
      }
    });
    for (const layer of layers) layer.smoothCurvature();
    let error = await pass(learners);
    let best = { judged: await pass(judges), states: layers.map((layer) => layer.state()), since: 0 };
    const start = best;
    const size = { codes: 1, scales: 1 };
    let codesMove = true;
    for (let step = 0; step < steps && best.since < patience; step++) {
      const kind = step % 2 === 0 || !codesMove ? 'scales' : 'codes';
      onStep?.(step);
      for (const layer of layers) layer.clearSlopes();
      await pass(learners, async (difference) => {
        for (let k = 0; k < difference.length; k++) difference[k]! *= 2;
        await network.backward(difference);
        for (const layer of layers) layer.addSlopes();
      });
      const before = layers.map((layer) => layer.state());
      let helps = false;
      for (let attempt = 0; attempt < mostTries && !helps; attempt++) {
        move(layers, kind, size[kind]);
        const own = await pass(learners);
        helps = own < error;
        if (helps) error = own;
        else for (const [i, layer] of layers.entries()) layer.restore(before[i]!);
        size[kind] = helps ? Math.min(1, 1.5 * size[kind]) : size[kind] / 4;
      }
      // Where no single code helps, none will for the small steps of scales that follow.
      if (kind === 'codes' && !helps) codesMove = false;
      if (kind === 'scales' && !helps && !codesMove) break;
      const judged = await pass(judges);
      if (judged < best.judged) best = { judged, states: layers.map((layer) => layer.state()), since: 0 };
      else best = { ...best, since: best.since + 1 };
    }
    if (best.judged === start.judged) return new Map();
    for (const [i, layer] of layers.entries()) layer.restore(best.states[i]!);
    return new Map(layers.map((layer) => [layer.name, layer.result()]));
  } finally {
    products.dispose();
  }
}

/** Samples to learn from and samples to judge by; of few all are both. */
function divided(samples: number): { readonly learners: readonly number[]; readonly judges: readonly number[] } {
  const all = Array.from({ length: samples }, (_, i) => i);
  const isJudge = (index: number) => index % judgeEvery === judgeEvery - 1;
  return samples < 2 * judgeEvery
    ? { learners: all, judges: all }
    : { learners: all.filter((index) => !isJudge(index)), judges: all.filter(isJudge) };
}

function move(layers: readonly LearnedLayer[], kind: 'codes' | 'scales', size: number): void {
  if (kind === 'scales') {
    for (const layer of layers) layer.moveScales(size / 2);
    return;
  }
  const moves = layers.flatMap((layer) => layer.codeMoves().map((own) => ({ ...own, layer })));
  moves.sort((a, b) => b.gain - a.gain);
  for (const { layer, at, by } of moves.slice(0, Math.ceil(size * moves.length))) layer.moveCode(at, by);
}
