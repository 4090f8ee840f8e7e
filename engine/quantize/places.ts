import type { TextRange } from '../findings.ts';

/** A layer of which something is told, and the place in the spec that decided it; by default there is none. */
export interface PlacedLayer {
  readonly name: string;
  readonly place: TextRange | undefined;
}

/** Layers that one place decided together, in the order of the first of each: a finding is about one place of the spec. */
export function byPlace<T extends PlacedLayer>(layers: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const layer of layers) {
    const key = JSON.stringify(layer.place ?? null);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(layer);
  }
  return [...groups.values()];
}

/** The `range` of a finding about these layers. */
export function rangeOfPlace([first]: readonly PlacedLayer[]): { readonly range?: TextRange } {
  return first?.place === undefined ? {} : { range: first.place };
}

/** Characters of a name in a sentence. Converters make hundreds of them, of which the ends tell layers apart. */
const longestName = 80;

function readable(name: string): string {
  if (name.length <= longestName) return name;
  const half = (longestName - 1) / 2;
  return `${name.slice(0, Math.ceil(half))}…${name.slice(-Math.floor(half))}`;
}

/** Names told of; a spec that has more of them has one fault many times. */
const mostNamed = 4;

export function namesOf(layers: readonly { readonly name: string }[]): string {
  const more = layers.length > mostNamed ? ` and ${layers.length - mostNamed} more` : '';
  return `${layers
    .slice(0, mostNamed)
    .map(({ name }) => `“${readable(name)}”`)
    .join(', ')}${more}`;
}
