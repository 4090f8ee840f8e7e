import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatNamed } from '../../engine/formats/registry.ts';
import { createObserver } from '../../engine/observers/registry.ts';
import type { Choice, Role } from '../../engine/plan.ts';
import { edgeKey, type QuantizedModel } from '../../engine/quantize/assignment.ts';
import { needsReconstruction, reconstruct } from '../../engine/quantize/reconstruct.ts';
import { integerGraph } from '../../engine/readings/integer.ts';
import { loadSpec, resolveSpec } from '../../language/index.ts';
import { engineVocabulary } from '../../language/vocabulary-engine.ts';
import { byReference, quantize, samplesFor } from '../engine/quantize/small.ts';
import { root } from '../shared.ts';
import { expectedText, planText, statedPlan } from './support/expected-plan.ts';
import { graphOf } from './support/graph.ts';
import { parseResource, specPath } from './support/resources.ts';

/**
 * What configurations of other tools become in a spec. A folder a tool: `keys.txt` lists every key of its configuration as its
 * own sources declare them, the specs are configurations of it. docs/configurations.md says of every key what becomes of it.
 */
const folder = join(import.meta.dirname, 'configurations');
const tools = readdirSync(folder).sort();
const specsOf = (tool: string) => readdirSync(join(folder, tool)).filter((name) => name.endsWith('.qspec'));
const textOf = (tool: string, name: string) => readFileSync(join(folder, tool, name), 'utf8');

interface Row {
  readonly keys: readonly string[];
  readonly snippets: readonly string[];
  readonly status: string;
  /** Example file that the status names. */
  readonly file: string | undefined;
}

const document = readFileSync(join(root, 'docs', 'configurations.md'), 'utf8');
const codeIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const onOneLine = (text: string) => text.replaceAll(/\s+/g, ' ');

/** Specs of which no row says that the engine lacks something. */
function carriedOut(tool: string): readonly string[] {
  const lacking = new Set(rowsOf(tool).flatMap(({ status, file }) => (status.startsWith('missing') ? [file] : [])));
  return specsOf(tool).filter((name) => !lacking.has(name));
}

/** The rows under the heading that links to a tool's folder. */
function rowsOf(tool: string): readonly Row[] {
  const section = document.split(/^## /m).find((part) => part.includes(`(../test/language/configurations/${tool}/)`));
  return (section ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [keys, , mapping, status] = line.split(/(?<!\\)\|/).slice(1, -1);
      const said = status!.trim();
      return {
        keys: codeIn(keys!),
        snippets: codeIn(mapping!),
        status: said,
        file: /\((\S+\.qspec)\)$/.exec(said)?.[1],
      };
    });
}

function resolve(tool: string, name: string) {
  const { text, expected, context } = parseResource(name, textOf(tool, name));
  const { job, findings } = resolveSpec(loadSpec(text, specPath), { ...context, vocabulary: engineVocabulary() });
  return { plan: job!.plan!, findings, expected, model: context.model! };
}

function inCodes(choice: Choice | undefined): Choice | undefined {
  return choice?.format === 'float' ? undefined : choice;
}

/** A range that the spec gives as numbers is the one that the tensor's codes have. */
function expectRange({ graph, assignment }: QuantizedModel, layer: string, role: Role, choice: Choice) {
  if (choice.observer.name !== 'fixed') return;
  const value = graph.nodes.find(({ name }) => name === layer)!.inputs[Number(/\d+/.exec(role))]!;
  const writer = graph.nodes.find(({ outputs }) => outputs.includes(value));
  const written = () =>
    writer ? assignment.entries.get(edgeKey(writer.name, 'output[0]')) : assignment.inputs.get(value);
  const codes = assignment.entries.get(edgeKey(layer, role)) ?? (role.startsWith('input') ? written() : undefined);
  const observer = createObserver('fixed', choice.observer.arguments);
  const { scale, zeroPoint } = observer.finish(formatNamed(choice.format), choice.scheme);
  expect([layer, role, codes?.scale[0], codes?.zeroPoint[0]]).toEqual([layer, role, scale, zeroPoint]);
}

