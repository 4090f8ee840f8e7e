import type { Host } from '../host.ts';
import { encodeModel } from '../onnx/codec.ts';
import { openModel } from '../onnx/model-file.ts';

/** The file as the runtime takes it: its own bytes, or with its external data drawn in where it has some. */
export async function runnableBytes(host: Host, path: string): Promise<Uint8Array> {
  const { proto, bytes, externalBytes } = await openModel(host, path);
  return externalBytes > 0 ? encodeModel(proto) : bytes;
}
