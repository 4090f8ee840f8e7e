import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';
import { nodeHost } from '../../engine/env/node/host.ts';
import { checkedNotification, type PlanResult, planRequest } from '../../language/server/protocol.ts';
import { root } from '../shared.ts';
import { startServer } from './support/server.ts';

// Waiting for an answer that never comes is to fail soon.
vi.setConfig({ testTimeout: 20_000 });

const folder = pathToFileURL(join(root, 'examples', 'digits')).href;
const uri = `${folder}/a.qspec`;

async function served(text: string, trusted = true) {
  const server = await startServer(nodeHost(), [folder], { trusted });
  const plan = () => server.client.sendRequest<PlanResult>(planRequest, { uri });
  let wake = () => {};
  let checked = new Promise<void>((resolve) => {
    wake = resolve;
  });
  server.client.onNotification(checkedNotification, () => {
    wake();
    checked = new Promise((resolve) => {
      wake = resolve;
    });
  });
  await server.open(uri, text);
  let version = 1;
  return {
    plan,
    change: (changed: string) =>
      server.client.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: ++version },
        contentChanges: [{ text: changed }],
      }),
    /** What the server says once it is of a kind, asking again whenever it has checked the text. */
    async until(kind: PlanResult['kind']): Promise<PlanResult> {
      for (;;) {
        const next = checked;
        const result = await plan();
        if (result.kind === kind) return result;
        await next;
      }
    },
  };
}

const spec = 'qspec 1\nmodel "digits.onnx"\nquantize {\n  weights int8\n}\n';

it('a plan comes as soon as the model is read, and a text that cannot be read is told apart from one that decides nothing', async () => {
  const { until, change } = await served(spec);
  const result = await until('table');
  if (result.kind !== 'table') throw new Error('unreachable');
  expect(result.model).toBe(join(root, 'examples', 'digits', 'digits.onnx'));
  expect(result.table.rows).toHaveLength(26);
  expect(result.table.rules).toMatchObject([{ text: 'weights int8', ofAll: true }]);

  await change(spec.replace('weights int8', 'weights int8 {'));
  expect(await until('syntax')).toMatchObject({ finding: { range: { start: { line: 3 } } } });
  await change('qspec 1\nmodel "digits.onnx"\n');
  expect(await until('none')).toMatchObject({ finding: { code: 'plan/no-quantize' } });
});

it.each([
  ['qspec 1\nquantize { weights int8 }', 'plan/no-model'],
  ['qspec 1\nmodel "nowhere.onnx"\nquantize { weights int8 }', 'file/missing'],
  ['qspec 1\nmodel "digits.npz"\nquantize { weights int8 }', 'model/not-onnx'],
])('%j has none, and it says why', async (text, code) => {
  const { until } = await served(text);
  expect(await until('none')).toMatchObject({ finding: { code } });
});

it('in an untrusted workspace there is none, whatever the text', async () => {
  const { plan } = await served(spec, false);
  expect(await plan()).toMatchObject({ kind: 'none', finding: { code: 'workspace/untrusted' } });
});
