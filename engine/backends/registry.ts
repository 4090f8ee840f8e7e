import { academic } from './academic.ts';
import { acl } from './acl.ts';
import type { Backend } from './backend.ts';
import { fbgemm } from './fbgemm.ts';
import { onnxruntime } from './onnxruntime.ts';
import { onnxruntimeAvx2 } from './onnxruntime-avx2.ts';
import { snpe } from './snpe.ts';
import { tensorrt } from './tensorrt.ts';
import { tvm } from './tvm.ts';

/** Every backend: one file and one line here. The first places quantisers where a spec names none. */
export const backends: readonly Backend[] = [onnxruntime, onnxruntimeAvx2, tensorrt, acl, tvm, snpe, fbgemm, academic];

const byName = new Map(backends.map((backend) => [backend.name, backend]));

/** The backend of a plan; one that names none is placed as ONNX Runtime fuses it. */
export function backendNamed(name: string | undefined): Backend {
  return byName.get(name ?? '') ?? backends[0]!;
}
