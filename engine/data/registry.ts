import { imagesReader } from './readers/images.ts';
import { npyReader } from './readers/npy.ts';
import { npzReader } from './readers/npz.ts';
import { onnxPbReader } from './readers/onnx-pb.ts';
import type { Reader } from './store.ts';

/** Every kind of data a spec may name. A new one is a file in `readers/` and a line here. */
export const readers: readonly Reader[] = [imagesReader, npzReader, npyReader, onnxPbReader];
