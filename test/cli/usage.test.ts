import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Command, defineCommand } from '../../cli/command.ts';
import { commands } from '../../cli/registry.ts';
import { root } from '../shared.ts';
import { qspec } from './qspec.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qspec-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = join(root, 'examples', 'digits');

describe('help', () => {
  test('names every command with its arguments, and the exit codes', async () => {
    const { exitCode, out } = await qspec([]);
    expect(exitCode).toBe(0);
    for (const command of commands) {
      expect(out).toContain([command.name, ...command.arguments.map(({ name }) => name)].join(' '));
      expect(out).toContain(command.summary);
    }
    expect(out).toContain('0 done; 1 the spec, the model or an expectation failed; 2 wrong use');
  });

  test.each(commands.map((command) => command.name))(
    'of "%s" says what it does, its options and an example',
    async (name) => {
      const { exitCode, out } = await qspec([name, '--help']);
      const command = commands.find((candidate) => candidate.name === name)!;
      expect(exitCode).toBe(0);
      expect(out).toContain(`Usage: qspec ${name}`);
      for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
      expect(command.options['json'], 'every command answers --json').toBeDefined();
      expect(command.examples.length).toBeGreaterThan(0);
      for (const { line } of command.examples) expect(line).toMatch(new RegExp(`^qspec ${name}\\b`));
      expect((await qspec(['help', name])).out).toBe(out);
    },
  );

  test('the commands of the design are there', () => {
    const names = 'init inspect check run quantize eval verify profile bench targets formats methods operators';
    expect(commands.map((command) => command.name)).toEqual(expect.arrayContaining(names.split(' ')));
  });
});

describe('wrong use ends with exit code 2, says what is wrong and what was meant', () => {
  test.each([
    [['quantise', 'x.qspec'], 'no command "quantise"', 'Did you mean "qspec quantize"?'],
    [['--jason'], 'no option --jason', 'qspec --help'],
    [['targets', '--jsn'], 'no option --jsn', 'Did you mean --json?'],
    [['quantize'], '"qspec quantize" needs SPEC', 'qspec quantize --help'],
    [['inspect', 'a', 'b'], 'does not know what to do with "b"', '--help'],
    [['inspect', 'absent.onnx'], 'There is no model at absent.onnx', ''],
    [['inspect', example], 'is a folder, not a model', ''],
    [['bench', join(example, 'digits.onnx'), '--against', 'onnxruntime'], 'no peer called', 'Peers: onnxruntime-web.'],
    [['bench', join(example, 'digits.onnx'), '--threads', 'two'], '--threads takes a whole number from 1', ''],
    [['bench', join(example, 'digits.onnx'), '--threads'], '--threads needs a value', ''],
    [['targets', '--json=yes'], '--json takes no value', ''],
    [['profile', join(example, 'digits.onnx'), '--target', 'cortex-m8'], 'no target called', 'Did you mean cortex-m7?'],
    [['run', join(example, 'digits.onnx')], 'an input that is not given', '--input'],
    [['eval', join(example, 'digits.onnx')], 'A model needs data', '--data SPEC'],
    [['quantize', join(example, 'digits.qspec'), '--samples', '-1'], 'whole number', ''],
  ])('%j', async (args, what, hint) => {
    const { exitCode, out, err } = await qspec(args);
    expect(err).toContain(what);
    expect(err).toContain(hint);
    expect(out).toBe('');
    expect(exitCode).toBe(2);
  });
});

describe('--json', () => {
  test.each([
    [['targets'], 0],
    [['formats'], 0],
    [['methods'], 0],
    [['operators'], 0],
    [['inspect', join(example, 'digits.onnx')], 0],
    [['check', join(example, 'digits.qspec')], 0],
    [['profile', join(example, 'digits.qspec')], 0],
    [['quantise'], 2],
    [['inspect', 'absent.onnx'], 2],
    [['inspect', join(example, 'digits.qspec')], 1],
  ])('%j prints exactly one document on standard output, whatever the end', async (args, code) => {
    const { exitCode, out } = await qspec([...args, '--json']);
    expect(exitCode).toBe(code);
    const document: unknown = JSON.parse(out);
    expect(document).toBeTypeOf('object');
    if (code !== 0) expect(document).toMatchObject({ ok: false });
  });
});

describe('findings', () => {
  test('say file, line and column, show the line, and end check with exit code 1', async () => {
    const spec = join(folder, 'bad.qspec');
    writeFileSync(
      spec,
      `qspec 1\nmodel "${join(example, 'digits.onnx')}"\nquantize {\n  layer "conv9" keep float\n}\n`,
    );
    const { exitCode, err, out } = await qspec(['check', spec]);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/bad\.qspec:4:9: error .*conv9.* \[[a-z]+\/[a-z-]+\]/);
    expect(err).toContain('4 |   layer "conv9" keep float');
    expect(err).toMatch(/\| +~{7}\n/);
    expect(err).toContain('fix:');
    expect(out).toContain('1 error');
    expect((await qspec(['quantize', spec])).exitCode).toBe(1);
  });

  test('of a file that is no model name the file and what to do', async () => {
    const path = join(folder, 'noise.onnx');
    writeFileSync(
      path,
      Uint8Array.from({ length: 400 }, (_, i) => (i * 7919) & 255),
    );
    for (const command of ['inspect', 'verify', 'profile', 'bench', 'init', 'run']) {
      const { exitCode, err } = await qspec([command, path, ...(command === 'run' ? ['--input', path] : [])]);
      expect(err, command).toMatch(/noise\.onnx.*error/);
      expect(exitCode, command).toBe(1);
    }
  });
});

test('a fault of ours ends with exit code 3 and owns up to it', async () => {
  const broken = defineCommand({
    name: 'broken',
    summary: 'fails',
    description: '',
    arguments: [],
    options: {},
    examples: [],
    run: () => Promise.reject(new TypeError('a thing is no function')),
  });
  (commands as Command[]).push(broken);
  try {
    const { exitCode, err, out } = await qspec(['broken', '--json']).catch((error) => expect.fail(error));
    expect(exitCode).toBe(2); // it has no --json
    expect(JSON.parse(out)).toMatchObject({ ok: false, error: { kind: 'usage' } });
    expect(err).not.toBe('');
    const fault = await qspec(['broken']);
    expect(fault.exitCode).toBe(3);
    expect(fault.err).toContain('a thing is no function');
    expect(fault.err).toContain('a fault of QSpec itself');
  } finally {
    (commands as Command[]).pop();
  }
});
