import { fail } from '../../findings.ts';
import { Sha256 } from '../../hash.ts';
import { throwIfCancelled } from '../../progress.ts';
import { findFiles } from '../glob.ts';
import { decodeImage, imageFormats } from '../image.ts';
import type { Reader } from '../store.ts';

const largestImageFile = 256 * 1024 * 1024;

/** `images`: the PNG, JPEG, BMP and PNM files of a folder (with the folders in it) or of a glob, sorted by name. */
export const imagesReader: Reader = {
  kind: 'images',
  summary: 'PNG, JPEG, BMP and PNM files of a folder or a glob',
  async open(source, { host, progress }) {
    const extensions = new Set(imageFormats.flatMap((format) => format.extensions));
    const isImage = (name: string) => extensions.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());
    const files = await findFiles(host, source.path, isImage, progress);
    if (files.length === 0) {
      fail('data/empty', `"${source.path}" holds no images.`, {
        fix: `Files that end in ${[...extensions].map((extension) => `.${extension}`).join(', ')} are read.`,
        ...(source.range && { range: source.range }),
      });
    }
    const sizeOf = async (path: string) => (await host.stat(path))?.size ?? -1;
    return {
      count: files.length,
      images: true,
      nameOf: (index) => files[index]!.name,
      folderOf: (index) => host.path.basename(host.path.dirname(files[index]!.path)),
      /** Names and sizes: reading every image to know a folder again would take minutes. */
      async fingerprint() {
        const hash = new Sha256();
        for (const file of files) {
          throwIfCancelled(progress);
          hash.update(`${file.name}:${await sizeOf(file.path)}\n`);
        }
        return hash.hex();
      },
      async sample(index) {
        const { path, name } = files[index]!;
        if ((await sizeOf(path)) > largestImageFile) fail('data/too-large', `The image "${name}" is too large.`);
        const bytes = await host.readFile(path);
        return { bytes: [bytes], tensors: () => new Map([['', decodeImage(bytes, name)]]) };
      },
    };
  },
};
