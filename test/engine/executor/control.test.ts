import { describe, expect, it } from 'vitest';
import { compile } from '../../../engine/executor/compile.ts';
import { evaluateGraph } from '../../../engine/graph/evaluate.ts';
import type { Attribute, Graph, GraphNode } from '../../../engine/graph/graph.ts';
import { inferTypes } from '../../../engine/graph/infer.ts';
import { type Dimension, int64Tensor, type Tensor, type ValueType } from '../../../engine/tensor.ts';
import { relativeError } from '../../onnxruntime.ts';
import { kernelPools } from './pools.ts';
import { int, ints, randomNumbers, randomTensor } from './random-graph.ts';

const pools = kernelPools('strict', 'threaded');

type Line = readonly [op: string, inputs: string, outputs: string, attributes?: Record<string, Attribute>];

/** Nodes written as lines, named after their first output. */
function graphOf(
  inputs: Readonly<Record<string, ValueType>>,
  lines: readonly Line[],
  outputs: string,
  constants: Readonly<Record<string, Tensor>> = {},
  declared: Readonly<Record<string, ValueType>> = {},
): Graph {
  const nodes = lines.map(([op, from, to, attributes = {}]): GraphNode => {
    const names = to.split(' ').map((name) => (name === '_' ? '' : name));
    const read = from === '' ? [] : from.split(' ').map((name) => (name === '_' ? '' : name));
    return {
      name: `${op}:${names.find((name) => name !== '')}`,
      op,
      domain: '',
      inputs: read,
      outputs: names,
      attributes,
    };
  });
  return {
    name: 'test',
    nodes,
    inputs: Object.keys(inputs),
    outputs: outputs.split(' '),
    initializers: new Map(Object.entries(constants)),
    types: new Map(Object.entries({ ...inputs, ...declared })),
    opsets: new Map([['', 17]]),
  };
}

const model = (...args: Parameters<typeof graphOf>): Graph => {
  const graph = graphOf(...args);
  return { ...graph, types: inferTypes(graph).types };
};
const body = (...args: Parameters<typeof graphOf>): Attribute => ({
  kind: 'graph',
  value: { ...graphOf(...args), opsets: new Map() },
});
const f32 = (...dims: Dimension[]): ValueType => ({ dtype: 'float32', dims });
const i64: ValueType = { dtype: 'int64', dims: [] };
const bool: ValueType = { dtype: 'bool', dims: [] };
const truth = (value: boolean): Tensor => ({ dtype: 'bool', dims: [], data: Uint8Array.of(value ? 1 : 0) });
const random = (dims: readonly number[], seed: number) => randomTensor(dims, randomNumbers(seed));

/** Runs on one thread and on three, twice each, and holds the results against the reference evaluation. */
async function check(graph: Graph, inputs: Readonly<Record<string, Tensor>>, control: readonly string[]) {
  const given = new Map(Object.entries(inputs));
  const expected = evaluateGraph(graph, given);
  const results: ReadonlyMap<string, Tensor>[] = [];
  let copies = 0;
  for (const kernels of [pools.strict, pools.threaded]) {
    const program = await compile(graph, { mode: 'strict', kernels });
    const report = program.report();
    expect(report.filter(({ how }) => how === 'control').map(({ op }) => op)).toEqual(control);
    expect(report.filter(({ how, op }) => how === 'reference' && control.includes(op))).toEqual([]);
    await program.run(given);
    copies = 0;
    const onStep = ({ kernel }: { kernel: string }) => {
      copies += kernel === 'copy' ? 1 : 0;
    };
    results.push(await program.run(given, { onStep }));
    program.dispose();
  }
  for (const value of graph.outputs) {
    const [one, three] = results.map((outputs) => outputs.get(value)!);
    expect(one!.dims, value).toEqual(expected.get(value)!.dims);
    expect(one!.dtype, value).toBe(expected.get(value)!.dtype);
    expect(relativeError(one!, expected.get(value)!), value).toBeLessThan(1e-5);
    expect(three, value).toEqual(one);
  }
  return { copies };
}

