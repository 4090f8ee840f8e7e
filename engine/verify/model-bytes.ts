import type { Host } from '../host.ts';
import { decodeModel, encodeModel } from '../onnx/codec.ts';
import { readModel } from '../onnx/model-file.ts';
import { isExternal } from '../onnx/tensor-proto.ts';
import { tensorsOf } from '../onnx/visit.ts';

/** The file as the runtime takes it: its own bytes, or with its external data drawn in where it has some. */
export async function runnableBytes(host: Host, path: string): Promise<Uint8Array> {
  const bytes = await host.readFile(path);
  for (const tensor of tensorsOf(decodeModel(bytes))) {
    if (isExternal(tensor)) return encodeModel(await readModel(host, path));
  }
  return bytes;
}
