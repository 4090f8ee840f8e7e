import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { type Finding, FindingError } from '../../../engine/findings.ts';
import { makeNode } from '../../../engine/graph/build.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { attributing } from '../../../engine/graph/operator-failure.ts';
import type { onnx } from '../../../engine/onnx/proto.ts';
import { Cancelled } from '../../../engine/progress.ts';
import { float32Tensor, int64Tensor, type Tensor, type ValueType } from '../../../engine/tensor.ts';
import { KernelMemoryExhausted, type Kernels, KernelThreadLost } from '../../../kernels/api.ts';
import { loadKernels } from '../../../kernels/loader.ts';
import { graphProto, modelProto, node, valueInfo } from './protos.ts';

const x = float32Tensor([2, 3], new Float32Array(6));
const inputs = new Map<string, Tensor>([
  ['x', x],
  ['s', int64Tensor([2], [5, 7])],
]);

function graphOf(...nodes: onnx.NodeProto[]) {
  const given = { x: [2, 3], s: valueInfo('s', [2], 'int64') };
  return graphFromProto(modelProto({ nodes, inputs: given, outputs: [nodes.at(-1)!.output[0]!] })).graph;
}

async function findingOf(work: () => unknown): Promise<Finding> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FindingError) return error.finding;
    throw error;
  }
  return expect.fail('nothing was found');
}

describe('a failing operator is told by one finding', () => {
  it.each([
    ['a shape that does not fit', node('Reshape', 'x s', 'y', {}, 'bend')],
    ['an index out of range', node('Gather', 'x s', 'y', {}, 'pick')],
  ])('the same from reference evaluation and executor: %s', async (_, own) => {
    const graph = graphOf(own);
    const [name] = graph.nodes.map((given) => given.name);
    const reference = await findingOf(() => evaluateGraph(graph, inputs));
    expect(reference.what).toContain(`${own.op_type} “${name}”`);
    expect(reference.why).toMatch(/It was given “x” float32 \[2, 3\], “s” int64 \[2\]\.$/);
    const program = await compile(graph, { mode: 'strict' });
    expect(await findingOf(() => program.run(inputs))).toEqual(reference);
    program.dispose();
  });

  it('names the innermost node alone, where one stands in the body of another', async () => {
    const body = graphProto({ nodes: [node('Reshape', 'x s', 'inner', {}, 'bend')], outputs: ['inner'] });
    const condition: onnx.NodeProto = node('Cast', 'first', 'yes', { to: 9 }, 'cast');
    const first = node('ReduceMax', 's', 'first', { keepdims: 0 }, 'largest');
    const graph = graphOf(first, condition, node('If', 'yes', 'y', { then_branch: body, else_branch: body }, 'choose'));
    const finding = await findingOf(() => evaluateGraph(graph, inputs));
    expect(`${finding.what} ${finding.why}`).toMatch(/Reshape “choose\/then_branch\/bend”/);
    expect(finding.why!.match(/It was given/g)).toHaveLength(1);
  });

  it('also where a kernel fails', async () => {
    const kernels = await loadKernels({ mode: 'strict' });
    const failing: Kernels = Object.create(kernels, {
      run: {
        value: () => {
          throw new KernelThreadLost(1);
        },
      },
    });
    const program = await compile(graphOf(node('Sigmoid', 'x', 'y', {}, 'squash')), {
      mode: 'strict',
      kernels: failing,
    });
    expect(await findingOf(() => program.run(inputs))).toMatchObject({
      code: 'run/operator-failed',
      what: expect.stringMatching(/^Sigmoid “squash” failed: Kernel thread 1 ended/),
      why: 'It was given “x” float32 [2, 3].',
      fix: 'Run again.',
    });
    program.dispose();
    kernels.dispose();
  });

  const own = makeNode('n', 'Op', ['x', '', 'far'], ['y']);
  const typeOf = (value: string): ValueType | undefined =>
    value === 'x' ? { dtype: 'int8', dims: ['N', 3] } : undefined;

  it('keeps the cause of what is no finding', async () => {
    const cause = new RangeError('Invalid typed array length: -1');
    const error = await Promise.resolve()
      .then(() =>
        attributing(own, typeOf, () => {
          throw cause;
        }),
      )
      .catch((reason: unknown) => reason as FindingError);
    expect(error).toMatchObject({ cause, finding: { what: 'Op “n” failed: Invalid typed array length: -1.' } });
    expect((error as FindingError).finding.why).toBe('It was given “x” int8 [N, 3], “far” of unknown type.');
  });

  it.each([new Cancelled(), new KernelMemoryExhausted(3, 2, 1)])('lets pass what is not its affair: $name', (error) => {
    expect(() =>
      attributing(own, typeOf, () => {
        throw error;
      }),
    ).toThrow(error);
  });
});
