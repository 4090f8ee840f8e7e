import { fail } from '../findings.ts';
import type { Host } from '../host.ts';
import { encodeModel } from '../onnx/codec.ts';
import { openModel } from '../onnx/model-file.ts';
import { messageLimit } from '../onnx/wire.ts';

/** The file as the runtime takes it: its own bytes, or with its external data drawn in where it has some. */
export async function runnableBytes(host: Host, path: string): Promise<Uint8Array> {
  const { proto, bytes, externalBytes } = await openModel(host, path);
  if (externalBytes + bytes.length > messageLimit) {
    fail('verify/too-large', 'The model is too large to be run in ONNX Runtime here.', {
      file: path,
      why: 'onnxruntime-web takes a model as one message of at most 2 GiB.',
      fix: 'Run it in the runtime that it is meant for.',
    });
  }
  return externalBytes > 0 ? encodeModel(proto) : bytes;
}
