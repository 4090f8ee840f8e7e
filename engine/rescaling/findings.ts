import type { Finding } from '../findings.ts';
import { methodNamed } from '../methods/registry.ts';
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
  /** A sentence. */
  readonly why: string;
  /** What it is about this site in particular, as the end of a sentence. */
  readonly obstacle?: string;
}

export const nothingInFront = 'Nothing in front of them can take the factors';
/** Layers and obstacles that a finding names. */
const mostNamed = 3;

/** One finding for each method and reason. */
export function refusalFindings(refusals: readonly Refusal[]): readonly Finding[] {
  const alike = new Map<string, Refusal[]>();
  for (const refusal of refusals) {
    const key = `${refusal.site.wanting[0]!.choice.method!.name} ${refusal.why}`;
    alike.set(key, [...(alike.get(key) ?? []), refusal]);
  }
  return Array.from(alike.values(), (group): Finding => {
    const [{ site, why }] = group as [Refusal];
    const names = group.flatMap(({ site: { wanting } }) => wanting.map(({ name }) => `“${name}”`));
    const obstacles = new Set(group.flatMap(({ obstacle }) => obstacle ?? []));
    return {
      code: 'quantize/not-rescaled',
      severity: 'warning',
      what: `The input channels of ${listed(names, ', ')} are not scaled for \`${site.wanting[0]!.choice.method!.name}\`.`,
      why: obstacles.size === 0 ? why : `${why}: ${listed([...obstacles], '; ')}.`,
      ...(why === nothingInFront && {
        fix: 'Let multiplications be inserted, `insert = 1`, or give these layers another method.',
      }),
    };
  });
}

function listed(items: readonly string[], separator: string): string {
  const named = items.slice(0, mostNamed).join(separator);
  return items.length > mostNamed ? `${named} and ${items.length - mostNamed} more` : named;
}
