import { element, svg, withAttributes } from '../dom.ts';
import type { HistogramView, ReportCard } from '../protocol.ts';
import { safeText } from '../text.ts';
import { axisNumber, barPath, binAt, levelLines, stepPath, tallestOf } from './histogram-geometry.ts';

/** What it became as a share of what it was. */
export function shareBar(share: number, label: string): SVGElement {
  const width = Math.min(100, Math.max(0.6, share * 100));
  const text = `${label}: ${(share * 100).toFixed(0)} % of what it was`;
  return svg(
    'svg',
    { class: 'share', viewBox: '0 0 100 6', preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
    svg('rect', { class: 'track', width: 100, height: 6 }),
    svg('rect', { class: 'fill', width: width.toFixed(1), height: 6 }),
  );
}

/** A change and its 95 % interval on a line through zero, in percentage points. */
export function intervalChart({ value, low, high }: NonNullable<ReportCard['interval']>): HTMLElement {
  const reach = Math.max(1, Math.abs(low), Math.abs(high), Math.abs(value)) * 1.1;
  const x = (points: number) => (150 + (points / reach) * 145).toFixed(1);
  const say = (points: number) =>
    `${points > 0.004 ? '+' : ''}${points.toFixed(2).replace('-', '−')}`.replace('−0.00', '0.00');
  const text = `Change ${say(value)} points, 95 % interval ${say(low)} to ${say(high)} points`;
  const picture = svg(
    'svg',
    { class: 'interval', viewBox: '0 0 300 24', role: 'img', 'aria-label': text },
    svg('line', { class: 'axis', x1: 5, x2: 295, y1: 12, y2: 12 }),
    svg('line', { class: 'zero', x1: 150, x2: 150, y1: 1, y2: 23 }),
    svg('line', { class: 'span', x1: x(low), x2: x(high), y1: 12, y2: 12 }),
    ...[low, high].map((end) => svg('line', { class: 'end', x1: x(end), x2: x(end), y1: 6, y2: 18 })),
    svg('circle', { cx: x(value), cy: 12, r: 4.5 }),
  );
  return element('div', '', picture, element('p', 'small soft', `95 % interval ${say(low)} to ${say(high)} points`));
}

const frame = { width: 320, height: 96 };

/** Float values as a surface, what their codes stand for as bars before it, the levels of the codes as lines behind both. */
export function histogramFigure(view: HistogramView): HTMLElement {
  const tallest = tallestOf(view);
  const { width, height } = frame;
  const levels = levelLines(view, width);
  const binWidth = width / view.before.length;
  const cursor = svg('rect', {
    class: 'cursor',
    y: 0,
    width: binWidth,
    height,
    visibility: 'hidden',
  });
  const outside = levels
    ? [
        [0, levels.from],
        [levels.to, width],
      ].filter(([from, to]) => to! - from! > 0.99 * binWidth)
    : [];
  const summary = `Histogram of the ${view.title} from ${axisNumber(view.low)} to ${axisNumber(view.high)}: ${view.notes.join(', ')}. Arrow keys read it bin by bin.`;
  const picture = svg(
    'svg',
    {
      class: 'histogram',
      viewBox: `0 -4 ${width} ${height + 12}`,
      preserveAspectRatio: 'none',
      role: 'img',
      tabindex: 0,
      'aria-label': summary,
      'data-testid': 'histogram',
    },
    ...outside.map(([from, to]) => svg('rect', { class: 'outside', x: from!, y: 0, width: to! - from!, height })),
    ...(levels?.lines ?? []).map((x) => svg('line', { class: 'level', x1: x, x2: x, y1: 0, y2: height + 6 })),
    svg('path', { class: 'float', d: stepPath(view.before, tallest, frame) }),
    svg('path', { class: 'codes', d: barPath(view.after, tallest, frame) }),
    svg('line', { class: 'base', x1: 0, x2: width, y1: height, y2: height }),
    ...outside.map(([from, to]) => {
      const edge = from === 0 ? to! : from!;
      return svg('line', { class: 'limit', x1: edge, x2: edge, y1: -4, y2: height + 6 });
    }),
    cursor,
  );
  const idle = safeText(view.axis);
  const readout = withAttributes(element('span', 'readout', idle), { 'aria-live': 'polite' });
  readBins(picture, view, cursor, (text) => readout.replaceChildren(text ?? idle));
  const [format, ...small] = view.notes;
  return element(
    'figure',
    'histogram-figure',
    element(
      'figcaption',
      '',
      element('strong', '', view.title),
      ...(format ? [element('span', 'soft', format)] : []),
      legend(levels !== undefined, outside.length > 0),
    ),
    picture,
    element(
      'div',
      'axis-labels',
      element('span', '', axisNumber(view.low)),
      readout,
      element('span', '', axisNumber(view.high)),
    ),
    element('p', 'small soft', small.join(' · ')),
  );
}

/** Bars of at most this many channels can be told apart. */
const mostChannelBars = 256;

/** What each output channel's weights lose: a bar of decibels for each, or for each run of neighbours its worst. null is exact. */
export function channelFigure(sqnr: readonly (number | null)[]): HTMLElement {
  const decibels = sqnr.map((value) => value ?? Number.POSITIVE_INFINITY);
  const each = Math.ceil(decibels.length / mostChannelBars);
  const bars = Array.from({ length: Math.ceil(decibels.length / each) }, (_, i) =>
    Math.min(...decibels.slice(i * each, (i + 1) * each)),
  );
  const top = Math.max(10, ...bars.filter(Number.isFinite));
  const width = frame.width / bars.length;
  const worst = Math.min(...bars);
  const worstText = Number.isFinite(worst) ? `${worst.toFixed(1)} decibels` : 'exact';
  const summary = `SQNR of each of ${sqnr.length} output channels, worst ${worstText} at channel ${decibels.indexOf(worst)}`;
  const picture = svg(
    'svg',
    {
      class: 'histogram',
      viewBox: `0 -4 ${frame.width} ${frame.height + 12}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': summary,
      'data-testid': 'channels',
    },
    ...bars.map((value, i) => {
      const height = (Math.max(0, Math.min(value, top)) / top) * frame.height;
      const gap = width > 3 ? 1 : 0;
      return svg('rect', {
        class: value === worst && Number.isFinite(worst) ? 'channel worst' : 'channel',
        x: i * width,
        y: frame.height - height,
        width: width - gap,
        height,
      });
    }),
    svg('line', { class: 'base', x1: 0, x2: frame.width, y1: frame.height, y2: frame.height }),
  );
  return element(
    'figure',
    'histogram-figure',
    element('figcaption', '', element('strong', '', 'channels'), element('span', 'soft', 'SQNR of the weights')),
    picture,
    element(
      'div',
      'axis-labels',
      element('span', '', 'channel 0'),
      element('span', 'readout', `0 to ${top.toFixed(0)} dB`),
      element('span', '', String(sqnr.length - 1)),
    ),
    element('p', 'small soft', each > 1 ? `The worst of every ${each} neighbours.` : ''),
  );
}

function legend(codes: boolean, outside: boolean): HTMLElement {
  const key = (kind: string, text: string) =>
    element('span', 'key', withAttributes(element('span', `sample ${kind}`), { 'aria-hidden': 'true' }), text);
  return element(
    'span',
    'legend',
    key('float', 'float'),
    key('codes', codes ? 'in codes' : 'simulated'),
    ...(outside ? [key('outside', 'out of reach')] : []),
  );
}

/** The bin under the pointer, or the one that the arrow keys are at, in words. */
function readBins(
  picture: SVGElement,
  view: HistogramView,
  cursor: SVGElement,
  say: (text: string | null) => void,
): void {
  const bins = view.before.length;
  let at = -1;
  const show = (index: number) => {
    at = Math.min(bins - 1, Math.max(0, index));
    const { low, high, before, after } = binAt(view, at);
    withAttributes(cursor, { x: (at * frame.width) / bins, visibility: 'visible' });
    say(
      `${axisNumber(low)} … ${axisNumber(high)}: ${before.toLocaleString('en-US')} float, ${after.toLocaleString('en-US')} in codes`,
    );
  };
  const hide = () => {
    at = -1;
    cursor.setAttribute('visibility', 'hidden');
    say(null);
  };
  picture.addEventListener('pointermove', ({ clientX }) => {
    const { left, width } = picture.getBoundingClientRect();
    show(Math.floor(((clientX - left) / width) * bins));
  });
  picture.addEventListener('pointerleave', hide);
  picture.addEventListener('blur', hide);
  picture.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) show(at < 0 ? Math.floor(bins / 2) : at + step);
    else if (event.key === 'Home') show(0);
    else if (event.key === 'End') show(bins - 1);
    else return;
    event.preventDefault();
  });
}
