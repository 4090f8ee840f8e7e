import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { nodeHost } from '../../engine/env/node/host.ts';
import { replaceFile } from '../../engine/files/replace.ts';
import { targetNamed } from '../../engine/hardware/registry.ts';
import { loadModel } from '../../engine/run/load.ts';
import { printStarterSpec } from '../../language/index.ts';
import { defineCommand, jsonOption, UsageError } from '../command.ts';
import { existingFile, shownPath } from '../paths.ts';

export const init = defineCommand({
  name: 'init',
  summary: 'write a commented starter spec beside a model',
  description: `Writes MODEL.qspec: a spec that quantises the weights as it stands and shows, as comments, what to add for activations,
    targets, budgets and expectations. An existing file is left alone unless --force is given.`,
  arguments: [{ name: 'MODEL', description: 'an .onnx file' }],
  options: {
    out: { type: 'string', value: 'FILE', description: 'Where to write the spec (default: beside the model).' },
    target: { type: 'string', value: 'NAME', description: 'A hardware target to begin with (see "qspec targets").' },
    force: { type: 'boolean', description: 'Replace an existing spec.' },
    json: jsonOption,
  },
  examples: [{ line: 'qspec init model.onnx --target cortex-m7', does: 'writes model.qspec' }],
  async run({ positionals, options, terminal }) {
    const path = existingFile(positionals[0]!, 'model');
    const target = options.target === undefined ? undefined : targetNamed(options.target).name;
    const out = resolve(options.out ?? path.replace(/(\.onnx)?$/i, '.qspec'));
    if (existsSync(out) && !options.force) {
      throw new UsageError(`${shownPath(out)} is there already.`, 'Give --force to replace it, or --out FILE.');
    }
    const host = nodeHost();
    const { summary } = await loadModel(host, path);
    const model = relative(dirname(out), path).replaceAll('\\', '/') || basename(path);
    const text = printStarterSpec(summary, { model, ...(target !== undefined && { target }) });
    await replaceFile(host, out, new TextEncoder().encode(text));
    return {
      exitCode: 0,
      json: { spec: out, model: path },
      text: () =>
        [
          `Wrote ${terminal.outStyle.bold(shownPath(out))}.`,
          `Next: qspec check ${shownPath(out)}, then qspec quantize ${shownPath(out)}.`,
        ].join('\n'),
    };
  },
});
