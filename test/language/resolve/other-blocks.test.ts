import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PruneAmount } from '../../../engine/plan.ts';
import { linkImports } from '../../../language/grammar/imports.ts';
import { explain, loadSpec, resolveSpec } from '../../../language/index.ts';
import { small } from '../support/model.ts';
import { specPath } from '../support/resources.ts';
import { vocabulary } from '../support/vocabulary.ts';

const context = { vocabulary, path: posix, model: small };

function jobOf(text: string) {
  const { job, findings } = resolveSpec(loadSpec(`qspec 1 model "m.onnx" ${text}`, specPath), context);
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return job!;
}

/** What is pruned of each layer that is. */
const pruned = (block: string) =>
  Object.fromEntries(
    Object.entries(jobOf(`prune { ${block} }`).prune!.nodes).map(([name, { amount, criterion }]) => [
      name.replace(/^\/|\/(Conv|Gemm)$/g, ''),
      [amountOf(amount), criterion.name].join(' '),
    ]),
  );

function amountOf(amount: PruneAmount): string {
  if (amount.kind === 'pattern') return `${amount.kept}:${amount.of}`;
  return amount.kind === 'rank' ? `rank ${amount.value} ${amount.by}` : `${amount.kind} ${amount.share}`;
}

describe('a prune block', () => {
  it('speaks of the layers that have stored weights, the later rule winning field by field', () => {
    expect(pruned('sparsity 50 %  by random  layers op Conv { pattern 2:4 }  layers first { by magnitude }')).toEqual({
      stem: '2:4 magnitude',
      'block/0/dw': '2:4 random',
      'block/0/pw': '2:4 random',
      fc: 'weights 0.5 random',
    });
  });

  it('asks for ranks as numbers, as shares of the full rank, or as shares of the energy', () => {
    expect(pruned('rank 25 %  layers first { rank 4 }  layers last { rank 75 % of energy }')).toEqual({
      stem: 'rank 4 count magnitude',
      'block/0/dw': 'rank 0.25 share magnitude',
      'block/0/pw': 'rank 0.25 share magnitude',
      fc: 'rank 0.75 energy magnitude',
    });
  });

  it('leaves layers out that are kept dense, until a later rule takes them in again', () => {
    expect(pruned('sparsity 1/4  layers op Conv keep dense  layers role pointwise { channels 50 % }')).toEqual({
      'block/0/pw': 'channels 0.5 magnitude',
      fc: 'weights 0.25 magnitude',
    });
  });

  it('goes back to what it says of all layers', () => {
    expect(pruned('sparsity 10 %  layers op Conv { pattern 1:2  by random }  layers first { reset all }')).toEqual({
      stem: 'weights 0.1 magnitude',
      'block/0/dw': '1:2 random',
      'block/0/pw': '1:2 random',
      fc: 'weights 0.1 magnitude',
    });
  });

  it('keeps what is locked', () => {
    const { job } = resolveSpec(
      loadSpec(
        'qspec 1 model "m.onnx" prune { layers first { lock sparsity 10 % } sparsity 50 % by random }',
        specPath,
      ),
      context,
    );
    expect(job!.prune!.nodes['/stem/Conv']).toMatchObject({
      amount: { kind: 'weights', share: 0.1 },
      criterion: { name: 'random', arguments: {} },
    });
  });

  it('takes rules of a base before its own', () => {
    const base = 'qspec 1 prune { sparsity 50 % layers op Conv { pattern 1:2 } }';
    const own = 'qspec 1 import "base.qspec" model "m.onnx" prune { by random layers first keep dense }';
    const spec = linkImports(loadSpec(own, specPath), posix, () => ({ text: base }));
    const { nodes } = resolveSpec(spec, context).job!.prune!;
    expect(Object.keys(nodes)).toEqual(['/block/0/dw/Conv', '/block/0/pw/Conv', '/fc/Gemm']);
    expect(nodes['/fc/Gemm']).toMatchObject({ amount: { share: 0.5 }, criterion: { name: 'random' } });
    expect(nodes['/block/0/dw/Conv']).toMatchObject({ amount: { kind: 'pattern' }, criterion: { name: 'random' } });
  });

  it('names the words that decided', () => {
    const text = 'qspec 1\nmodel "m.onnx"\nprune {\n  sparsity 50 %\n  by random(seed = 3)\n}';
    const { prune } = resolveSpec(loadSpec(text, specPath), context).job!;
    const { origin, criterion } = prune!.nodes['/fc/Gemm']!;
    expect([origin.amount!.start.line, origin.criterion!.start.line]).toEqual([3, 4]);
    expect(criterion).toEqual({ name: 'random', arguments: { seed: 3 } });
  });

  it('is absent from the job where the spec has none', () => {
    expect(Object.keys(jobOf('quantize { weights int8 }'))).not.toContain('prune');
  });
});

