import { type Container, containers } from '../../engine/formats/carrier.ts';
import type { Limit } from '../../engine/quantize/limits.ts';
import { qdqLimits } from '../../engine/readings/qdq-limits.ts';

/** What `export` can write; the exporters themselves are the engine's. */
export interface ExportFormat {
  readonly name: string;
  readonly description: string;
  readonly styles: readonly ExportStyle[];
  readonly options: readonly ExportOptionWord[];
}

export interface ExportStyle {
  readonly name: string;
  readonly description: string;
  /** What of it the runtime that exports are verified in does not compute in integers. */
  readonly limits: readonly Limit[];
}

/** An option takes whole numbers from `min` to `max`, or one of `words`. */
export type ExportOptionWord = {
  readonly name: string;
  readonly description: string;
  /** The only style that has it; absent: every style of the format. */
  readonly style?: string;
} & (
  | { readonly min: number; readonly max: number; readonly words?: never }
  | { readonly words: readonly { readonly name: string; readonly description: string }[] }
);

const containerTexts: Readonly<Record<Container, string>> = {
  int8: 'A byte a code, which ONNX Runtime fuses to integer operators.',
  packed:
    'Weights in as many bits as a code has; the file unpacks them, and ONNX Runtime fuses them to integer operators all the same.',
  typed: 'The narrowest type of ONNX, which ONNX Runtime computes in float where it is narrower than a byte.',
};

export const exportFormats: readonly ExportFormat[] = [
  {
    name: 'onnx',
    description: 'An ONNX model.',
    styles: [
      {
        name: 'qdq',
        description: 'Float operators between QuantizeLinear and DequantizeLinear; runtimes fuse them to integer ones.',
        limits: qdqLimits,
      },
      {
        name: 'float',
        description: 'The rewritten float model, weights rounded to what their codes mean.',
        limits: [],
      },
    ],
    options: [
      {
        name: 'opset',
        description: 'Operator set of the exported model; per-channel scales need 13, ONNX Runtime takes up to 26.',
        min: 13,
        max: 26,
      },
      {
        name: 'container',
        description:
          'How integers of fewer than 8 bits are written, with the same codes; without it in the type of ONNX that has as many bits, or packed where there is none.',
        style: 'qdq',
        words: containers.map((name) => ({ name, description: containerTexts[name] })),
      },
    ],
  },
];
