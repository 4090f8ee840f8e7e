import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { jobOf, openSpec } from '../../../cli/spec.ts';
import { nodeHost } from '../../../engine/env/node/host.ts';
import { loadOnnxRuntime } from '../../../engine/env/node/onnxruntime.ts';
import { graphFromProto } from '../../../engine/graph/from-proto.ts';
import { decodeModel } from '../../../engine/onnx/codec.ts';
import { exactDecibels } from '../../../engine/run/metrics.ts';
import { quantizeJob } from '../../../engine/run/quantize.ts';
import { hasShared, root } from '../../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'qspec-packed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A real network compressed as a spec says and measured in ONNX Runtime on a few samples. */
async function compress(name: string, statements: string) {
  const path = join(folder, `${name}.qspec`);
  writeFileSync(path, `qspec 1\n${statements}`);
  const { job, findings } = jobOf(await openSpec(path));
  if (job === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  const context = {
    host: nodeHost(),
    threads: 1,
    toolVersion: '0',
    loadRuntime: () => loadOnnxRuntime({ threads: 1 }),
    progress: { signal: new AbortController().signal, report: () => undefined },
  };
  const { report } = await quantizeJob(job, context, { write: true, evaluationSamples: 40, agreementSamples: 8 });
  const optimised = report.verification!.levels.find(({ level }) => level === 'all')!;
  return { report, optimised, ran: optimised.operators.map(({ op }) => op) };
}

const importing = (network: string) =>
  `import ${JSON.stringify(join(root, 'bench', 'specs', 'networks', `${network}.qspec`))}`;

describe.skipIf(!hasShared)('weights in packed bits of a real network (needs shared models)', () => {
  it.each([
    ['resnet8', 'int6', '', 0.75],
    ['resnet8', 'int4', '{ container packed }', 0.5],
    ['kws', 'int6', '', 0.75],
    ['kws', 'int4', '{ container packed }', 0.5],
  ])('%s, %s %s: small in the file, fused in ONNX Runtime, read back alike', async (network, weights, how, share) => {
    const formats = `quantize { weights ${weights} per-channel  activations uint8 }`;
    const name = `${network}-${weights}`;
    const { report, optimised, ran } = await compress(
      name,
      `${importing(network)}
${formats}
export onnx qdq "${name}.onnx" ${how}
export onnx qdq "${name}.bytes.onnx" { container int8 }
`,
    );
    expect(optimised.floatCompute).toEqual([]);
    expect(ran).toContain('QLinearConv');
    expect(report.verification!.integerExecution!.sqnr).toBe(exactDecibels);
    const [own, plain] = [`${name}.onnx`, `${name}.bytes.onnx`].map((file) => readFileSync(join(folder, file)));
    const parameters = report.layers.reduce((sum, layer) => sum + (layer.weight ? layer.parameters : 0), 0);
    const saved = (plain!.length - own!.length) / parameters;
    expect(saved).toBeLessThan(1 - share);
    // The operators that unpack a layer take as much as some hundred weights, of which KWS has few.
    expect(saved).toBeGreaterThan(0.4 * (1 - share));
    const layersOf = (file: Uint8Array) => graphFromProto(decodeModel(file)).graph.nodes.map(({ name }) => name);
    expect(layersOf(own!)).toEqual(layersOf(plain!));
  });
});
