import type { Progress } from '../engine/progress.ts';
import { formatCount, formatTimeLeft, TimeLeft } from '../engine/run/time-left.ts';
import type { Sink, Style } from './terminal.ts';

/** Milliseconds between two frames of the live line, and between two lines where there is no terminal. */
const frameInterval = 80;
const lineInterval = 10_000;

export interface LiveProgress extends Progress {
  /** Wipes the live line; the next report draws it again. */
  wipe(): void;
}

/**
 * Progress on standard error. At a terminal: one line that lives. Elsewhere: a line when a stage begins and every ten
 * seconds after, so that a log stays readable.
 */
export function makeProgress(
  sink: Sink,
  style: Style,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): LiveProgress {
  const timeLeft = new TimeLeft();
  let stage = '';
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;
  const wipe = () => {
    if (drawn) sink.write('\r\u001b[2K');
    drawn = false;
  };
  return {
    signal,
    wipe,
    report(name, done, total) {
      const time = now();
      const left = timeLeft.update(name, done, total, time);
      const begins = name !== stage;
      if (!begins && time - last < (sink.isTTY ? frameInterval : lineInterval)) return;
      stage = name;
      last = time;
      const tail = left === undefined ? '' : formatTimeLeft(left);
      if (sink.isTTY) {
        const width = Math.max(20, (sink.columns ?? 80) - 1);
        const text = withTail(`${bar(done, total, style)} ${name}${formatCount(done, total)}`, tail, width, style);
        sink.write(`\r\u001b[2K${text}`);
        drawn = true;
      } else {
        sink.write(`${name}${formatCount(done, total)}${tail === '' ? '' : `, ${tail}`}\n`);
      }
    },
  };
}

const cells = 16;

function bar(done: number, total: number, style: Style): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const full = Math.floor(share * cells);
  const eighth = Math.floor((share * cells - full) * 8);
  const part = eighth === 0 || full === cells ? '' : ' ▏▎▍▌▋▊▉'[eighth]!;
  return style.cyan(`${'█'.repeat(full)}${part}`) + style.dim('░'.repeat(cells - full - part.length));
}

/** Escape sequences take no room, so the width is counted on what is seen. */
function withTail(text: string, tail: string, width: number, style: Style): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins every colour sequence.
  const seen = text.replace(/\u001b\[[0-9;]*m/g, '').length;
  return seen + tail.length + 2 <= width ? `${text}  ${style.dim(tail)}` : text;
}