for (const tool of tools) {
  describe(tool, () => {
    it.each(specsOf(tool))('%s gives every layer what that configuration means', (name) => {
      const { plan, findings, expected, model } = resolve(tool, name);
      // What a configuration costs is another matter than what it means.
      const told = findings.filter(({ code }) => code !== 'rule/conversion' && code !== 'export/combination');
      expect(told.map(({ severity, what, range }) => ({ severity, what, range }))).toEqual(expected);
      const stated = statedPlan(textOf(tool, name));
      expect(stated.length).toBeGreaterThan(0);
      expect(planText(plan, model)).toEqual(expectedText(stated, model));
    });

    it.each(carriedOut(tool))('%s is carried out by the engine', async (name) => {
      const { plan, model } = resolve(tool, name);
      const graph = graphOf(model);
      const data = samplesFor(graph, 2);
      const assigned = await quantize(graph, plan, data);
      const quantized = needsReconstruction(plan)
        ? await reconstruct(assigned, plan, data, { compile: byReference })
        : assigned;
      expect(assigned.findings.map(({ code }) => code)).not.toContain('quantize/method-fallback');
      for (const [layer, roles] of Object.entries(plan.nodes)) {
        const weight = inCodes(roles.weight);
        const codes = quantized.assignment.entries.get(edgeKey(layer, 'weight'));
        expect([layer, codes?.format]).toEqual([layer, weight?.format]);
        if (codes && weight) {
          expect([layer, codes.axis !== undefined]).toEqual([layer, weight.granularity === 'per-channel']);
          const signed = weight.scheme === 'symmetric' && formatNamed(weight.format).signed;
          if (signed) expect([layer, ...new Set(codes.zeroPoint)]).toEqual([layer, 0]);
        }
        // A layer with weights and activations in codes runs on them. Layers without weights do where codes reach them.
        const activations = Object.entries(roles).filter(
          ([role]) => role.startsWith('input') || role.startsWith('output'),
        );
        const runsOnCodes = weight && activations.length > 1 && activations.every(([, choice]) => inCodes(choice));
        const output = quantized.assignment.entries.get(edgeKey(layer, 'output[0]'));
        if (runsOnCodes || output) {
          for (const [role, choice] of activations) expectRange(quantized, layer, role as Role, choice!);
        }
        if (runsOnCodes || output) expect([layer, output?.format]).toEqual([layer, roles['output[0]']?.format]);
      }
      expect(integerGraph(quantized).nodes.length).toBeGreaterThan(0);
    });
  });
}

describe('docs/configurations.md', () => {
  it('has a section for every tool', () => {
    const linked = [...document.matchAll(/\(\.\.\/test\/language\/configurations\/([^/]+)\/\)/g)].map(
      ([, tool]) => tool,
    );
    expect([...new Set(linked)].sort()).toEqual(tools);
  });

  it.each(tools)('says of every key of %s what becomes of it, once', (tool) => {
    const keys = textOf(tool, 'keys.txt').split('\n');
    const declared = keys.filter((line) => line !== '' && !line.startsWith('#'));
    expect(
      rowsOf(tool)
        .flatMap((row) => row.keys)
        .sort(),
    ).toEqual(declared.sort());
  });

  it.each(tools)('names for every key of %s that maps a spec that holds its words', (tool) => {
    for (const { keys, snippets, status, file } of rowsOf(tool)) {
      const about = `${keys.join()}: ${status}`;
      expect(status, about).toMatch(/^(maps \(\S+\.qspec\)|(refused|missing): \S.*)$/);
      if (file === undefined) {
        expect(snippets, about).toEqual([]);
        continue;
      }
      expect(specsOf(tool), about).toContain(file);
      expect(snippets.length, about).toBeGreaterThan(0);
      const text = onOneLine(textOf(tool, file).replaceAll(/^\s*\/\/.*$/gm, ''));
      for (const snippet of snippets) expect(text, about).toContain(snippet);
    }
  });

  it.each(tools)('uses every spec of %s', (tool) => {
    expect([...new Set(rowsOf(tool).flatMap(({ file }) => file ?? []))].sort()).toEqual(specsOf(tool).sort());
  });
});
