import { readFileSync } from 'node:fs';
import { gunzipSync } from 'fflate';
import { shared } from '../shared.ts';

/** One case of the ONNX operator suite: a model and sets of inputs with the outputs that it must give. */
export interface ConformanceCase {
  /** `test_abs`, … */
  readonly name: string;
  /** `node`, `simple`, `light`, `pytorch-converted`, `pytorch-operator`. */
  readonly suite: string;
  readonly model: Uint8Array;
  /** `input_0.pb`, … in order, each a TensorProto, SequenceProto or OptionalProto as the model's types say. */
  readonly sets: readonly { readonly inputs: readonly Uint8Array[]; readonly outputs: readonly Uint8Array[] }[];
}

let opened: readonly ConformanceCase[] | undefined;

/**
 * All cases of `onnx-node/onnx-node-tests.tar.gz` of the shared material, sorted by suite and name; none where it is
 * absent. The archive is unpacked once a process, in memory.
 */
export function conformanceCases(): readonly ConformanceCase[] {
  const archive = shared('onnx-node', 'onnx-node-tests.tar.gz');
  if (archive === undefined) return [];
  opened ??= casesOf(readTar(gunzipSync(readFileSync(archive))));
  return opened;
}

/** Those that come with inputs and outputs: the models of the suite `light` do not; test/engine/graph infers their shapes. */
export function casesWithData(): readonly ConformanceCase[] {
  return conformanceCases().filter(({ sets }) => sets.length > 0);
}

function casesOf(files: ReadonlyMap<string, Uint8Array>): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const [path, model] of files) {
    const [, suite, name] =
      /^data\/([^/]+)\/(.+)\/model\.onnx$/.exec(path) ?? /^data\/(light)\/(.+)\.onnx$/.exec(path) ?? [];
    if (suite === undefined || name === undefined) continue;
    const sets = [];
    for (let index = 0; ; index++) {
      const folder = `data/${suite}/${name}/test_data_set_${index}`;
      const set = { inputs: numbered(files, `${folder}/input`), outputs: numbered(files, `${folder}/output`) };
      if (set.inputs.length + set.outputs.length === 0) break;
      sets.push(set);
    }
    cases.push({ name, suite, model, sets });
  }
  const key = ({ suite, name }: ConformanceCase) => `${suite}/${name}`;
  return cases.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function numbered(files: ReadonlyMap<string, Uint8Array>, prefix: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let index = 0; ; index++) {
    const bytes = files.get(`${prefix}_${index}.pb`);
    if (!bytes) return found;
    found.push(bytes);
  }
}

/** Regular files of a tar archive (ustar, GNU long names, pax paths), as views. */
export function readTar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const latin1 = new TextDecoder('latin1');
  const text = (start: number, length: number) =>
    latin1.decode(archive.subarray(start, start + length)).split('\0')[0]!;
  let longName: string | undefined;
  for (let header = 0; header + 512 <= archive.length && archive[header] !== 0; ) {
    const size = Number.parseInt(text(header + 124, 12).trim(), 8);
    const type = String.fromCharCode(archive[header + 156]!);
    const content = archive.subarray(header + 512, header + 512 + size);
    if (content.length < size) throw new Error(`The archive ends inside ${text(header, 100)}`);
    const prefix = text(header + 345, 155);
    if (type === 'L') longName = text(header + 512, size);
    else if (type === 'x') longName = /\d+ path=([^\n]*)\n/.exec(latin1.decode(content))?.[1];
    else {
      if (type === '0' || type === '\0')
        files.set(longName ?? (prefix ? `${prefix}/` : '') + text(header, 100), content);
      longName = undefined;
    }
    header += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
