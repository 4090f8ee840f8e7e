import type { GraphNode } from '../graph/graph.ts';
import { writeOut } from '../operators/decomposition.ts';
import { findOperator } from '../operators/registry.ts';
import { GraphEditor } from './editor.ts';
import type { Pass } from './pass.ts';

/** Of several parts the one that has the weights keeps the layer's name. */
const weighty = new Set(['Conv', 'Gemm', 'MatMul', 'FusedConv']);

/** What a runtime's optimiser fused becomes the operators that it was: those are quantised, and known to other runtimes. */
export const writeOutFusions: Pass = {
  name: 'write-out-fusions',
  summary: 'Writes layers that a runtime’s optimiser fused as the standard operators that they were.',
  run(graph) {
    const editor = new GraphEditor(graph);
    const taken = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
    for (const node of editor.nodes) {
      const operator = findOperator(node.domain, node.op, editor.opset(node.domain));
      if (!operator?.isFusion) continue;
      const parts = writeOut(node, operator, {
        opset: editor.opset(),
        type: (value) => editor.type(value),
        constant: (value) => editor.constant(value),
        isTaken: (name) => taken.has(name) || editor.type(name) !== undefined,
      });
      if (typeof parts === 'string') continue;
      for (const [name, tensor] of parts.tensors) editor.setConstant(name, tensor);
      editor.replace(
        node,
        named(parts.nodes, (name) => editor.unusedName(name)),
      );
    }
    return editor.result();
  },
};

/** Parts with names of their own but for the one that stands for the whole. */
function named(parts: readonly GraphNode[], unused: (name: string) => string): GraphNode[] {
  const heir = parts.find(({ op }) => weighty.has(op)) ?? parts[0];
  const given = new Set<string>();
  return parts.map((part) => {
    if (part === heir) return part;
    let name = unused(`${part.name}/${part.op}`);
    for (let count = 2; given.has(name); count++) name = unused(`${part.name}/${part.op}_${count}`);
    given.add(name);
    return { ...part, name };
  });
}