describe('a train block', () => {
  it('becomes a recipe, with what layers have of their own', () => {
    const { train } = jobOf(`data mine npz "t.npz" train {
      epochs 3  batch 32  rate 1/1000  decay 0.01 %  average 99 %  seed 7
      optimizer sgd(0.8)  schedule cosine  data mine  distil 50 % temperature 4 from "teacher.onnx"
      layers first { rate 1e-4 }
      layers role pointwise keep frozen
      layers last { rate 1/1000 }
    }`);
    const { nodes, ...recipe } = train!;
    expect(recipe).toEqual({
      ...{ epochs: 3, batch: 32, rate: 0.001, decay: 0.0001, average: 0.99, seed: 7 },
      optimizer: { name: 'sgd', arguments: { momentum: 0.8 } },
      schedule: { name: 'cosine', arguments: {} },
      data: 'mine',
      distil: { share: 0.5, temperature: 4, teacher: '/project/teacher.onnx' },
    });
    expect(Object.keys(nodes)).toEqual(['/stem/Conv', '/block/0/pw/Conv']);
    expect(nodes['/stem/Conv']).toMatchObject({ rate: 1e-4 });
    expect(nodes['/block/0/pw/Conv']).toMatchObject({ frozen: true });
  });

  it('trains a frozen layer again that a later rule gives a rate', () => {
    const { nodes } = jobOf('train { layers op Conv keep frozen layers first { rate 1e-5 } }').train!;
    expect(nodes['/stem/Conv']).toMatchObject({ rate: 1e-5 });
    expect(nodes['/stem/Conv']!.frozen).toBeUndefined();
    expect(nodes['/block/0/dw/Conv']!.frozen).toBe(true);
  });

  it('has seed 0 and the float model as teacher unless stated', () => {
    expect(jobOf('train { distil }').train).toEqual({ seed: 0, distil: { share: 1, temperature: 1 }, nodes: {} });
  });
});

describe('passes', () => {
  it.each([
    ['', undefined],
    ['passes all', undefined],
    ['passes none', []],
    ['passes fold-batch-norm, fold-constants', ['fold-batch-norm', 'fold-constants']],
    ['passes all without remove-identity', ['fold-constants', 'fold-batch-norm']],
  ])('%s', (statement, expected) => {
    expect(jobOf(statement).passes).toEqual(expected);
  });
});

describe('explaining a layer', () => {
  it('tells what all blocks say of it, and which statement decides', () => {
    const text = `prune {
  sparsity 50 %
  layers first { pattern 2:4 }
  layers op Conv { reset all }
}
train { layers op Conv { rate 1e-4 } }`;
    const { sayings, prune, train, choices } = explain(loadSpec(text, specPath), context, '/stem/Conv')!;
    const lines = sayings.map(
      ({ range, changes }) =>
        `${range.start.line + 1}: ${changes.map(({ role, field, value, outcome }) => `${role} ${field} ${value} ${outcome}`).join(', ')}`,
    );
    expect(lines).toEqual([
      '2: prune amount sparsity 50 % decides',
      '3: prune amount pattern 2:4 overridden',
      '4: prune amount sparsity 50 % resets',
      '6: train rate 0.0001 decides, train frozen false decides',
    ]);
    expect(prune!.amount).toEqual({ kind: 'weights', share: 0.5 });
    expect(train).toMatchObject({ rate: 1e-4 });
    expect(choices).toEqual({});
  });
});

describe('rules of prune', () => {
  it('come to what applying them one by one comes to', () => {
    const names = small.layers.filter(({ weightInput }) => weightInput !== null).map(({ name }) => name);
    const rule = fc.record({
      layers: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
      share: fc.integer({ min: 0, max: 100 }),
      lock: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), (rules) => {
        const wanted = new Map<string, number>();
        const locked = new Set<string>();
        for (const { layers, share, lock } of rules) {
          for (const name of layers) {
            if (!locked.has(name)) wanted.set(name, share * 0.01);
            if (lock) locked.add(name);
          }
        }
        const text = rules.map(
          ({ layers, share, lock }) =>
            `layer ${layers.map((name) => `"${name}"`).join(', ')} { ${lock ? 'lock ' : ''}sparsity ${share} % }`,
        );
        // Two locks that differ are an error, and there is no job then.
        const { job, findings } = resolveSpec(
          loadSpec(`qspec 1 model "m.onnx" prune { ${text.join(' ')} }`, specPath),
          context,
        );
        if (findings.some(({ severity }) => severity === 'error')) return;
        const got = Object.entries(job!.prune!.nodes).map(([name, { amount }]) => [
          name,
          amount.kind === 'weights' && amount.share,
        ]);
        expect(new Map(got as [string, number][])).toEqual(wanted);
      }),
    );
  });
});
