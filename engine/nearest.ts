/**
 * Edit distance with transpositions (optimal string alignment; Damerau 1964), or `limit + 1` as soon as it is sure to
 * exceed `limit`. O(length · limit) time.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const far = limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => (j <= limit ? j : far));
  for (let i = 1; i <= a.length; i++) {
    const row = new Array<number>(b.length + 1).fill(far);
    if (i <= limit) row[0] = i;
    let smallest = row[0]!;
    for (let j = Math.max(1, i - limit); j <= Math.min(b.length, i + limit); j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(last[j - 1]! + (same ? 0 : 1), last[j]! + 1, row[j - 1]! + 1);
      if (
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      ) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row[j] = Math.min(cost, far);
      smallest = Math.min(smallest, row[j]!);
    }
    if (smallest > limit) return far;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The candidate that a person most likely meant by `word`, or undefined when none is near: a third of the letters may
 * differ. Case alone is no difference. Of equally near ones the first listed wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > longestWord) return undefined;
  const lower = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word || candidate.length > longestWord) continue;
    // A distance equal to the whole word's length would turn `x` into any one-letter name.
    const bound = Math.min(bestDistance - 1, word.length - 1, candidate.length);
    if (bound < 0) break;
    const distance = editDistance(lower, candidate.toLowerCase(), bound);
    if (distance <= bound) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Beyond this a name is no misspelling, and comparing it with ten thousand others would be felt. */
const longestWord = 256;

/** `Did you mean "x"?` and the replacement for a quick fix, or a list of what there is. */
export function suggestion(
  word: string,
  candidates: readonly string[],
  quote: (name: string) => string = (name) => `\`${name}\``,
): { fix?: string; replacement?: string } {
  const best = nearest(word, candidates);
  if (best !== undefined) return { fix: `Did you mean ${quote(best)}?`, replacement: best };
  if (candidates.length === 0) return {};
  const shown = candidates.slice(0, 12).map(quote).join(', ');
  return { fix: `There ${candidates.length === 1 ? 'is' : 'are'} ${shown}${candidates.length > 12 ? ', …' : ''}.` };
}
