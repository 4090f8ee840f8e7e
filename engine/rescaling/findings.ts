import type { Finding } from '../findings.ts';
import { methodNamed } from '../methods/registry.ts';
import { byPlace, namesOf, type PlacedLayer, rangeOfPlace } from '../quantize/places.ts';
import type { Site } from './sites.ts';

/** What a rescaling says: of what was done, and of what was not. */

/** Layers that a method's factors went into, and how far these reach. */
export interface Extent {
  readonly layers: number;
  readonly least: number;
  readonly most: number;
}

export function widen(done: Map<string, Extent>, method: string, { wanting }: Site, factors: Float64Array): void {
  const known = done.get(method) ?? { layers: 0, least: Number.POSITIVE_INFINITY, most: 0 };
  done.set(method, {
    layers: known.layers + wanting.length,
    least: Math.min(known.least, ...factors),
    most: Math.max(known.most, ...factors),
  });
}

export function rescaledFinding(method: string, { layers, least, most }: Extent): Finding {
  return {
    code: 'quantize/rescaled',
    severity: 'information',
    what: `\`${method}\` scaled the input channels of ${layers} layer${layers === 1 ? '' : 's'} by factors of ${least.toPrecision(3)} to ${most.toPrecision(3)}.`,
    why: `${methodNamed(method).title} multiplies weights and divides what computes their inputs: the float model computes the same.`,
  };
}

/** Channels that stay as they are. */
export interface Refusal {
  readonly site: Site;
  /** A sentence; without its full stop where obstacles follow. */
  readonly why: string;
  /** What it is about this site in particular, as the end of a sentence. */
  readonly obstacle?: string;
}

export const nothingInFront = 'Nothing in front of them can take the factors';

/** Obstacles that a finding names. */
const mostObstacles = 3;

interface RefusedLayer extends PlacedLayer, Omit<Refusal, 'site'> {
  readonly method: string;
}

/** One finding for each place of the spec and each reason. */
export function refusalFindings(refusals: readonly Refusal[]): readonly Finding[] {
  const layers = refusals.flatMap(({ site, ...refusal }) =>
    site.wanting.map(({ name, choice }): RefusedLayer => {
      return { ...refusal, name, method: choice.method!.name, place: choice.origin.method };
    }),
  );
  return byPlace(layers).flatMap((placed) =>
    [...new Set(placed.map(({ why }) => why))].map((why) =>
      refusalFinding(
        why,
        placed.filter((layer) => layer.why === why),
      ),
    ),
  );
}

function refusalFinding(why: string, layers: readonly RefusedLayer[]): Finding {
  const obstacles = [...new Set(layers.flatMap(({ obstacle }) => obstacle ?? []))];
  const more = obstacles.length > mostObstacles ? `; and ${obstacles.length - mostObstacles} more` : '';
  return {
    code: 'quantize/not-rescaled',
    severity: 'warning',
    what: `The input channels of ${namesOf(layers)} are not scaled for \`${layers[0]!.method}\`.`,
    why: obstacles.length === 0 ? why : `${why}: ${obstacles.slice(0, mostObstacles).join('; ')}${more}.`,
    ...(why === nothingInFront && {
      fix: 'Let multiplications be inserted, `insert = 1`, or give these layers another method.',
    }),
    ...rangeOfPlace(layers),
  };
}
