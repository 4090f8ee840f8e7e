import { Random } from './random.ts';

/** Draws of one seed use stream 0 for the order of classes and stream 1 + (class's rank) inside a class. */
const classOrderStream = 0;

/**
 * Seeded sample of `count` candidates without replacement, stratified by class where classes are known; ascending.
 *
 * Allocation by largest remainder (Hamilton's method) in whole numbers: class c with n_c of the N candidates gets
 * ⌊count·n_c / N⌋ seats; the seats left go to the largest remainders (count·n_c mod N), ties in a seeded random order
 * of the classes (so that 100 of 500 classes with one sample each are a random 100, not the first 100). Inside a class
 * the seats are filled by Fisher-Yates from a stream of its own. Without classes: Fisher-Yates over all.
 *
 * @param candidates indices into the source, each once
 * @param classOf class of a source index; undefined draws without strata
 */
export function drawSample(
  candidates: readonly number[],
  count: number,
  seed: number,
  classOf?: (index: number) => number,
): number[] {
  if (count >= candidates.length) return ascending(candidates);
  if (classOf === undefined) return ascending(new Random(seed, 1).draw(candidates, count));

  const members = new Map<number, number[]>();
  for (const index of ascending(candidates)) {
    const label = classOf(index);
    const list = members.get(label);
    if (list === undefined) members.set(label, [index]);
    else list.push(index);
  }
  const classes = ascending([...members.keys()]);
  const seats = new Map<number, number>();
  let left = count;
  for (const label of classes) {
    const share = Math.floor((count * members.get(label)!.length) / candidates.length);
    seats.set(label, share);
    left -= share;
  }
  const remainder = (label: number) => (count * members.get(label)!.length) % candidates.length;
  const byRemainder = new Random(seed, classOrderStream).draw(classes).sort((a, b) => remainder(b) - remainder(a));
  for (const label of byRemainder.slice(0, left)) seats.set(label, seats.get(label)! + 1);

  return ascending(
    classes.flatMap((label, rank) => new Random(seed, 1 + rank).draw(members.get(label)!, seats.get(label)!)),
  );
}

/**
 * What `skip` and `take` leave of the candidates. `skip K` removes the seeded sample of K that `take K` would have
 * drawn, and `take M` draws from what remains: `take 100` in one block and `skip 100` in another with the same seed
 * are disjoint and together complete.
 */
export function selectSamples(
  candidates: readonly number[],
  options: { readonly skip?: number | undefined; readonly take?: number | undefined; readonly seed: number },
  classOf?: (index: number) => number,
): number[] {
  let remaining = ascending(candidates);
  if (options.skip !== undefined && options.skip > 0) {
    const skipped = new Set(drawSample(remaining, options.skip, options.seed, classOf));
    remaining = remaining.filter((index) => !skipped.has(index));
  }
  return options.take === undefined ? remaining : drawSample(remaining, options.take, options.seed, classOf);
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
