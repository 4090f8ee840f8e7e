import { type Layout, layOut } from '../../../webview/graph/layout/layout.ts';
import { buildModel, type GraphModel } from '../../../webview/graph/model.ts';
import type { GraphLayer, GraphMessage } from '../../../webview/protocol.ts';

const none = { text: '0', value: 0 };

/** `Conv conv1: x, !w -> y`: operator, name, inputs (constants with a `!`), outputs. */
export function layer(line: string, more: Partial<GraphLayer> = {}): GraphLayer {
  const [, op, name, inputs, outputs] = /^(\S+) (.*): (.*) -> (.*)$/.exec(line)!;
  const list = (text: string) => text.split(', ').filter(Boolean);
  return {
    op: op!,
    name: name!,
    inputs: list(inputs!).map((input) =>
      input.startsWith('!')
        ? { name: input.slice(1), type: 'float32 3', kind: 'constant' }
        : { name: input, type: 'float32 1×8', kind: 'activation' },
    ),
    outputs: list(outputs!).map((output) => ({ name: output, type: 'float32 1×8' })),
    attributes: [],
    parameters: none,
    macs: none,
    bytes: none,
    quantization: null,
    supported: true,
    ...more,
  };
}

export function message(lines: readonly (string | GraphLayer)[], inputs = ['x'], outputs = ['y']): GraphMessage {
  const value = (name: string) => ({ name, type: 'float32 1×8' });
  return {
    kind: 'graph',
    title: 'model.onnx',
    subtitle: '',
    inputs: inputs.map(value),
    outputs: outputs.map(value),
    layers: lines.map((line) => (typeof line === 'string' ? layer(line) : line)),
    findings: [],
    actions: [],
    takesRules: true,
  };
}

export function laidOut(graph: GraphMessage): { model: GraphModel; layout: Layout; at: (name: string) => number } {
  const model = buildModel(graph);
  const layout = layOut({ sizes: model.nodes.map(() => ({ width: 100, height: 50 })), edges: model.edges });
  return { model, layout, at: (name) => model.nodes.findIndex((node) => node.name === name) };
}