describe('If', () => {
  const convolution = { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) };
  const constants = { w: random([4, 4, 3, 3], 1), v: random([4, 4, 3, 3], 2) };
  const branches = {
    // Both branches capture an image and want it channels-last; one gives a value of the outer graph back as it is.
    then_branch: body(
      {},
      [
        ['Conv', 'x w', 'a', convolution],
        ['Relu', 'a', 'b'],
      ],
      'b x',
      {},
    ),
    else_branch: body(
      {},
      [
        ['Conv', 'x v', 'a', convolution],
        ['Add', 'a inner', 'b'],
        ['Sigmoid', 'x', 'c'],
      ],
      'b c',
      { inner: random([4, 1, 1], 3) },
    ),
  };

  it.each([true, false])(
    'runs one branch on kernels when the condition is only known while running: %s',
    async (condition) => {
      const graph = model(
        { x: f32(1, 4, 5, 5), c: bool },
        [
          ['If', 'c', 'y z', branches],
          ['Conv', 'y w', 'p', convolution],
          ['Add', 'p z', 'q'],
        ],
        'q z',
        constants,
      );
      await check(graph, { x: random([1, 4, 5, 5], 4), c: truth(condition) }, ['If']);
    },
  );

  it('of which one branch changes the shape gives what that branch gave', async () => {
    const graph = model(
      { x: f32(1, 4, 5, 5), c: bool },
      [
        [
          'If',
          'c',
          'y',
          { then_branch: body({}, [['Relu', 'x', 'a']], 'a'), else_branch: body({}, [['Flatten', 'x', 'a']], 'a') },
        ],
        ['Neg', 'y', 'z'],
      ],
      'z',
    );
    for (const condition of [true, false])
      await check(graph, { x: random([1, 4, 5, 5], 4), c: truth(condition) }, ['If']);
  });

  it('whose condition follows from a shape is no If any more, nested ones neither', async () => {
    const inner = {
      then_branch: body({}, [['Identity', 'x', 'kept']], 'kept'),
      else_branch: body({}, [['Neg', 'x', 'kept']], 'kept'),
    };
    const graph = model(
      { x: f32('N', 3) },
      [
        ['Shape', 'x', 's'],
        ['Gather', 's first', 'n'],
        ['Equal', 'n two', 'c'],
        [
          'If',
          'c',
          'y',
          {
            then_branch: body(
              {},
              [
                ['If', 'c', 'i', inner],
                ['Exp', 'i', 'kept'],
              ],
              'kept',
            ),
            else_branch: body({}, [['Abs', 'x', 'kept']], 'kept'),
          },
        ],
      ],
      'y',
      { first: int64Tensor([], [0]), two: int64Tensor([], [2]) },
    );
    for (const [rows, op] of [
      [2, 'Exp'],
      [3, 'Abs'],
    ] as const) {
      const x = random([rows, 3], 5);
      const program = await compile(graph, {
        mode: 'strict',
        kernels: pools.strict,
        inputDims: new Map([['x', [rows, 3]]]),
      });
      const ran = program
        .report()
        .filter(({ how }) => how === 'kernel' || how === 'control')
        .map((entry) => entry.op);
      expect(ran).toEqual([op]);
      const inputs = new Map([['x', x]]);
      const [got, expected] = [await program.run(inputs), evaluateGraph(graph, inputs)];
      expect(relativeError(got.get('y')!, expected.get('y')!)).toBeLessThan(1e-6);
      program.dispose();
    }
  });
});

