import { decodeImage } from '../../data/image.ts';
import { channelStep } from '../../data/image-steps.ts';
import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Operator } from '../operator.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { inputType, requireRank, valueType } from '../shared/types.ts';

/**
 * An image file's bytes [length] as pixels [height, width, channels] of uint8. Formats are those of `engine/data/image.ts`;
 * any other is the finding `data/image-format`.
 */
export const imageDecoder: Operator = {
  op: 'ImageDecoder',
  domain: '',
  opsets: [20, newestOpset],
  infer(node, context) {
    const x = inputType(node, 0, context);
    requireRank(node, 'The input', x, 1);
    if (x.dtype !== 'uint8') fail('model/type', `${describe(node)} is given ${x.dtype}, not the bytes of a file.`);
    return [valueType('uint8', [undefined, undefined, pixelFormat(node) === 'gray' ? 1 : 3])];
  },
  evaluate(node, [bytes]) {
    const { dims, data } = decodeImage(bytes!.data as Uint8Array, node.name);
    const [height, width, channels] = dims as [number, number, number];
    const pixels = channelStep(
      { height, width, channels, data: data as Uint8Array },
      pixelFormat(node),
      describe(node),
    );
    return [{ dtype: 'uint8', dims: [pixels.height, pixels.width, pixels.channels], data: pixels.data }];
  },
};

const formats = { RGB: 'rgb', BGR: 'bgr', Grayscale: 'gray' } as const;

function pixelFormat(node: GraphNode): 'rgb' | 'bgr' | 'gray' {
  const format = stringAttribute(node, 'pixel_format', 'RGB');
  if (!Object.hasOwn(formats, format))
    fail(
      'model/attribute',
      `${describe(node)} asks for pixels as “${format}”; there are ${Object.keys(formats).join(', ')}.`,
    );
  return formats[format as keyof typeof formats];
}
