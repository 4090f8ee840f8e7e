import { fail } from '../../findings.ts';
import { sha256 } from '../../hash.ts';
import type { Tensor } from '../../tensor.ts';
import { elementCount } from '../../tensor.ts';
import { openFile } from '../bytes.ts';
import { type NpyArray, openNpy } from '../numpy.ts';
import type { Reader, SampleStore, StoredSample } from '../store.ts';

/** `npy`: one array whose first dimension counts the samples. */
export const npyReader: Reader = {
  kind: 'npy',
  summary: 'a numpy array; its first dimension counts the samples',
  async open(source, { host }) {
    const file = await openFile(host, source.path);
    const name = host.path.basename(source.path);
    const array = await openNpy(file, name);
    return arrayStore(array, name.replace(/\.npy$/i, ''), async () => {
      const head = await file.read(0, Math.min(file.size, 65536));
      const tail = await file.read(Math.max(0, file.size - 65536), Math.min(file.size, 65536));
      return sha256(`npy ${file.size}`, head, tail);
    });
  },
};

const mostSamples = 10_000_000;

/** The first dimension of `array` as samples. */
export function arrayStore(array: NpyArray, name: string, fingerprint: () => Promise<string>): SampleStore {
  const [count, ...dims] = array.dims;
  const size = elementCount(dims);
  if (count === undefined) {
    fail('data/shape', `"${name}" is a single number; its first dimension must count the samples.`);
  }
  if (array.dtype === 'string' || array.dtype.startsWith('complex')) {
    fail('data/npy-type', `"${name}" holds ${array.dtype} values, which no model input takes.`, {
      fix: 'Name the array that holds the samples: array NAME.',
    });
  }
  if (size === 0 || count > mostSamples) {
    fail('data/shape', `"${name}" has the shape [${array.dims.join(', ')}], which holds no samples.`);
  }
  return {
    count,
    images: false,
    nameOf: (index) => `${name}[${index}]`,
    fingerprint,
    async sample(index): Promise<StoredSample> {
      const { data, bytes } = await array.readElements(index * size, size);
      const tensor: Tensor = { dtype: array.dtype, dims, data };
      return { bytes: [bytes], tensors: () => new Map([['', tensor]]) };
    },
  };
}
