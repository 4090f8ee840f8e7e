import type { Agreement, AgreementKind, NamedOutput } from './agreement.ts';

/** A box counts from this score on, and two are the same from this overlap (intersection over union) on. */
const leastScore = 0.5;
const leastOverlap = 0.5;
/** Boxes of a sample that are looked at, the surest first. */
const mostBoxes = 1000;

interface Detection {
  /** Two opposite corners; which axis comes first changes no overlap. */
  readonly box: readonly [number, number, number, number];
  readonly class: number;
  readonly score: number;
  /** Position in the outputs. */
  readonly at: number;
}

/**
 * Which outputs hold boxes `[1, boxes, 4]`, and scores of theirs: one `[1, boxes, classes]`, or that and others of one class each
 * (objectness), whose geometric mean counts. A network that looks at several scales has several of them.
 */
interface Head {
  readonly boxes: number;
  readonly scores: number;
  readonly objectness: readonly number[];
  readonly classes: number;
  /** The first class that is not the background. */
  readonly foreground: number;
}

/** Twice what both have over what either has: 1 where they find the same, 0 where they share nothing. */
class DetectionAgreement implements Agreement {
  readonly #found: (outputs: readonly NamedOutput[]) => readonly Detection[];
  readonly #same: (a: Detection, b: Detection) => number;
  #shared = 0;
  #all = 0;

  /** @param same how well two detections of a class match: more is better, 0 not at all */
  constructor(
    found: (outputs: readonly NamedOutput[]) => readonly Detection[],
    same: (a: Detection, b: Detection) => number,
  ) {
    this.#found = found;
    this.#same = same;
  }

  add(reference: readonly NamedOutput[], candidate: readonly NamedOutput[]): void {
    const before = this.#found(reference);
    const left = [...this.#found(candidate)];
    this.#all += before.length + left.length;
    for (const detection of before) {
      const scores = left.map((other) => (other.class === detection.class ? this.#same(detection, other) : 0));
      const best = Math.max(0, ...scores);
      if (best === 0) continue;
      left.splice(scores.indexOf(best), 1);
      this.#shared += 2;
    }
  }

  share(): number | undefined {
    return this.#all === 0 ? undefined : this.#shared / this.#all;
  }
}

function headsOf(outputs: readonly NamedOutput[]): readonly Head[] {
  return outputs.flatMap(({ dims }, boxes): Head[] => {
    if (dims.length !== 3 || dims[0] !== 1 || dims[1]! < 2 || dims[2] !== 4) return [];
    const found = [...outputs.keys()].filter((i) => {
      const other = outputs[i]!;
      return i !== boxes && other.dims[0] === 1 && other.dims[1] === dims[1] && areScores(other);
    });
    const classesOf = (i: number) => outputs[i]!.dims[2] ?? 1;
    const scores = found.find((i) => classesOf(i) > 1) ?? found[0];
    if (scores === undefined) return [];
    const classes = classesOf(scores);
    const objectness = found.filter((i) => i !== scores && classesOf(i) === 1);
    return [{ boxes, scores, objectness, classes, foreground: areShares(outputs[scores]!.values, classes) ? 1 : 0 }];
  });
}

function areScores({ values, dims, integer }: NamedOutput): boolean {
  if (integer || dims.length < 2 || dims.length > 3) return false;
  return Array.prototype.every.call(values, (value: number) => value >= 0 && value <= 1);
}

/** Every position's scores add up to 1, as a Softmax makes them: then the first class is that there is nothing. */
function areShares(values: ArrayLike<number>, classes: number): boolean {
  if (classes < 2) return false;
  for (let from = 0; from < values.length; from += classes) {
    let sum = 0;
    for (let i = from; i < from + classes; i++) sum += values[i]!;
    if (Math.abs(sum - 1) > 0.01) return false;
  }
  return true;
}

/** Boxes as two corners, the second behind the first; what a network says relative to its anchors is as often the other way round. */
function areCorners({ values }: NamedOutput): boolean {
  let ordered = 0;
  for (let i = 0; i < values.length; i += 4)
    if (values[i + 2]! > values[i]! && values[i + 3]! > values[i + 1]!) ordered++;
  return ordered >= 0.95 * (values.length / 4);
}

/** Positions whose best class is sure enough, the surest first. */
function fired(outputs: readonly NamedOutput[], heads: readonly Head[]): Detection[] {
  const found: Detection[] = [];
  let before = 0;
  for (const { boxes, scores, objectness, classes, foreground } of heads) {
    const [all, box] = [outputs[scores]?.values ?? [], outputs[boxes]?.values ?? []];
    const others = objectness.map((i) => outputs[i]?.values ?? []);
    const count = all.length / classes;
    for (let at = 0; at < count; at++) {
      let best = foreground;
      for (let own = foreground + 1; own < classes; own++)
        if (all[at * classes + own]! > all[at * classes + best]!) best = own;
      const product = others.reduce((score, values) => score * values[at]!, all[at * classes + best]!);
      const score = product ** (1 / (1 + others.length));
      if (!(score >= leastScore)) continue;
      const [a, b, c, d] = [0, 1, 2, 3].map((i) => box[4 * at + i]!) as [number, number, number, number];
      found.push({ box: [a, b, c, d], class: best, score, at: before + at });
    }
    before += count;
  }
  return found.sort((a, b) => b.score - a.score || a.at - b.at).slice(0, mostBoxes);
}

/** Of boxes of a class that overlap the surest stays. */
function withoutDoubles(found: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const own of found)
    if (!kept.some((other) => other.class === own.class && overlap(own, other) >= leastOverlap)) kept.push(own);
  return kept;
}

function overlap({ box: [a0, a1, a2, a3] }: Detection, { box: [b0, b1, b2, b3] }: Detection): number {
  const shared = Math.max(0, Math.min(a2, b2) - Math.max(a0, b0)) * Math.max(0, Math.min(a3, b3) - Math.max(a1, b1));
  const both = (a2 - a0) * (a3 - a1) + (b2 - b0) * (b3 - b1) - shared;
  return both > 0 ? shared / both : 0;
}

/** Detectors whose boxes come as corners. */
export const detections: AgreementKind = {
  name: 'detections',
  what: 'Detections',
  how: `same class, boxes that overlap by ${leastOverlap}, scores from ${leastScore}`,
  begin(outputs) {
    const heads = headsOf(outputs);
    if (heads.length === 0 || !heads.every(({ boxes }) => areCorners(outputs[boxes]!))) return undefined;
    const same = (a: Detection, b: Detection) => {
      const own = overlap(a, b);
      return own >= leastOverlap ? own : 0;
    };
    return new DetectionAgreement((found) => withoutDoubles(fired(found, heads)), same);
  },
};

/** Detectors whose boxes are relative to anchors: which anchors fire. */
export const anchors: AgreementKind = {
  name: 'anchors',
  what: 'Anchors that fire',
  how: `same class, scores from ${leastScore}`,
  begin(outputs) {
    const heads = headsOf(outputs);
    if (heads.length === 0) return undefined;
    return new DetectionAgreement(
      (found) => fired(found, heads),
      (a, b) => (a.at === b.at ? 1 : 0),
    );
  },
};
