import { resolve } from 'node:path';
import { readNpy, writeNpy } from '../../engine/data/numpy.ts';
import { nodeHost } from '../../engine/env/node/host.ts';
import { compile } from '../../engine/executor/compile.ts';
import { replaceFile } from '../../engine/files/replace.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { nearest } from '../../engine/nearest.ts';
import { readTensorFile, readValueFile } from '../../engine/onnx/model-file.ts';
import { textTable } from '../../engine/report/text-table.ts';
import { loadModel, prepare } from '../../engine/run/load.ts';
import { argmax, isClassVector, numbersOf } from '../../engine/run/metrics.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { type ContainerType, fits, formatType, isTensor, type Value } from '../../engine/value.ts';
import type { RuntimeValue } from '../../engine/verify/onnxruntime.ts';
import { defineCommand, jsonOption, UsageError } from '../command.ts';
import { existingFile, shownPath, threadCount } from '../paths.ts';
import { graphValues } from '../values.ts';

export const run = defineCommand({
  name: 'run',
  summary: 'plain inference: .npy or ONNX .pb in, .npy out',
  description: `Runs a model once with the engine's own executor. Every input of the model is given by --input NAME=FILE (the name may
    be left out where there is one input only); every output becomes DIR/NAME.npy. Of sequences the inputs are ONNX .pb files and
    the outputs DIR/NAME.0.npy, DIR/NAME.1.npy, ….`,
  arguments: [{ name: 'MODEL', description: 'an .onnx file' }],
  options: {
    input: {
      type: 'string',
      multiple: true,
      value: 'NAME=FILE',
      description: 'An input: a .npy file or an ONNX .pb tensor.',
    },
    output: { type: 'string', value: 'DIR', description: 'Folder for the outputs; absent: they are only described.' },
    threads: { type: 'string', value: 'N', description: 'Threads to compute with (default 1).' },
    json: jsonOption,
  },
  examples: [
    { line: 'qspec run model.onnx --input x=sample.npy --output out', does: 'writes out/NAME.npy for every output' },
  ],
  async run({ positionals, options, terminal, progress }) {
    const host = nodeHost();
    const path = existingFile(positionals[0]!, 'model');
    const threads = threadCount(options.threads) ?? 1;
    const { graph } = prepare(await loadModel(host, path));
    const inputs = await readInputs(graph, options.input);
    progress.report('Running', 0, 1);
    const program = await compile(graph, {
      mode: 'relaxed',
      threads,
      progress,
      inputDims: new Map(
        [...inputs].flatMap(([name, value]) => (isTensor(value) ? [[name, value.dims] as const] : [])),
      ),
      ...(host.startThread && { startThread: host.startThread }),
    });
    const values = await program.runValues(inputs, { progress });
    const outputs = new Map([...values].flatMap(([name, value]) => tensorsOf(name, value)));
    program.dispose();
    const folder = options.output === undefined ? undefined : resolve(options.output);
    const described: { name: string; dtype: string; dims: readonly number[]; file?: string }[] = [];
    for (const [name, tensor] of outputs) {
      const file = folder === undefined ? undefined : resolve(folder, `${fileName(name)}.npy`);
      if (file !== undefined) await replaceFile(host, file, writeNpy(tensor));
      described.push({ name, dtype: tensor.dtype, dims: tensor.dims, ...(file !== undefined && { file }) });
    }
    return {
      exitCode: 0,
      json: { model: path, outputs: described },
      text: () =>
        textTable(
          [{ title: 'output', max: 40 }, { title: 'type' }, { title: 'shape' }, { title: 'values' }, { title: 'file' }],
          described.map(({ name, dtype, dims, file }) => [
            name,
            dtype,
            `[${dims.join(', ')}]`,
            valuesText(outputs.get(name)!),
            file === undefined ? '–' : shownPath(file),
          ]),
          terminal.outStyle,
        ).join('\n'),
    };
  },
});

/** A value's tensors with names: its own, or with the position in a sequence behind it. */
function tensorsOf(name: string, value: Value): (readonly [string, Tensor])[] {
  if (isTensor(value)) return [[name, value]];
  if (value.kind === 'sequence') return value.items.map((item, i) => [`${name}.${i}`, item]);
  return value.value === undefined ? [] : tensorsOf(name, value.value);
}

async function readInputs(graph: Graph, given: readonly string[]): Promise<ReadonlyMap<string, Value>> {
  const wanted = graphValues(graph);
  const host = nodeHost();
  const names = wanted.map(({ name }) => name);
  const inputs = new Map<string, Value>();
  for (const text of given) {
    const cut = names.length === 1 && !text.includes('=') ? -1 : text.lastIndexOf('=');
    const name = cut < 0 ? names[0]! : text.slice(0, cut);
    const value = wanted.find((candidate) => candidate.name === name);
    if (value === undefined) {
      const near = nearest(name, names);
      throw new UsageError(
        `The model has no input "${name}".`,
        near ? `Did you mean ${near}?` : `Its inputs: ${describe(wanted)}.`,
      );
    }
    const file = existingFile(text.slice(cut + 1), 'tensor file');
    const container = graph.containers?.get(name);
    if (container !== undefined) {
      inputs.set(name, fittingContainer(await readValueFile(host, file, container), container, name, file));
      continue;
    }
    const tensor = file.endsWith('.pb')
      ? await readTensorFile(host, file)
      : await readNpy(await host.readFile(file), file);
    inputs.set(name, fitting(tensor, value, file));
  }
  const missing = wanted.filter(({ name }) => !inputs.has(name));
  if (missing.length > 0) {
    throw new UsageError(
      `The model needs ${missing.length === 1 ? 'an input' : 'inputs'} that ${missing.length === 1 ? 'is' : 'are'} not given: ${describe(missing)}.`,
      `Give --input ${missing[0]!.name}=FILE.npy.`,
    );
  }
  return inputs;
}

function fitting(tensor: Tensor, { name, dtype, dims }: RuntimeValue, file: string): Tensor {
  const fits =
    dims.length === tensor.dims.length && dims.every((d, i) => typeof d !== 'number' || d === tensor.dims[i]);
  if (tensor.dtype !== dtype || !fits) {
    throw new UsageError(
      `Input "${name}" is ${dtype} [${dims.join(', ')}], but ${shownPath(file)} holds ${tensor.dtype} [${tensor.dims.join(', ')}].`,
    );
  }
  return tensor;
}

function fittingContainer(value: Value, type: ContainerType, name: string, file: string): Value {
  if (!fits(value, type))
    throw new UsageError(`Input "${name}" is a ${formatType(type)}, and ${shownPath(file)} holds something else.`);
  return value;
}

function describe(values: readonly RuntimeValue[]): string {
  return values.map(({ name, dtype, dims }) => `${name} ${dtype} [${dims.join(', ')}]`).join('; ');
}

function valuesText(tensor: Tensor): string {
  const numbers = numbersOf(tensor);
  if (numbers === undefined || numbers.length === 0) return '–';
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < numbers.length; i++) {
    low = Math.min(low, numbers[i]!);
    high = Math.max(high, numbers[i]!);
  }
  const range = `${low.toPrecision(4)} … ${high.toPrecision(4)}`;
  return isClassVector(tensor.dims) ? `${range}, largest at ${argmax(numbers)}` : range;
}

/** An output's name as a file name: nothing that leaves the folder or that a file system refuses. */
function fileName(name: string): string {
  const safe = name.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '_');
  return safe === '' ? '_' : safe.slice(0, 200);
}
