import { amount, bytes } from '../../../engine/report/quantities.ts';
import type { GraphMessage, GraphValue, SensitivityMessage } from '../../../webview/protocol.ts';

/** Made-up decibels, the same for the same model. */
export function fakeSensitivity(graph: GraphMessage): SensitivityMessage {
  const layers = graph.layers
    .filter(({ quantization }) => quantization === 'compute' || quantization === 'elementwise')
    .map(({ name }, i) => {
      const value = 18 + 24 * (1 - Math.exp(-i / 6)) + 7 * Math.sin(i * 2.7);
      return {
        layer: name,
        sqnr: { text: `${value.toFixed(1)} dB`, value },
        foldedInto: null,
        formats: 'int8 weights, uint8 activations',
      };
    });
  return {
    kind: 'sensitivity',
    state: {
      kind: 'done',
      basis: 'Signal to noise at the output with one layer quantised, digits.qspec, 16 samples',
      layers,
    },
  };
}

/** Blocks of a convolution, an activation and a sum with a skip, as many as it takes for `layers` layers. */
export function residualModel(layers: number): GraphMessage {
  const value = (name: string): GraphValue => ({ name, type: 'float32 1×64×56×56' });
  const list: GraphMessage['layers'][number][] = [];
  let last = 'x';
  for (let i = 0; list.length < layers; i++) {
    const make = (op: string, inputs: readonly string[], parameters: number) => {
      const name = `block${Math.floor(i / 1)}/${op.toLowerCase()}`;
      list.push({
        name,
        op,
        inputs: inputs.map((input) => ({ ...value(input), kind: 'activation' as const })),
        outputs: [value(`${name}:0`)],
        attributes: op === 'Conv' ? [['kernel', '3×3']] : [],
        parameters: { text: amount(parameters), value: parameters },
        macs: { text: amount(parameters * 3136), value: parameters * 3136 },
        bytes: { text: bytes(parameters * 4), value: parameters * 4 },
        quantization: op === 'Conv' ? 'compute' : op === 'Add' ? 'elementwise' : 'activation',
        supported: true,
      });
      return `${name}:0`;
    };
    const conv = make('Conv', [last], 36864);
    const relu = make('Relu', [conv], 0);
    last = make('Add', [relu, last], 0);
  }
  return {
    kind: 'graph',
    title: 'synthetic.onnx',
    subtitle: `${list.length} layers`,
    inputs: [value('x')],
    outputs: [value(last)],
    layers: list,
    findings: [],
    actions: [],
    takesRules: true,
  };
}

/** Names that would hide, turn or break what is around them. */
export function hostileModel(): GraphMessage {
  const names = [
    'a'.repeat(100_000),
    '<img src=x onerror="document.title=1">',
    'invoice\u202Egnp.exe',
    'line\nbreak\u0000zero\u0007bell',
    '名前が漢字の層/畳み込み_12',
    'שלום/convolution/العربية',
    '"]}</script>',
  ];
  const base = residualModel(names.length).layers[0]!;
  return {
    ...residualModel(1),
    title: 'hostile\u202Exnno.model',
    inputs: [{ name: 'x', type: '?' }],
    outputs: [{ name: `v${names.length - 1}`, type: '?' }],
    layers: names.map((name, i) => ({
      ...base,
      name,
      op: i === 1 ? '<b>Bold</b>' : i === 2 ? `com.example.${'Op'.repeat(400)}` : 'Conv',
      attributes: [
        ['kernel', '3×3'],
        ['note', name.repeat(2)],
      ],
      inputs: [{ name: i === 0 ? 'x' : `v${i - 1}`, type: '?', kind: 'activation' as const }],
      outputs: [{ name: `v${i}`, type: '?' }],
      supported: i !== 1,
    })),
    findings: [
      {
        severity: 'warning',
        code: 'model/\u202Ename',
        what: `A name of ${names[2]}`,
        why: 'It turns.',
        fix: names[1]!,
      },
    ],
  };
}
