import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from '../../../engine/onnx/codec.ts';
import { onnx } from '../../../engine/onnx/proto.ts';
import { modelProto, node } from '../graph/protos.ts';

/** Rows and columns of every weight: 64 MiB of float32. */
export const width = 4096;

/**
 * Writes a chain of `layers` products of width 4096 into `folder`, its weights in `weights.bin`: a sparse file, which takes no
 * room on the disk, with numbers in the first row of every weight. 48 layers are 3 GiB. Returns the model's path.
 */
export function writeLargeModel(folder: string, layers: number): string {
  const bytes = 4 * width * width;
  const data = join(folder, 'weights.bin');
  writeFileSync(data, '');
  truncateSync(data, layers * bytes);
  const handle = openSync(data, 'r+');
  const row = Float32Array.from({ length: width }, (_, i) => Math.sin(i + 1));
  for (let layer = 0; layer < layers; layer++) writeSync(handle, row, 0, row.byteLength, layer * bytes);
  closeSync(handle);

  const names = Array.from({ length: layers }, (_, layer) => `layer${layer}`);
  const proto = modelProto({
    nodes: names.map((name, i) => node('MatMul', `${i === 0 ? 'x' : `y${i - 1}`} ${name}.weight`, `y${i}`, {}, name)),
    inputs: { x: ['batch', width] },
    outputs: [`y${layers - 1}`],
  });
  proto.graph!.initializer = names.map((name, layer) => {
    const entries = { location: 'weights.bin', offset: String(layer * bytes), length: String(bytes) };
    return new onnx.TensorProto({
      name: `${name}.weight`,
      dims: [width, width],
      data_type: 1,
      data_location: onnx.TensorProto.DataLocation.EXTERNAL,
      external_data: Object.entries(entries).map(([key, value]) => new onnx.StringStringEntryProto({ key, value })),
    });
  });
  const path = join(folder, 'large.onnx');
  writeFileSync(path, encodeModel(proto));
  return path;
}
