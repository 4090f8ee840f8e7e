import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backendNamed, backends } from '../../../engine/backends/registry.ts';
import type { ModelSummary } from '../../../engine/graph/summary.ts';
import { edgeKey } from '../../../engine/quantize/assignment.ts';
import { layOut } from '../../../engine/quantize/layout.ts';
import { examine } from '../../../language/context.ts';
import { codesOf, observerOf } from '../../../language/flow/codes.ts';
import { flowOf } from '../../../language/flow/flow.ts';
import { loadSpec } from '../../../language/index.ts';
import { backendOfBlock } from '../../../language/resolve/backend.ts';
import { planOf } from '../../../language/resolve/plan.ts';
import { decoder } from '../support/decoder.ts';
import { graphOf } from '../support/graph.ts';
import { small, tied } from '../support/model.ts';
import { specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

/** What the engine and the language make of the rules, in the same words: what each tensor is held in, and by whose range. */
function both(model: ModelSummary, rules: string) {
  const spec = loadSpec(`qspec 1 model "m.onnx" quantize { ${rules} }`, specPath);
  const checked = examine(spec, { vocabulary, path: posix, model });
  const { definitions, network } = checked;
  const resolution = checked.rules!;
  const layout = layOut(graphOf(model), planOf(definitions.quantize!, resolution, network!, vocabulary));
  const { placement } = backendNamed(backendOfBlock(definitions.quantize!)?.name);
  const codes = codesOf(flowOf(model), resolution, placement);
  const engine: Record<string, string> = {};
  const language: Record<string, string> = {};
  const text = (format: string, scheme: string, observer: object) => `${format} ${scheme} ${JSON.stringify(observer)}`;
  const told = (slot: number) => {
    const { format, scheme } = codes.kinds[codes.written[slot]!]!;
    return text(format, scheme, observerOf(codes.rangeOf(slot)));
  };
  for (const [i, layer] of model.layers.entries()) {
    const slot = layout.slots.get(edgeKey(layer.name, 'output[0]'));
    if (slot) engine[layer.name] = text(slot.choice.format, slot.choice.scheme, slot.group.choice.observer);
    if (codes.written[i] !== 0) language[layer.name] = told(i);
    for (const [k, index] of (flowOf(model).forms[i]?.data ?? []).entries()) {
      const key = edgeKey(layer.name, `input[${index}]`);
      if (layout.slots.has(key)) engine[key] = 'in codes of its own';
      if (codes.runs[i] && codes.readsOwn(i, k)) language[key] = 'in codes of its own';
    }
  }
  for (const [k, { name }] of model.inputs.entries()) {
    const slot = layout.inputs.get(name);
    if (slot) engine[name] = text(slot.choice.format, slot.choice.scheme, slot.group.choice.observer);
    if (codes.written[model.layers.length + k] !== 0) language[name] = told(model.layers.length + k);
  }
  return { engine, language };
}

const words = fc.record({
  format: fc.constantFrom('int8', 'uint8', 'int8 symmetric', 'float', ''),
  observer: fc.constantFrom('', 'observe mse', 'observe percentile(99)', 'observe min-max'),
});
const named = backends.map(({ name }) => `backend ${name}`);
const role = fc.constantFrom('weights', 'activations', 'inputs', 'outputs');
const statement = fc
  .tuple(role, words)
  .map(([name, { format, observer }]) => `${name} ${format || observer ? `${format} ${observer}` : 'int8'}`);

describe.each([
  ['a convolutional network', small],
  ['a decoder', decoder],
  ['layers that share scales', tied],
] as const)('the codes of %s', (_, model) => {
  it('are those of the engine’s layout, whatever the rules', () => {
    const rule = fc
      .tuple(
        fc.constantFrom(...model.layers.map(({ name }) => name)),
        fc.array(statement, { minLength: 1, maxLength: 2 }),
      )
      .map(([name, statements]) => `layer "${name}" { ${statements.join(' ')} }`);
    const block = fc
      .tuple(
        fc.constantFrom('weights int8 activations uint8', 'weights int8', '', ...named),
        fc.array(statement, { maxLength: 2 }),
        fc.array(rule, { maxLength: 8 }),
      )
      .map(([base, statements, rules]) => [base, ...statements, ...rules].join('\n'));
    let inCodes = 0;
    fc.assert(
      fc.property(block, (rules) => {
        const { engine, language } = both(model, rules);
        expect(language).toEqual(engine);
        inCodes += Object.keys(engine).length;
      }),
      { numRuns: 300 },
    );
    expect(inCodes).toBeGreaterThan(300);
  });
});
