import type { Finding } from '../findings.ts';
import { Sha256 } from '../hash.ts';
import { agreementWords } from '../run/agreement/registry.ts';
import { base64 } from './base64.ts';
import { escapeHtml as e } from './escape.ts';
import { bar, intervalChart } from './html-charts.ts';
import { layerHistograms } from './html-histograms.ts';
import { reportStyle } from './html-style.ts';
import { amount, bytes, decibels, duration, joules, percent, points } from './quantities.ts';
import type { AccuracyReport, Judgement, LayerReport, Report, TargetReport } from './report.ts';
import { choicesIn, toLookAt } from './report-findings.ts';

/**
 * The report as one file: no script, nothing loaded, all text escaped. The policy allows this one style sheet by its hash
 * and nothing else.
 */
export function renderHtml(report: Report): string {
  const policy = `default-src 'none'; style-src 'sha256-${base64(new Sha256().update(new TextEncoder().encode(reportStyle)).digest())}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${e(`${report.tool.name} ${report.tool.version}`)}">
<title>${e(report.title)} · QSpec report</title>
<style>${reportStyle}</style>
</head>
<body>
${renderBody(report)}
</body>
</html>
`;
}

function renderBody(report: Report): string {
  return `<main>
<header>
<p class="kicker">QSpec report</p>
<h1>${e(report.title)}</h1>
<p class="soft">${e(report.model.path)}${report.spec ? ` by ${e(report.spec.path)}` : ''}</p>
${verdict(report)}
</header>
<div class="cards">
${sizeCard(report)}
${report.accuracy ? accuracyCard(report.accuracy) : ''}
${report.targets.map(latencyCard).join('\n')}
${arithmeticCard(report)}
</div>
${section('Expectations', judgements(report.expectations))}
${section('What to look at', findings(report))}
${section('What the recipe chose', chosen(report))}
${section('Layer by layer', layerTable(report.layers))}
${section('Weights and outputs', layerHistograms(report.layers))}
${section('On hardware', targetTable(report.targets))}
${section('In the runtime', runtime(report))}
${section('Files', files(report))}
${section('Where this comes from', provenance(report))}
<footer>Made by QSpec ${e(report.tool.version)}.</footer>
</main>`;
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section>\n<h2>${e(title)}</h2>\n${body}\n</section>`;
}

function verdict({ expectations, targets }: Report): string {
  const all = [...expectations, ...targets.flatMap((target) => target.budgets)];
  if (all.length === 0) return '';
  const failed = all.filter((item) => item.passed === false).length;
  const open = all.filter((item) => item.passed === undefined).length;
  const parts: string[] = [];
  if (failed > 0) parts.push(badge('bad', `${failed} of ${all.length} expectations and budgets failed`));
  else if (open < all.length)
    parts.push(badge('good', `${all.length - open} of ${all.length} expectations and budgets hold`));
  if (open > 0) parts.push(badge('warn', `${open} could not be judged`));
  return `<p>${parts.join(' ')}</p>`;
}

function badge(kind: string, text: string): string {
  return `<span class="badge ${kind}">${e(text)}</span>`;
}

function fromTo(before: string, after: string): string {
  return `<div class="figure"><small>${e(before)}</small><span class="arrow"> → </span><span class="after">${e(after)}</span></div>`;
}

function arithmeticCard({ size }: Report): string {
  const { before, after } = size.arithmetic;
  if (before.ace === 0) return '';
  const times = after.ace > 0 ? before.ace / after.ace : 1;
  return `<div class="card"><h3>Arithmetic</h3>${fromTo(amount(before.ace), amount(after.ace))}
<p class="soft small">MACs × weight bits × activation bits (ACE), ${times.toFixed(1)}× less · ${amount(before.bops)} → ${amount(after.bops)} bit operations · ${after.bitsPerParameter.toFixed(2)} bits a parameter</p>
${bar(before.ace > 0 ? after.ace / before.ace : 1, `${percent(after.ace / before.ace)} of what it was`)}</div>`;
}

function sizeCard({ size }: Report): string {
  const times = size.after > 0 ? size.before / size.after : 1;
  const share = size.before > 0 ? size.after / size.before : 1;
  return `<div class="card"><h3>Size of the file</h3>${fromTo(bytes(size.before), bytes(size.after))}
<p class="soft small">${times.toFixed(2)}× smaller · ${amount(size.parameters)} parameters</p>
${bar(share, `${percent(share)} of what it was`)}</div>`;
}

function accuracyCard({ metrics, data, runtime: where, measuredOn }: AccuracyReport): string {
  const { labelled, agreement, samples } = metrics;
  const about = `${samples} samples of “${e(data)}”, run in ${e(where)}`;
  const sqnr = `SQNR of the ${measuredOn} ${decibels(metrics.sqnr)}`;
  if (labelled === undefined) {
    const figure = agreement === undefined ? decibels(metrics.sqnr) : percent(agreement, 1);
    const { what, how } = agreementWords(metrics.agreementOf);
    const title = agreement === undefined ? `SQNR of the ${measuredOn}` : `${what} alike`;
    const more =
      agreement === undefined
        ? `Mean error ${metrics.meanAbsoluteError.toPrecision(3)}, cosine ${metrics.cosine.toFixed(4)}. `
        : `${how}. ${sqnr}. `;
    const outputs = (metrics.outputs ?? []).map(
      (output) =>
        `<br>${e(output.name)}: SQNR ${decibels(output.sqnr)}, cosine ${output.cosine.toFixed(4)}, mean error ${output.meanAbsoluteError.toPrecision(3)}`,
    );
    return `<div class="card"><h3>${title}</h3><div class="figure">${figure}</div><p class="soft small">${e(more)}${about}. No labels, so no accuracy.${outputs.join('')}</p></div>`;
  }
  const { reference, candidate, lost, won, drop, dropInterval } = labelled;
  return `<div class="card"><h3>Top-1 accuracy</h3>${fromTo(percent(reference.top1, 2), percent(candidate.top1, 2))}
<p class="soft small">${points(-drop)} points · ${lost} lost, ${won} won · ${percent(agreement ?? 0, 1)} alike</p>
${intervalChart({ value: -drop, low: -dropInterval.high, high: -dropInterval.low })}
<p class="soft small">Paired 95 % interval of the change, in points. ${sqnr}. ${about}.</p></div>`;
}

function latencyCard({ title, before, after }: TargetReport): string {
  const times = after.latency > 0 ? before.latency / after.latency : 1;
  const change = times >= 1 ? `${times.toFixed(2)}× faster` : `${(1 / times).toFixed(2)}× slower`;
  return `<div class="card"><h3>Latency, estimated</h3>${fromTo(duration(before.latency), duration(after.latency))}
<p class="soft small">${change} · ${e(title)}</p>${bar(before.latency > 0 ? after.latency / before.latency : 1, change)}</div>`;
}

function judgements(items: readonly Judgement[]): string {
  if (items.length === 0) return '';
  const rows = items.map(({ text, passed, found }) => {
    const mark =
      passed === undefined ? badge('warn', 'not judged') : passed ? badge('good', 'holds') : badge('bad', 'failed');
    return `<li>${mark}<code class="grow">${e(text)}</code><span>${e(found)}</span></li>`;
  });
  return `<ul class="plain-list card">${rows.join('')}</ul>`;
}

function findings({ findings: all }: Report): string {
  const kinds = { error: 'bad', warning: 'warn', information: 'plain', hint: 'plain' } as const;
  const rows = toLookAt(all).map((finding) => {
    const { severity, code } = finding;
    return `<li>${badge(kinds[severity], severity)}${words(finding)}<code class="soft small">${e(code)}</code></li>`;
  });
  return rows.length === 0 ? '' : `<ul class="plain-list card">${rows.join('')}</ul>`;
}

function chosen({ findings: all }: Report): string {
  const rows = choicesIn(all).map((finding) => `<li>${words(finding)}</li>`);
  return rows.length === 0 ? '' : `<ul class="plain-list card">${rows.join('')}</ul>`;
}

function words({ what, why, fix }: Finding): string {
  const more = [why, fix]
    .filter((text) => text !== undefined)
    .map((text) => `<br><span class="soft small">${prose(text)}</span>`);
  return `<span class="grow">${prose(what)}${more.join('')}</span>`;
}

/** Text with what stands between backticks as code. */
function prose(text: string): string {
  return e(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function chip(format: string | undefined): string {
  if (format === undefined) return '';
  return `<span class="chip${format.includes('float') ? ' float' : ''}">${e(format)}</span>`;
}

function layerTable(layers: readonly LayerReport[]): string {
  if (layers.length === 0) return '';
  const largest = Math.max(1, ...layers.map((layer) => layer.bytesBefore));
  const macs = Math.max(
    1,
    layers.reduce((total, layer) => total + layer.macs, 0),
  );
  const rows = layers.map((layer) => {
    const absorbed =
      layer.absorbed.length === 0
        ? ''
        : ` <span class="soft small" title="with ${layer.absorbed.map(e).join(', ')}">+${layer.absorbed.length}</span>`;
    const formats = layer.input === layer.output ? chip(layer.input) : `${chip(layer.input)} → ${chip(layer.output)}`;
    const size =
      layer.bytesBefore + layer.bytesAfter === 0
        ? '<span class="soft">–</span>'
        : `${bytes(layer.bytesBefore)} → ${bytes(layer.bytesAfter)}${bar(layer.bytesAfter / largest, '', layer.bytesBefore / largest)}`;
    const share = layer.macs / macs;
    return `<tr><th scope="row">${e(layer.name)}${absorbed}</th><td>${e(layer.op)}</td><td>${chip(layer.weight) || '<span class="soft">–</span>'}${layer.zeros === undefined ? '' : ` <span class="soft small">${percent(layer.zeros)} zero</span>`}</td><td>${formats}</td>
<td class="number">${noise(layer.weightSqnr)}</td><td class="number">${noise(layer.outputSqnr)}</td><td class="number">${size}</td>
<td class="number">${layer.macs === 0 ? '<span class="soft">–</span>' : `${percent(share)}${bar(share, '')}`}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th>Layer</th><th>Operator</th><th>Weights</th><th>Activations</th>
<th class="number">SQNR weights</th><th class="number">SQNR output</th><th class="number">Bytes</th><th class="number">MACs</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
<p class="soft small">SQNR: signal to quantisation noise; 6 dB are one bit. “Output” counts the noise of all layers before, on calibration samples.</p>`;
}

/** Below 20 dB a tenth of the signal is noise: worth a look. */
function noise(sqnr: number | undefined): string {
  if (sqnr === undefined) return '<span class="soft">–</span>';
  return sqnr < 20 ? badge('warn', decibels(sqnr)) : e(decibels(sqnr));
}

function targetTable(targets: readonly TargetReport[]): string {
  if (targets.length === 0) return '';
  const cell = (before: string, after: string, limit: number | undefined) =>
    `<td class="number">${e(before)} → <strong>${e(after)}</strong>${limit === undefined ? '' : `<br><span class="soft small">of ${bytes(limit)}</span>`}</td>`;
  const energies = targets.some(({ after }) => after.energy !== undefined);
  const rows = targets.map(({ title, before, after, flashLimit, ramLimit }) => {
    const latency = cell(duration(before.latency), duration(after.latency), undefined);
    const energy =
      before.energy === undefined || after.energy === undefined
        ? '<td class="number">–</td>'
        : cell(joules(before.energy), joules(after.energy), undefined);
    const flash = cell(bytes(before.flash), bytes(after.flash), flashLimit);
    const ram = cell(bytes(before.ram), bytes(after.ram), ramLimit);
    return `<tr><th scope="row">${e(title)}</th>${latency}${energies ? energy : ''}${flash}${ram}</tr>`;
  });
  const budgets = targets.flatMap(({ name, budgets: all }) =>
    all.map((item) => ({ ...item, text: `${name}: ${item.text}` })),
  );
  const basis = [...new Set(targets.flatMap((target) => target.basis))];
  return `<div class="scroll"><table><thead><tr><th>Target</th><th class="number">Latency</th>${energies ? '<th class="number">Energy</th>' : ''}<th class="number">Flash</th><th class="number">RAM</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
${basis.map((sentence) => `<p class="soft small">${e(sentence)}</p>`).join('')}
${judgements(budgets)}`;
}

function runtime({ verification }: Report): string {
  if (verification === undefined) return '';
  const { runtime: name, version, levels, betweenLevels, integerExecution } = verification;
  const rows = levels.map(({ level, operators, floatCompute }) => {
    const left =
      level === 'all'
        ? floatCompute.length === 0
          ? badge('good', 'no compute left in float')
          : badge('warn', `${floatCompute.length} still in float`)
        : '';
    return `<tr><th scope="row" class="whole">${level === 'all' ? 'Optimised' : 'As written'}</th><td>${operators.map(({ op, count }) => `${count} ${e(op)}`).join(', ')}</td><td>${left}</td></tr>`;
  });
  const compared = [
    ['Optimised against as written', betweenLevels],
    ['QSpec’s integer execution against the runtime', integerExecution],
  ] as const;
  const alike = compared.flatMap(([label, metrics]) =>
    metrics === undefined
      ? []
      : [
          `<dt>${label}</dt><dd>${metrics.agreement === undefined ? '' : `${percent(metrics.agreement, 1)} alike, `}SQNR ${decibels(metrics.sqnr)} on ${metrics.samples} samples</dd>`,
        ],
  );
  return `<p>Loads and runs in ${e(name)} ${e(version)}, with all graph optimisations and with none.</p>
<div class="scroll"><table><thead><tr><th>Graph</th><th>Operators that ran</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<dl>${alike.join('')}</dl>`;
}

/** The report cannot know its own size. */
function files(report: Report): string {
  const rows = report.files.map(
    ({ path, bytes: size, kind }) =>
      `<li><code class="grow">${e(path)}</code><span>${size > 0 ? bytes(size) : ''}</span><span class="soft">${e(kind)}</span></li>`,
  );
  return rows.length === 0 ? '' : `<ul class="plain-list card">${rows.join('')}</ul>`;
}

function provenance({ spec, model, calibration, accuracy, stages }: Report): string {
  const rows: [string, string, string][] = [['Model', model.path, model.hash]];
  if (spec) rows.push(['Spec', spec.path, spec.hash]);
  if (calibration)
    rows.push(['Calibration', `${calibration.samples} samples of “${calibration.data}”`, calibration.dataHash]);
  if (accuracy)
    rows.push(['Evaluation', `${accuracy.metrics.samples} samples of “${accuracy.data}”`, accuracy.dataHash]);
  const list = rows.map(
    ([what, name, hash]) => `<dt>${what}</dt><dd>${e(name)} <code class="soft small">${e(hash)}</code></dd>`,
  );
  const observers = calibration?.observers.map(({ name, tensors }) => `${name} on ${tensors} tensors`).join(', ');
  if (observers) list.push(`<dt>Observers</dt><dd>${e(observers)}</dd>`);
  const seconds = stages.reduce((total, stage) => total + stage.seconds, 0);
  if (seconds > 0) {
    const parts = stages.map((stage) => `${stage.name} ${duration(stage.seconds)}`).join(', ');
    list.push(`<dt>Time</dt><dd>${duration(seconds)} <span class="soft">(${e(parts)})</span></dd>`);
  }
  return `<details><summary>Hashes, data and times</summary><dl>${list.join('')}</dl></details>`;
}
