import { fail } from '../../findings.ts';
import { Sha256 } from '../../hash.ts';
import { decodeTensor } from '../../onnx/codec.ts';
import { tensorFromProto } from '../../onnx/tensor-proto.ts';
import { throwIfCancelled } from '../../progress.ts';
import type { Tensor } from '../../tensor.ts';
import { type FoundFile, findFiles } from '../glob.ts';
import { preprocesses } from '../preprocess.ts';
import type { Reader } from '../store.ts';

const largestFile = 1024 * 1024 * 1024;

/**
 * `onnx-pb`: ONNX tensors in files. A folder with `test_data_set_*` folders holds one sample in each, `input_K.pb` for
 * the model's K-th input; any other folder or glob of `.pb` files is one sample a file. The tensors have their batch
 * dimension already.
 */
export const onnxPbReader: Reader = {
  kind: 'onnx-pb',
  summary: 'ONNX tensors: folders test_data_set_* with input_K.pb, or .pb files',
  async open(source, { host, progress, inputs }) {
    const files = await findFiles(host, source.path, (name) => name.toLowerCase().endsWith('.pb'), progress);
    const samples = groupBySample(files);
    if (samples.length === 0) {
      fail('data/empty', `"${source.path}" holds no .pb files.`, { ...(source.range && { range: source.range }) });
    }
    const shaped = preprocesses(source);
    return {
      count: samples.length,
      images: false,
      nameOf: (index) => samples[index]!.name,
      folderOf: (index) => host.path.basename(host.path.dirname(samples[index]!.files[0]!.path)),
      async fingerprint() {
        const hash = new Sha256();
        for (const file of samples.flatMap((sample) => sample.files)) {
          throwIfCancelled(progress);
          hash.update(`${file.name}:${(await host.stat(file.path))?.size}\n`);
        }
        return hash.hex();
      },
      async sample(index) {
        const { files: own } = samples[index]!;
        const bytes: Uint8Array[] = [];
        for (const file of own) {
          if (((await host.stat(file.path))?.size ?? 0) > largestFile)
            fail('data/too-large', `"${file.name}" is too large.`);
          bytes.push(await host.readFile(file.path));
        }
        const tensors = () =>
          new Map(
            own.map((file, i) => {
              const tensor = tensorFromProto(decodeTensor(bytes[i]!));
              const key = own.length === 1 ? '' : (inputs[inputNumber(file) ?? i] ?? `input_${inputNumber(file) ?? i}`);
              return [key, shaped ? withoutBatch(tensor, file.name) : tensor] as const;
            }),
          );
        return { bytes, tensors };
      },
    };
  },
};

function inputNumber(file: FoundFile): number | undefined {
  const match = /(?:^|\/)input_(\d{1,4})\.pb$/i.exec(file.name);
  return match === null ? undefined : Number(match[1]);
}

function groupBySample(files: readonly FoundFile[]): { name: string; files: FoundFile[] }[] {
  const numbered = files.filter((file) => inputNumber(file) !== undefined);
  if (numbered.length === 0) return files.map((file) => ({ name: file.name, files: [file] }));
  const groups = new Map<string, FoundFile[]>();
  for (const file of numbered) {
    const folder = file.name.slice(0, Math.max(0, file.name.lastIndexOf('/')));
    const group = groups.get(folder);
    if (group === undefined) groups.set(folder, [file]);
    else group.push(file);
  }
  const setNumber = (name: string) => Number(/(\d{1,9})$/.exec(name)?.[1] ?? 0);
  return [...groups]
    .map(([name, own]) => ({
      name: name === '' ? 'sample' : name,
      files: own.sort((a, b) => inputNumber(a)! - inputNumber(b)!),
    }))
    .sort((a, b) => setNumber(a.name) - setNumber(b.name));
}

/** Preprocessing works on single samples: its steps name no batch. */
function withoutBatch(tensor: Tensor, name: string): Tensor {
  if (tensor.dims[0] !== 1) {
    fail('data/shape', `"${name}" has the shape [${tensor.dims.join(', ')}]; only a batch of 1 can be preprocessed.`);
  }
  return { ...tensor, dims: tensor.dims.slice(1) };
}
