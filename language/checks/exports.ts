/** What `export` can write; the exporters themselves are the engine's. */
export interface ExportFormat {
  readonly name: string;
  readonly description: string;
  readonly styles: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly ExportOptionWord[];
}

export interface ExportOptionWord {
  readonly name: string;
  readonly description: string;
  readonly min: number;
  readonly max: number;
}

export const exportFormats: readonly ExportFormat[] = [
  {
    name: 'onnx',
    description: 'An ONNX model.',
    styles: [
      {
        name: 'qdq',
        description: 'Float operators between QuantizeLinear and DequantizeLinear; runtimes fuse them to integer ones.',
      },
      { name: 'float', description: 'The rewritten float model, weights rounded to what their codes mean.' },
    ],
    options: [
      {
        name: 'opset',
        description: 'Operator set of the exported model; per-channel scales need 13, ONNX Runtime takes up to 26.',
        min: 13,
        max: 26,
      },
    ],
  },
];