describe('Loop', () => {
  const turn = { i: i64, go: bool };
  const limit = (count: number) => int64Tensor([], [count]);

  it('carries a state through kernels and stacks what it gives', async () => {
    const graph = model(
      { x: f32(3, 4) },
      [
        ['Relu', 'x', 'start'],
        [
          'Loop',
          'm _ start',
          'last all',
          {
            body: body(
              { ...turn, s: f32(3, 4) },
              [
                ['MatMul', 's w', 'p'],
                ['Tanh', 'p', 't'],
                ['Add', 't x', 'next'],
                ['Exp', 'next', 'e'],
                ['Identity', 'go', 'on'],
              ],
              'on next e',
            ),
          },
        ],
        ['Neg', 'all', 'stack'],
      ],
      'last stack',
      { m: limit(5), w: random([4, 4], 6) },
    );
    await check(graph, { x: random([3, 4], 7) }, ['Loop']);
    const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
    expect(program.report().find(({ op }) => op === 'Neg')).toMatchObject({ how: 'kernel' });
    program.dispose();
  });

  it('computes a state in place where nobody needs the old one: no copies', async () => {
    const graph = model(
      { x: f32(3, 4) },
      [
        [
          'Loop',
          'm _ x',
          'y',
          {
            body: body(
              { ...turn, s: f32(3, 4) },
              [
                ['Sigmoid', 's', 'next'],
                ['Identity', 'go', 'on'],
              ],
              'on next',
            ),
          },
        ],
      ],
      'y',
      { m: limit(4) },
    );
    expect(await check(graph, { x: random([3, 4], 8) }, ['Loop'])).toEqual({ copies: 0 });
  });

  it('swaps two states, and counts in integers on the host', async () => {
    const graph = model(
      { a: f32(2, 3), b: f32(2, 3), n: i64 },
      [
        [
          'Loop',
          'm _ a b n',
          'p q k',
          {
            body: body(
              { ...turn, s: f32(2, 3), t: f32(2, 3), n: i64 },
              [
                ['Add', 'n i', 'k'],
                ['Identity', 'go', 'on'],
              ],
              'on t s k',
            ),
          },
        ],
      ],
      'p q k',
      { m: limit(3) },
    );
    const inputs = { a: random([2, 3], 1), b: random([2, 3], 2), n: int64Tensor([], [10]) };
    // What becomes the other state is put aside first.
    expect((await check(graph, inputs, ['Loop'])).copies).toBeGreaterThan(0);
  });

  it.each([0, 1, 6, 9])(
    'ends when its condition does or %i turns are over, both known only while running',
    async (count) => {
      const graph = model(
        { x: f32(2, 2), m: i64, c: bool },
        [
          [
            'Loop',
            'm c x',
            'y all',
            {
              body: body(
                { ...turn, s: f32(2, 2) },
                [
                  ['Add', 's one', 'next'],
                  ['Less', 'i four', 'on'],
                  ['Mul', 'next next', 'e'],
                ],
                'on next e',
                { one: random([1], 3), four: limit(4) },
                { e: f32(2, 2) },
              ),
            },
          ],
        ],
        'y all',
      );
      await check(graph, { x: random([2, 2], 9), m: limit(count), c: truth(true) }, ['Loop']);
      await check(graph, { x: random([2, 2], 9), m: limit(count), c: truth(false) }, ['Loop']);
    },
  );

  it('with a loop and an If inside reads what lies outside in every turn', async () => {
    const inner = body(
      { j: i64, go2: bool, u: f32(2, 2) },
      [
        ['Add', 'u outer', 'v'],
        ['Identity', 'go2', 'on2'],
      ],
      'on2 v',
    );
    const graph = model(
      { x: f32(2, 2), y: f32(2, 2) },
      [
        ['Exp', 'y', 'outer'],
        [
          'Loop',
          'm _ x',
          'z',
          {
            body: body(
              { ...turn, s: f32(2, 2) },
              [
                ['Loop', 'k _ s', 't', { body: inner }],
                ['Greater', 'i one', 'c'],
                [
                  'If',
                  'c',
                  'next',
                  {
                    then_branch: body({}, [['Mul', 't outer', 'r']], 'r'),
                    else_branch: body({}, [['Sub', 't s', 'r']], 'r'),
                  },
                ],
                ['Identity', 'go', 'on'],
              ],
              'on next',
            ),
          },
        ],
        ['Add', 'z outer', 'end'],
      ],
      'end',
      { m: limit(4), k: limit(2), one: limit(1) },
    );
    await check(graph, { x: random([2, 2], 10), y: random([2, 2], 11) }, ['Loop', 'If', 'Loop']);
  });

  it('whose state changes its shape keeps it on the host', async () => {
    const graph = model(
      { x: f32(1, 2) },
      [
        [
          'Loop',
          'm _ x',
          'y',
          {
            body: body(
              { ...turn, s: f32('n', 2) },
              [
                ['Concat', 's s', 'next', { axis: int(0) }],
                ['Identity', 'go', 'on'],
              ],
              'on next',
            ),
          },
        ],
      ],
      'y',
      { m: limit(3) },
    );
    await check(graph, { x: random([1, 2], 12) }, ['Loop']);
  });

  it('without an end is stopped', async () => {
    const graph = model(
      { x: f32(1) },
      [['Loop', '_ _ x', 'y', { body: body({ ...turn, s: f32(1) }, [['Identity', 'go', 'on']], 'on s') }]],
      'y',
    );
    const program = await compile(graph, { mode: 'strict', kernels: pools.strict });
    await expect(program.run(new Map([['x', random([1], 1)]]))).rejects.toThrow('was stopped after 1048576 iterations');
    program.dispose();
  });
});

describe('Scan', () => {
  it.each([
    [0, 0, 0, 0],
    [1, 0, 1, 0],
    [0, 1, 0, 1],
    [1, 1, 1, 1],
  ])('goes along axis %i backwards %i and stacks along axis %i backwards %i', async (axis, back, along, reversed) => {
    const length = 4;
    const x = axis === 0 ? [length, 3] : [3, length];
    const graph = model(
      { x: f32(...x), s: f32(3) },
      [
        ['LeakyRelu', 'x', 'sequence'],
        [
          'Scan',
          's sequence',
          'last all',
          {
            body: body(
              { state: f32(3), slice: f32(3) },
              [
                ['Mul', 'state w', 'p'],
                ['Add', 'p slice', 'next'],
                ['Sigmoid', 'next', 'e'],
              ],
              'next e',
            ),
            num_scan_inputs: int(1),
            scan_input_axes: ints([axis]),
            scan_input_directions: ints([back]),
            scan_output_axes: ints([along]),
            scan_output_directions: ints([reversed]),
          },
        ],
        ['Neg', 'all', 'y'],
      ],
      'last y',
      { w: random([3], 13) },
    );
    await check(graph, { x: random(x, 14), s: random([3], 15) }, ['Scan']);
  });
});
