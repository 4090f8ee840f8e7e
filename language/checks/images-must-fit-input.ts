import { fitShape, linesThatFit } from '../../engine/data/fit.ts';
import type { DataSource } from '../../engine/plan.ts';
import type { Dimension } from '../../engine/tensor.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { dataSourceOf, nameValue, optionsOf } from '../resolve/data.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';
import { optionKeywords } from './data-options.ts';

/** Where `crop` or `resize` fixes the size of images, it is that of the model's input; `layout` puts their axes in its order. */
export const imagesMustFitInput: Check = {
  code: 'data/shape',
  severity: 'error',
  section: 'data',
  what: 'Images that do not have the shape of the input after `resize`, `crop`, `channels` and `layout`.',
  why: 'The run would end at the first sample.',
  fix: 'The finding names the lines that make them fit.',
  example: 'data calibration images "calib/" { crop 64 layout nhwc to nchw }',
  needs: 'model',
  *remarks({ ast, definitions, model, absolute }) {
    if (!model) return;
    for (const statement of statementsOf(ast, 'DataStatement')) {
      if (statement.kind?.text !== 'images' || !statement.path) continue;
      const options = optionsOf(statement, definitions);
      const name = nameValue(options.InputOption?.name);
      const input = model.inputs.find(
        (known) => known.name === name || (name === undefined && model.inputs.length === 1),
      );
      if (!input?.shape) continue;
      const wanted = input.shape.map((dimension) => dimension ?? undefined);
      const shapes = shapesOf(dataSourceOf(statement, definitions, absolute));
      const [sample] = shapes;
      if (!sample || shapes.some((shape) => fitShape(shape, wanted) !== undefined)) continue;
      const own = [options.CropOption, options.ResizeOption, options.LayoutOption].find(
        (option) => option?.$container === statement,
      );
      // What crops last is what has the wrong size.
      const lines = linesThatFit(sample, wanted, true).map((line) =>
        options.CropOption ? line.replace(/^resize/, 'crop') : line,
      );
      const [line] = lines;
      const mends = lines.length === 1 && own !== undefined && line!.startsWith(`${optionKeywords[own.$type]} `);
      yield {
        what: `These images are [${sample.join(', ')}], and the input \`${input.name}\` is [${wanted.map(shownSide).join(', ')}].`,
        ...(lines.length > 0 ? { fix: `Write ${lines.map((line) => `\`${line}\``).join(' and ')}.` } : {}),
        ...(mends ? { replacement: line! } : {}),
        range: rangeOf(own ?? statement.name),
      };
    }
  },
};

function shownSide(side: Dimension): string {
  return String(side ?? '?');
}

/** Shapes that a sample can have, as far as the spec fixes them: images have one or three channels unless it says. */
function shapesOf({ crop, resize, channels, layout }: DataSource): readonly (readonly number[])[] {
  const size = crop ?? (resize?.kind === 'exact' ? resize : undefined);
  if (!size) return [];
  const [from, to] = [layout?.from ?? 'hwc', layout?.to ?? 'hwc'].map((letters) => letters.replace('n', ''));
  if (from !== 'hwc' || [...to!].sort().join('') !== 'chw') return [];
  const counts = channels === undefined ? [3, 1] : channels === 'gray' ? [1] : [3];
  return counts.map((count) => {
    const sides: Readonly<Record<string, number>> = { h: size.height, w: size.width, c: count };
    return [...to!].map((letter) => sides[letter]!);
  });
}
