// Shows a webview outside the editor: `node test/webview/preview/serve.ts MODEL.onnx [port]` after a build, then open
// http://localhost:8123/?theme=dark (light, high-contrast, high-contrast-light; &state=none, running or failed).
// MODEL may be `synthetic:10000` or `hostile`. The page has the content security policy of the real one.
// `serve.ts plan:10000` shows the plan of a model with so many layers instead, `&rule=2` with the cursor in its third rule.
// `serve.ts report:SPEC.qspec` runs the spec, its outputs in a temporary folder, and shows its report.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ModelSummary } from '../../../engine/graph/summary.ts';
import type { Report } from '../../../engine/report/report.ts';
import { graphMessage } from '../../../extension/views/graph-message.ts';
import { reportMessage } from '../../../extension/views/report-view.ts';
import type { SensitivityMessage, ToWebview } from '../../../webview/protocol.ts';
import { fakeSensitivity, hostileModel, residualModel } from './messages.ts';
import { residualPlan } from './plan.ts';
import { themes } from './themes.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const nonce = 'preview';

const states: Readonly<Record<string, SensitivityMessage['state']>> = {
  none: { kind: 'none' },
  running: { kind: 'running', text: 'Measuring layer 12 of 26, 40 s left', share: 0.46 },
  failed: { kind: 'failed', what: 'No calibration data.', fix: 'Add a data section to digits.qspec.' },
};

/** What a command says of a file. */
function toldBy(...command: string[]): unknown {
  const cli = join(root, 'dist', 'node', 'qspec.mjs');
  const options = { encoding: 'utf8', maxBuffer: 2 ** 30 } as const;
  return JSON.parse(execFileSync(process.execPath, [cli, ...command, '--json'], options));
}

function reportOf(spec: string) {
  const out = mkdtempSync(join(tmpdir(), 'qspec-preview-'));
  process.on('exit', () => rmSync(out, { recursive: true, force: true }));
  const { report } = toldBy('quantize', spec, '--out', out) as { readonly report: Report };
  return reportMessage(report, { id: spec, actions: [{ action: 'openSpec', label: 'Open spec' }] });
}

function graphOf(model: string) {
  if (model === 'hostile') return hostileModel();
  if (model.startsWith('synthetic:')) return residualModel(Number(model.slice(10)));
  return graphMessage(basename(model), toldBy('inspect', model) as ModelSummary, {
    actions: [
      { action: 'measureSensitivity', label: 'Measure sensitivity' },
      { action: 'createSpec', label: 'Create spec' },
    ],
    takesRules: true,
  });
}

/** The page with a stand-in for the editor, which answers `ready` with the messages and keeps all that it is sent. */
function page(view: string, theme: string, origin: string, messages: readonly ToWebview[]): string {
  const { body, variables } = themes[theme] ?? themes['light']!;
  const css = Object.entries(variables).map(([name, value]) => `--vscode-${name}: ${value};`);
  const policy =
    `default-src 'none'; style-src ${origin} 'nonce-${nonce}'; script-src 'nonce-${nonce}'; ` +
    `img-src ${origin} data:; font-src ${origin}`;
  const data = JSON.stringify(messages).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>QSpec</title><style nonce="${nonce}">:root { ${css.join(' ')} }</style>
<link rel="stylesheet" href="/${view}.css"></head><body class="${body}">
<script nonce="${nonce}">
window.sent = [];
const stored = sessionStorage.getItem('state');
let api = { getState: () => (stored ? JSON.parse(stored) : undefined), setState: (s) => sessionStorage.setItem('state', JSON.stringify(s)),
  postMessage: (m) => { sent.push(m); if (m.kind === 'ready') for (const one of ${data}) window.postMessage(one, '*'); } };
window.acquireVsCodeApi = () => api;
</script>
<script nonce="${nonce}" src="/${view}.js"></script></body></html>`;
}

const [model, port = '8123'] = process.argv.slice(2);
if (model === undefined) throw new Error('which model?');
const plan = model.startsWith('plan:') ? residualPlan(Number(model.slice(5))) : undefined;
const report = model.startsWith('report:') ? reportOf(model.slice(7)) : undefined;
const graph = plan || report ? undefined : graphOf(model);
createServer((request, response) => {
  const url = new URL(request.url ?? '/', `http://localhost:${port}`);
  const file = /^\/(graph|plan|report)\.(js|css)$/.exec(url.pathname);
  if (file !== null) {
    response.setHeader('content-type', file[2] === 'js' ? 'text/javascript' : 'text/css');
    response.end(readFileSync(join(root, 'dist', 'webview', url.pathname)));
    return;
  }
  response.setHeader('content-type', 'text/html');
  const theme = url.searchParams.get('theme') ?? 'light';
  const answer = (view: string, ...messages: ToWebview[]) => response.end(page(view, theme, url.origin, messages));
  if (plan) {
    const rule = url.searchParams.get('rule');
    const at = { rule: rule === null ? null : Number(rule), note: url.searchParams.get('note') };
    answer('plan', plan, { kind: 'planState', pinned: false, ...at });
  } else if (report) {
    answer('report', report);
  } else if (graph) {
    const state = states[url.searchParams.get('state') ?? ''];
    answer('graph', graph, state === undefined ? fakeSensitivity(graph) : { kind: 'sensitivity', state });
  }
}).listen(Number(port));
