import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../cli/registry.ts';
import { writeNpy } from '../../engine/data/numpy.ts';
import { encodeModel } from '../../engine/onnx/codec.ts';
import { onnx } from '../../engine/onnx/proto.ts';
import { modelProto, node, valueInfo } from '../engine/graph/protos.ts';
import { root } from '../shared.ts';
import { qspec } from './qspec.ts';

const example = join(root, 'examples', 'digits');
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-hostile-'));
  copyFileSync(join(example, 'digits.onnx'), at('m.onnx'));
  copyFileSync(join(example, 'digits.npz'), at('digits.npz'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One JSON document, nothing else, whatever happens. */
async function asked(...args: string[]) {
  const answer = await qspec([...args, '--json']);
  return { ...answer, document: JSON.parse(answer.out) };
}

function spec(name: string, body: string): string {
  writeFileSync(at(name), `qspec 1\nmodel "m.onnx"\n${body}\n`);
  return at(name);
}

describe('a model that is none', () => {
  const files: Readonly<Record<string, (path: string) => void>> = {
    empty: (path) => writeFileSync(path, ''),
    text: (path) => writeFileSync(path, 'hello\n'),
    truncated: (path) => writeFileSync(path, readFileSync(at('m.onnx')).subarray(0, 10_000)),
    'of 3 GB': (path) => {
      writeFileSync(path, '');
      truncateSync(path, 3 * 2 ** 30);
    },
    'a broken link': (path) => symlinkSync('nowhere', path),
    'a link to itself': (path) => symlinkSync(path, path),
    'a folder': (path) => mkdirSync(path),
    missing: () => {},
  };
  test.each(Object.entries(files))(
    '%s is one plain finding for every command that reads models',
    async (name, make) => {
      const path = at(`${name.replaceAll(' ', '-')}.onnx`);
      make(path);
      for (const args of [['inspect'], ['init'], ['verify'], ['profile', '--target', 'cortex-m7'], ['bench']]) {
        const { exitCode, document } = await asked(args[0]!, path, ...args.slice(1));
        expect([1, 2], `${args[0]} ${name}`).toContain(exitCode);
        expect(document.ok).toBe(false);
      }
      rmSync(path, { recursive: true, force: true });
    },
  );
});

describe('a model of operators that are missing', () => {
  test('is one finding that names them all, for every command that would run it', async () => {
    const info = (name: string) => valueInfo(name, [1, 4]);
    const proto = modelProto({
      inputs: { x: info('x') },
      nodes: [node('Magic', 'x', 'a', {}, 'trick', 'my.domain'), node('Spell', 'a', 'y', {}, 'charm', 'my.domain')],
      outputs: ['y'],
      opsets: { 'my.domain': 1 },
    });
    writeFileSync(at('magic.onnx'), encodeModel(proto));
    writeFileSync(at('x.npy'), writeNpy({ dtype: 'float32', dims: [1, 4], data: new Float32Array(4) }));
    writeFileSync(
      at('x.npz'),
      zipSync({ 'x.npy': writeNpy({ dtype: 'float32', dims: [2, 4], data: new Float32Array(8) }) }),
    );
    writeFileSync(
      at('magic.qspec'),
      'qspec 1\nmodel "magic.onnx"\ndata validation npz "x.npz" { array x }\nquantize { weights int8 }\n',
    );
    const commands = [
      ['run', at('magic.onnx'), '--input', `x=${at('x.npy')}`],
      ['bench', at('magic.onnx')],
      ['eval', at('magic.onnx'), '--data', at('magic.qspec')],
    ];
    for (const command of commands) {
      const { exitCode, document } = await asked(...command);
      expect([command[0], exitCode]).toEqual([command[0], 1]);
      expect(document.findings).toMatchObject([
        {
          code: 'model/operator-unsupported',
          what: expect.stringContaining(
            '2 operators are not implemented. my.domain.Magic: “trick”; my.domain.Spell: “charm”.',
          ),
        },
      ]);
    }
  });
});

describe('arguments', () => {
  test.each(commands.map(({ name }) => name))('%s: --help works, what it does not know is wrong use', async (name) => {
    expect(await qspec([name, '--help'])).toMatchObject({ exitCode: 0, err: '' });
    expect((await asked(name, '--bogus')).exitCode).toBe(2);
  });

  test.each(['0', '-1', '1.5', 'x', '', '1e9', '1000000000', '99999999999999999999'])(
    '--threads %j is wrong use',
    async (text) => {
      const { exitCode, document } = await asked('bench', at('m.onnx'), `--threads=${text}`);
      expect(exitCode).toBe(2);
      expect(document.error.kind).toBe('usage');
    },
  );

  test('an empty name names no file', async () => {
    const { exitCode, err } = await qspec(['inspect', '']);
    expect(exitCode).toBe(2);
    expect(err).toContain('empty');
  });
});

describe('specs', () => {
  const good = 'quantize { weights int8 }\nexport onnx qdq "out/o.onnx"';

  test('line ends, a byte-order mark, blanks and letters of any script in paths', async () => {
    mkdirSync(at('ein Ordner ✓'), { recursive: true });
    copyFileSync(at('m.onnx'), at('ein Ordner ✓', 'модель.onnx'));
    const text =
      '\uFEFFqspec 1\r\nmodel "модель.onnx"\r\nquantize { weights int8 }\r\nexport onnx qdq "aus/ü b.onnx"\r\n';
    writeFileSync(at('ein Ordner ✓', 's p.qspec'), text);
    const { exitCode, document } = await asked('quantize', at('ein Ordner ✓', 's p.qspec'), '--samples', '0');
    expect(exitCode).toBe(0);
    expect(document.written[0]).toBe(at('ein Ordner ✓', 'aus', 'ü b.onnx'));
  });

  test.each([
    ['a zero byte', `${good}\0`, 'syntax/character'],
    [
      'deep brackets',
      `quantize { layers ${'('.repeat(50_000)}all${')'.repeat(50_000)} { weights int8 } }`,
      'syntax/nesting',
    ],
    ['ten megabytes', `${good}${' '.repeat(1e7)}`, 'syntax/too-large'],
    ['an export that leaves the folder', 'quantize { weights int8 }\nexport onnx qdq "../o.onnx"', 'export/outside'],
    ['an export over the model', 'quantize { weights int8 }\nexport onnx qdq "m.onnx"', 'export/overwrite'],
    ['an export to a folder', 'quantize { weights int8 }\nexport onnx qdq "out/"', 'export/outside'],
  ])('%s', async (name, body, code) => {
    const path = spec(`${name.replaceAll(' ', '-')}.qspec`, body);
    for (const command of ['check', 'quantize']) {
      const { exitCode, document } = await asked(command, path);
      expect(exitCode).toBe(1);
      expect(document.findings.map((finding: { code: string }) => finding.code)).toContain(code);
    }
  });

  test('a zero byte in a path', async () => {
    writeFileSync(at('zero.qspec'), 'qspec 1\nmodel "m\0.onnx"\nquantize { weights int8 }\n');
    const { exitCode, document } = await asked('check', at('zero.qspec'));
    expect(exitCode).toBe(1);
    expect(document.ok).toBe(false);
  });

  test.each([
    ['nothing asked', 'quantize { }'],
    ['all kept', 'quantize { weights float }'],
  ])('%s: nothing is compressed, nothing is written, and that is said', async (name, body) => {
    const path = spec(`${name.replaceAll(' ', '-')}.qspec`, `${body}\nexport onnx qdq "nothing/o.onnx"`);
    const { exitCode, document } = await asked('quantize', path);
    expect(exitCode).toBe(1);
    expect(document.findings[0]).toMatchObject({
      code: 'quantize/nothing',
      why: 'The spec asks for no weights in codes.',
    });
    expect(existsSync(at('nothing'))).toBe(false);
  });

  test('two exports of one name are not gathered on top of each other', async () => {
    const path = spec(
      'twice.qspec',
      'quantize { weights int8 }\nexport onnx qdq "a/o.onnx"\nexport onnx float "b/o.onnx"',
    );
    const { exitCode, document } = await asked('quantize', path, '--out', at('gathered'), '--samples', '0');
    expect(exitCode).toBe(1);
    expect(document.findings[0].code).toBe('run/same-name');
    expect(existsSync(at('gathered', 'o.onnx'))).toBe(false);
  });

  test('a file where the output folder should be', async () => {
    writeFileSync(at('taken'), 'mine');
    const { exitCode } = await asked('quantize', spec('taken.qspec', good), '--out', at('taken'), '--samples', '0');
    expect(exitCode).toBe(1);
    expect(readFileSync(at('taken'), 'utf8')).toBe('mine');
  });
});

describe('names from a model', () => {
  const evil = '\u001b[31mred\u001b]0;title\u0007\n<script>alert(1)</script>\u202Eexe.onnx"\'&';
  const bidi = /\p{Bidi_Control}|[^\P{Cc}\t\n\r]/u;

  test('reach neither the terminal nor the report as more than text', async () => {
    const weight = Float32Array.from({ length: 12 }, (_, i) => i - 5);
    const float = onnx.TensorProto.DataType.FLOAT;
    const value = (name: string, size: number) =>
      new onnx.ValueInfoProto({
        name,
        type: new onnx.TypeProto({
          tensor_type: new onnx.TypeProto.Tensor({
            elem_type: float,
            shape: new onnx.TensorShapeProto({
              dim: [1, size].map((dim) => new onnx.TensorShapeProto.Dimension({ dim_value: dim })),
            }),
          }),
        }),
      });
    const model = new onnx.ModelProto({
      ir_version: 8,
      producer_name: evil,
      opset_import: [new onnx.OperatorSetIdProto({ domain: '', version: 13 })],
      graph: new onnx.GraphProto({
        name: evil,
        input: [value(`in${evil}`, 3)],
        output: [value(`out${evil}`, 4)],
        node: [
          new onnx.NodeProto({ name: evil, op_type: 'MatMul', input: [`in${evil}`, evil], output: [`out${evil}`] }),
        ],
        initializer: [
          new onnx.TensorProto({ name: evil, data_type: float, dims: [3, 4], raw_data: new Uint8Array(weight.buffer) }),
        ],
      }),
    });
    writeFileSync(at('evil.onnx'), encodeModel(model));
    for (const command of ['inspect', 'verify', 'profile', 'bench', 'run']) {
      const { exitCode, out, err } = await qspec([command, at('evil.onnx')]);
      expect(exitCode, `${command}: ${err}`).toBe(command === 'run' ? 2 : 0);
      expect(out + err, command).not.toMatch(bidi);
    }
    expect((await qspec(['init', at('evil.onnx'), '--out', at('evil.qspec')])).exitCode).toBe(0);
    const { exitCode, out, err } = await qspec(['quantize', at('evil.qspec'), '--out', at('evil')]);
    expect(exitCode, err).toBe(0);
    expect(out + err).not.toMatch(bidi);
    const report = readFileSync(at('evil', readdirSync(at('evil')).find((name) => name.endsWith('.html'))!), 'utf8');
    expect(report).not.toContain('<script>alert');
    expect(report).not.toMatch(bidi);
  });
});

describe('the process', () => {
  const node = join(root, 'node_modules', '.bin', 'node');
  const main = join(root, 'cli', 'main.ts');

  test('a reader that goes away is no fault', async () => {
    const child = spawn(node, [main, 'operators', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let err = '';
    child.stderr.on('data', (text) => (err += text));
    child.stdout.destroy();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    expect(err).toBe('');
  });

  test('cancelled in the middle, standard output still holds one document', async () => {
    // The example has 450 samples to evaluate after verification: time enough for a signal to arrive.
    const path = join(root, 'examples', 'digits', 'digits.qspec');
    const child = spawn(node, [main, 'quantize', path, '--json', '--out', at('cancelled')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (text) => (out += text));
    child.stderr.on('data', (text) => {
      err += text;
      // The runtime's profile is being recorded now; its end must not print it.
      if (String(text).includes('Verifying')) child.kill('SIGINT');
    });
    expect(await new Promise((resolve) => child.on('close', resolve)), err).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    expect(existsSync(at('cancelled'))).toBe(false);
  });
});
