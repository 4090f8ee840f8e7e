import { fail } from '../findings.ts';
import { describe, shown } from '../operators/shared/attributes.ts';
import { valuesRead } from './captures.ts';
import type { GraphNode } from './graph.ts';

/**
 * The nodes in topological order, the file's own where that is one already; otherwise among the ready nodes the one that
 * stands first in the file comes first, so that the order is the same at every reading.
 * `outside` tells which values are there before any node runs.
 *
 * Throws `model/duplicate-value`, `model/undefined-value` and `model/cycle`.
 */
export function sortNodes(nodes: readonly GraphNode[], outside: (name: string) => boolean): GraphNode[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producer.has(name) || outside(name))
        fail('model/duplicate-value', `The value “${shown(name)}” is computed twice, once by ${describe(node)}.`, {
          why: 'Every value of an ONNX model has one producer.',
          fix: 'Export the model again; the file is not a valid ONNX model.',
        });
      producer.set(name, index);
    }
  });
  const reads = nodes.map((node) => {
    const from = new Set<number>();
    for (const name of valuesRead(node)) {
      const index = producer.get(name);
      if (index !== undefined) from.add(index);
      else if (!outside(name))
        fail('model/undefined-value', `${describe(node)} reads “${shown(name)}”, which nothing computes.`, {
          fix: 'Export the model again; the file is not a valid ONNX model.',
        });
    }
    return from;
  });
  if (reads.every((from, index) => [...from].every((other) => other < index))) return [...nodes];
  return kahn(nodes, reads);
}

function kahn(nodes: readonly GraphNode[], reads: readonly ReadonlySet<number>[]): GraphNode[] {
  const waiting = reads.map((from) => from.size);
  const readers: number[][] = nodes.map(() => []);
  for (const [index, from] of reads.entries()) for (const other of from) readers[other]!.push(index);
  const ready = new Heap();
  waiting.forEach((count, index) => {
    if (count === 0) ready.push(index);
  });
  const order: GraphNode[] = [];
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    order.push(nodes[index]!);
    for (const reader of readers[index]!) if (--waiting[reader]! === 0) ready.push(reader);
  }
  if (order.length < nodes.length) {
    const stuck = nodes.filter((_, index) => waiting[index]! > 0);
    fail('model/cycle', `The model's graph runs in a circle through ${stuck.slice(0, 3).map(describe).join(', ')}.`, {
      why: 'A value cannot depend on itself.',
      fix: 'Export the model again; the file is not a valid ONNX model.',
    });
  }
  return order;
}

/** Smallest index first. */
class Heap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
