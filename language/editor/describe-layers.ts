import { quoteText } from '../grammar/text.ts';
import { escapeGlob } from '../selectors/glob.ts';
import { LayerSet } from '../selectors/layer-set.ts';
import { fileNetwork, layersOfOperator, type Network, pathsBetween } from '../selectors/network.ts';
import { qualifiedOperator } from '../selectors/properties.ts';
import { roles } from '../selectors/roles.ts';
import { keywordDocumentation } from './words.ts';

/** Operators that one `op` lists; a longer list says less than the names of layers. */
const mostOperators = 3;

/**
 * Heads of rules that select exactly these layers, the one that says most with least first. The last is always the list of
 * their names. Empty for no layers.
 * @param indices of layers, into the network
 */
export function describeLayers(indices: Iterable<number>, network: Network): readonly string[] {
  const all = LayerSet.of(network.layers.length, indices);
  if (all.size === 0) return [];
  const list = `layer ${[...all].map((index) => quoteText(network.layers[index]!.name)).join(', ')}`;
  // What pruning adds only names select.
  const file = fileNetwork(network);
  const layers = LayerSet.of(file.layers.length, all);
  if (all.size === 1 || layers.size < all.size) return [list];
  const selectors = layers.size === file.layers.length ? ['all'] : selectorsOf(layers, file);
  return [...selectors.map((selector) => `layers ${selector}`), list];
}

interface Term {
  readonly text: string;
  readonly selects: LayerSet;
}

/**
 * Every term selects all the layers; one that selects no other is exact, alone or narrowed by another. Of several that say the
 * same kind of thing the first exact one counts.
 */
function selectorsOf(layers: LayerSet, network: Network): readonly string[] {
  const kinds = [operatorTerm(layers, network), roleTerms(layers, network)];
  const places = [globTerms(layers, network), pathTerm(layers, network)];
  const exact = [...kinds, ...places].flatMap(
    (terms) => terms.find(({ selects }) => selects.size === layers.size) ?? [],
  );
  if (exact.length > 0) return exact.map(({ text }) => text);
  return kinds.flatMap((some) =>
    places.flatMap((others) => {
      const pairs = some.flatMap((kind) => others.map((place) => [kind, place] as const));
      const pair = pairs.find(([kind, place]) => kind.selects.intersection(place.selects).size === layers.size);
      return pair ? [`${pair[0].text} and ${pair[1].text}`] : [];
    }),
  );
}

function operatorTerm(layers: LayerSet, network: Network): readonly Term[] {
  const names = new Set<string>();
  for (const index of layers) names.add(qualifiedOperator(network.layers[index]!));
  if (names.size > mostOperators || ![...names].every(isWord)) return [];
  const selects = LayerSet.anyOf(
    layers.capacity,
    [...names].map((name) => layersOfOperator(network, name)),
  );
  return [{ text: `op ${[...names].join(', ')}`, selects }];
}

/** A model may call an operator what no word of the language spells, or what means something else there. */
function isWord(operator: string): boolean {
  return operator.split('.').every((part) => /^[A-Za-z_]\w*$/.test(part) && !Object.hasOwn(keywordDocumentation, part));
}

function roleTerms(layers: LayerSet, network: Network): readonly Term[] {
  return roles
    .filter(({ holds }) => [...layers].every((index) => holds(network.layers[index]!)))
    .map(({ name, holds }) => ({
      text: `role ${name}`,
      selects: LayerSet.where(layers.capacity, (index) => holds(network.layers[index]!)),
    }));
}

/** `"/block/2/*"`: what the names begin and end with alike, cut at whole parts of names if that selects no more. */
function globTerms(layers: LayerSet, network: Network): readonly Term[] {
  const names = [...layers].map((index) => network.layers[index]!.name);
  const shortest = Math.min(...names.map(({ length }) => length));
  const first = names[0]!;
  const alike = (at: (name: string, place: number) => string | undefined, most: number) => {
    let length = 0;
    while (length < most && names.every((name) => at(name, length) === at(first, length))) length++;
    return length;
  };
  const head = first.slice(
    0,
    alike((name, i) => name[i], shortest),
  );
  const length = alike((name, i) => name.at(-1 - i), shortest - head.length);
  const tail = length === 0 ? '' : first.slice(-length);
  const parts = [head.slice(0, head.search(/[^/._:-]*$/)), tail.slice(/^[^/._:-]*/.exec(tail)![0].length)] as const;
  // Half a character is no beginning and no end.
  const whole = [head.replace(/[\ud800-\udbff]$/, ''), tail.replace(/^[\udc00-\udfff]/, '')] as const;
  // A letter in common is chance.
  return [...new Map([parts, whole].map((ends) => [ends.join('*'), ends])).values()]
    .filter((ends) => ends.join('').length > 1)
    .map(([begin, end]) => ({
      text: quoteText(`${escapeGlob(begin)}*${escapeGlob(end)}`),
      selects: LayerSet.where(layers.capacity, (index) => {
        const { name } = network.layers[index]!;
        return name.length >= begin.length + end.length && name.startsWith(begin) && name.endsWith(end);
      }),
    }));
}

/** `from "a" to "b"`, where the layers begin with one and end with one. */
function pathTerm(layers: LayerSet, network: Network): readonly Term[] {
  if (layers.size < 3) return [];
  const outermost = (neighbours: Network['consumers']) =>
    [...layers].filter((index) => !neighbours[index]!.some((other) => layers.has(other)));
  const starts = outermost(network.producers);
  const ends = outermost(network.consumers);
  if (starts.length > 1 || ends.length > 1) return [];
  const [start, end] = [network.layers[starts[0]!]!.name, network.layers[ends[0]!]!.name];
  const selects = pathsBetween(LayerSet.of(layers.capacity, starts), LayerSet.of(layers.capacity, ends), network);
  if (![...layers].every((index) => selects.has(index))) return [];
  return [{ text: `from ${quoteText(escapeGlob(start))} to ${quoteText(escapeGlob(end))}`, selects }];
}
