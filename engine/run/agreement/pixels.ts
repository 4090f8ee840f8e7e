import type { Agreement, AgreementKind, NamedOutput } from './agreement.ts';

/** Where the classes of a pixel lie in a segmentation's output; one class: the output holds the classes themselves. */
interface PixelClasses {
  readonly pixels: number;
  readonly classes: number;
  readonly pixelStep: number;
  readonly classStep: number;
}

class PixelAgreement implements Agreement {
  readonly #where: PixelClasses;
  #alike = 0;
  #pixels = 0;

  constructor(where: PixelClasses) {
    this.#where = where;
  }

  add([reference]: readonly NamedOutput[], [candidate]: readonly NamedOutput[]): void {
    if (reference === undefined || candidate === undefined) return;
    const { pixels } = this.#where;
    for (let pixel = 0; pixel < pixels; pixel++)
      if (this.#classAt(reference.values, pixel) === this.#classAt(candidate.values, pixel)) this.#alike++;
    this.#pixels += pixels;
  }

  share(): number | undefined {
    return this.#pixels === 0 ? undefined : this.#alike / this.#pixels;
  }

  #classAt(values: ArrayLike<number>, pixel: number): number {
    const { classes, pixelStep, classStep } = this.#where;
    const at = pixel * pixelStep;
    if (classes === 1) return values[at]!;
    let best = 0;
    for (let own = 1; own < classes; own++)
      if (values[at + own * classStep]! > values[at + best * classStep]!) best = own;
    return best;
  }
}

/** Classes in the fewest of the axes behind the batch, be they first or last. */
function classesOf({ dims, integer }: NamedOutput, inputs: readonly (readonly number[])[]): PixelClasses | undefined {
  const sizes = dims.slice(1);
  const spatial = sizes.filter((size) => size > 1);
  if (dims[0] !== 1) return undefined;
  if (integer) {
    const pixels = sizes.reduce((product, size) => product * size, 1);
    return spatial.length === 2 ? { pixels, classes: 1, pixelStep: 1, classStep: 1 } : undefined;
  }
  if (sizes.length !== 3 || spatial.length !== 3) return undefined;
  const [first, middle, last] = sizes as [number, number, number];
  const classes = Math.min(first, last);
  // As many channels as the image that came in: an image again.
  if (inputs.some((input) => input.length === 4 && (input[1] === classes || input[3] === classes))) return undefined;
  return first <= last
    ? { pixels: middle * last, classes, pixelStep: 1, classStep: middle * last }
    : { pixels: first * middle, classes, pixelStep: last, classStep: 1 };
}

/** Segmentation: one class a pixel. */
export const pixels: AgreementKind = {
  name: 'pixels',
  what: 'Pixels',
  how: 'same class',
  begin([first], inputs) {
    const where = first && classesOf(first, inputs);
    return where && new PixelAgreement(where);
  },
};
