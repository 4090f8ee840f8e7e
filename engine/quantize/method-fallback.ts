import type { Finding } from '../findings.ts';
import { granularityOf } from '../formats/granularity.ts';
import { formatNamed } from '../formats/registry.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { seesData, type WeightMethod } from '../methods/method.ts';
import { methodNamed } from '../methods/registry.ts';
import type { Choice } from '../plan.ts';
import { type VectorShape, vectorShape } from './input-vectors.ts';
import type { IntegerForm } from './integer-form.ts';
import { byPlace, namesOf, type PlacedLayer, rangeOfPlace } from './places.ts';
import { takesFormat } from './weights.ts';

/**
 * Squares of a layer's inputs larger than this are not worked with. Moments are kept of all layers and of all groups of a
 * convolution: 64 MiB, some 2,900 inputs. Of samples one group of one layer is worked with at a time: 128 MiB, 4,096 inputs.
 */
const mostElements = { moments: 2 ** 23, samples: 2 ** 24 };

export interface LayerChoice {
  readonly node: GraphNode;
  readonly form: IntegerForm;
  readonly choice: Choice;
  readonly graph: Graph;
  /** Samples that calibration saw. */
  readonly samples: number;
}

/** Whether a method that works with the products of a layer's inputs can do so; each group of a convolution has its own. */
export function fitsMoments(
  node: GraphNode,
  form: IntegerForm,
  graph: Graph,
  needs: NonNullable<WeightMethod['needs']>,
): boolean {
  const { dims } = graph.initializers.get(node.inputs[form.weight!]!)!;
  return areFewEnough(vectorShape(node, dims, form.weightAxis!), needs);
}

/** The same of vectors. */
export function areFewEnough({ length, groups }: VectorShape, needs: NonNullable<WeightMethod['needs']>): boolean {
  return (needs === 'samples' ? 1 : groups) * length * length <= mostElements[needs];
}

/** A layer whose weights are rounded to nearest although the spec names another method, and why. */
export interface RoundedLayer extends PlacedLayer {
  readonly method: string;
  readonly why: string;
  /** The method that takes its place; absent: round to nearest. */
  readonly by?: string;
}

/** Undefined where the method of the layer works. */
export function roundedInstead(layer: LayerChoice): RoundedLayer | undefined {
  const why = obstacle(layer);
  const { node, choice } = layer;
  return why === undefined
    ? undefined
    : { name: node.name, method: choice.method!.name, why, place: choice.origin.method };
}

/**
 * The same of the weights of a layer that computes in float.
 * @param own the choice by which they got their codes
 * @param lacks moments that this choice asks for and calibration does not have
 */
export function heldRoundedInstead(
  name: string,
  choice: Choice,
  own: Choice,
  { lacks, samples }: { readonly lacks: boolean; readonly samples: number },
): RoundedLayer | undefined {
  if (choice.method === undefined) return undefined;
  const method = methodNamed(choice.method.name);
  const layer = { name, method: method.name, place: choice.origin.method };
  const untaken = notTaken(method, choice);
  if (untaken !== undefined) return { ...layer, why: untaken };
  if (!seesData(method)) return undefined;
  if (samples === 0) return { ...layer, why: 'The method needs calibration data, and there was none.' };
  if (lacks)
    return {
      ...layer,
      why: 'The method keeps a square matrix of what the weights are multiplied with: there are too many inputs, the layer has groups or three axes, or of its states the model gives the last one alone.',
    };
  if (own.method?.name === method.name) return undefined;
  const why =
    'The method goes by what a layer answers, which is not collected of layers that are quantised weight-only.';
  return { ...layer, why, ...(own.method && { by: own.method.name }) };
}

/** One finding for each place of the spec and each reason. */
export function fallbackFindings(layers: readonly RoundedLayer[]): Finding[] {
  return byPlace(layers).flatMap((placed) =>
    [...new Set(placed.map(({ why }) => why))].map((why) => {
      const same = placed.filter((layer) => layer.why === why);
      const { method, by } = same[0]!;
      return {
        code: 'quantize/method-fallback',
        severity: by ? 'information' : 'warning',
        what: `The weights of ${namesOf(same)} ${by ? `get codes by \`${by}\`` : 'are rounded to nearest'} instead of by \`${method}\`.`,
        why,
        ...rangeOfPlace(same),
      };
    }),
  );
}

function obstacle({ node, form, choice, graph, samples }: LayerChoice): string | undefined {
  if (choice.method === undefined) return undefined;
  const method = methodNamed(choice.method.name);
  const { format, granularity } = choice;
  const untaken = notTaken(method, choice);
  if (untaken !== undefined) return untaken;
  if (!seesData(method)) return undefined;
  if (samples === 0) return 'The method needs calibration data, and there was none.';
  if (method.needs === undefined) return undefined;
  const wantsChannels = method.anyFormat !== true || method.perChannel === true;
  if (wantsChannels && granularityOf(formatNamed(format), granularity) !== 'per-channel')
    return 'The method needs a scale per channel.';
  if (!fitsMoments(node, form, graph, method.needs))
    return 'The layer has too many inputs: the method keeps a square matrix of them.';
  return undefined;
}

/** Why a method does not take the format or the granularity. */
function notTaken(method: WeightMethod, choice: Choice): string | undefined {
  if (takesFormat(method, choice)) return undefined;
  const { format, granularity, scale } = choice;
  return method.anyGranularity
    ? `The method takes integers, not ${format}.`
    : `The method takes integers per tensor or per channel with float32 scales, not ${[format, granularity, scale].filter(Boolean).join(' ')}.`;
}
