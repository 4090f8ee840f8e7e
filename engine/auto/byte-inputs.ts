import type { Dataset } from '../data/dataset.ts';
import type { Graph } from '../graph/graph.ts';
import { movesOnly } from '../rescaling/divide.ts';
import { numbersOf } from '../run/metrics.ts';

/** Samples that are looked at. */
const most = 16;
/** Values that bytes can become: each channel of a picture may have a mean and a scale of its own. */
const ofBytes = 4 * 256;
/** So many more values than kinds of them there must be, or it means nothing that there are few kinds. */
const repeated = 8;

/** Inputs whose samples come from bytes, however they were scaled: of their values there are few kinds, and no others will come. */
export async function byteInputs(dataset: Dataset): Promise<ReadonlySet<string>> {
  const kinds = new Map<string, { readonly values: Set<number>; count: number }>();
  for (let i = 0; i < Math.min(most, dataset.length); i++)
    for (const [name, tensor] of await dataset.sample(i)) {
      const known = kinds.get(name) ?? { values: new Set(), count: 0 };
      kinds.set(name, known);
      const numbers = numbersOf(tensor) ?? [];
      known.count += numbers.length;
      for (let k = 0; k < numbers.length && known.values.size <= ofBytes; k++) known.values.add(numbers[k]!);
    }
  const found = [...kinds].filter(([, { values, count }]) => values.size <= ofBytes && count >= repeated * values.size);
  return new Set(found.map(([name]) => name));
}

/** Nodes that read one of these inputs, as it is or moved. */
export function readersOf(inputs: ReadonlySet<string>, { nodes }: Graph): ReadonlySet<string> {
  const given = new Set(inputs);
  const readers = new Set<string>();
  for (const node of nodes) {
    if (!node.inputs.some((value) => given.has(value))) continue;
    readers.add(node.name);
    if (movesOnly(node)) for (const value of node.outputs) given.add(value);
  }
  return readers;
}
