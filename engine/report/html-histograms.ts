import { escapeHtml as e } from './escape.ts';
import { decibels, percent } from './quantities.ts';
import type { LayerReport, TensorHistogram } from './report.ts';
import { weightFacts } from './weight-facts.ts';

/** More than these would make a file that no browser likes; the ones whose outputs suffer most are kept. */
const mostLayers = 200;
const width = 320;
const height = 80;

/** A disclosure a layer with the histograms of its weights and its output; without script, closed until it is asked for. */
export function layerHistograms(layers: readonly LayerReport[]): string {
  const all = layers.filter(({ weightHistogram, outputHistogram }) => weightHistogram ?? outputHistogram);
  if (all.length === 0) return '';
  const kept = all.length <= mostLayers ? all : weakest(all);
  const rows = kept.map((layer) => {
    const { name, op, absorbed, weights, weightHistogram, outputHistogram, outputSqnr } = layer;
    const figures = [
      weightHistogram && figure('Weights', weightHistogram),
      outputHistogram && figure('Output', outputHistogram),
    ];
    const noise = outputSqnr === undefined ? '' : ` · ${decibels(outputSqnr)}`;
    const facts = [
      ...(absorbed.length > 0 ? [`with ${absorbed.join(', ')}`] : []),
      ...(weights ? [weightFacts(weights).join(' · ')] : []),
    ].map((text) => `<p class="soft small">${e(text)}</p>`);
    return `<details><summary>${e(name)} <span class="soft">${e(op)}${noise}</span></summary>${facts.join('')}<div class="histograms">${figures.filter(Boolean).join('')}</div></details>`;
  });
  const left = all.length - kept.length;
  return `<div class="card distributions">${rows.join('\n')}</div>
<p class="soft small">Grey: float values; bars: what the codes stand for. Heights are square roots of the counts.${left > 0 ? ` The ${kept.length} layers with the noisiest outputs; --json has the other ${left} too.` : ''}</p>`;
}

function weakest(layers: readonly LayerReport[]): readonly LayerReport[] {
  const noise = (layer: LayerReport) => layer.outputSqnr ?? Number.POSITIVE_INFINITY;
  const chosen = new Set([...layers].sort((a, b) => noise(a) - noise(b) || 0).slice(0, mostLayers));
  return layers.filter((layer) => chosen.has(layer));
}

function figure(title: string, histogram: TensorHistogram): string {
  const { unit, low, high, before, after, codes, format = 'float', clipped, count } = histogram;
  const tallest = [...before, ...after].reduce((most, n) => Math.max(most, n), 1);
  const text = [
    codes ? `${codes.format}, ${Math.round((codes.levels[1] - codes.levels[0]) / codes.step) + 1} levels` : format,
    clipped > 0 ? `${percent(clipped, 2)} clipped` : 'nothing clipped',
    `${count} values`,
  ].join(', ');
  return `<figure><figcaption>${title} <span class="soft small">${e(text)}</span></figcaption>
<svg class="histogram" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${e(`Histogram of the ${title.toLowerCase()}: ${text}`)}">${levelLines(histogram)}<path class="float" d="${area(before, tallest)}"/><path class="codes" d="${bars(after, tallest)}"/></svg>
<p class="soft small ends"><span>${axis(low)}</span><span>${unit === 'step' ? 'steps of each channel’s scale' : 'value'}</span><span>${axis(high)}</span></p></figure>`;
}

/** Only as many as can be told apart. */
function levelLines({ low, high, codes }: TensorHistogram): string {
  if (codes === undefined) return '';
  const { levels, step } = codes;
  const count = Math.round((levels[1] - levels[0]) / step) + 1;
  if (count > 64) return '';
  const lines = Array.from({ length: count }, (_, i) => {
    const x = short(((levels[0] + i * step - low) / (high - low)) * width);
    return `M${x} 0V${height}`;
  });
  return `<path class="level" d="${lines.join('')}"/>`;
}

function top(count: number, tallest: number): string {
  return short(height - Math.sqrt(count / tallest) * height);
}

function area(counts: readonly number[], tallest: number): string {
  const each = width / counts.length;
  const steps = counts.map((count, i) => `V${top(count, tallest)}H${short((i + 1) * each)}`);
  return `M0 ${height}${steps.join('')}V${height}Z`;
}

function bars(counts: readonly number[], tallest: number): string {
  const each = width / counts.length;
  return counts
    .map((count, i) =>
      count > 0
        ? `M${short((i + 0.2) * each)} ${height}V${top(count, tallest)}H${short((i + 0.8) * each)}V${height}Z`
        : '',
    )
    .join('');
}

function short(value: number): string {
  return String(Number(value.toFixed(1)));
}

function axis(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3))).replaceAll('-', '−');
}
