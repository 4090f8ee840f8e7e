import type { TextRange } from '../../engine/findings.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { decodeRegex, decodeText } from '../grammar/text.ts';
import { nodesOf } from '../grammar/walk.ts';
import type { Check } from './check.ts';

/** Texts that are not closed on their line, and backslashes that escape nothing (a Windows path, mostly). */
export const textMustBeWellFormed: Check = {
  code: 'text/form',
  severity: 'error',
  section: 'reading',
  what: 'A text that is not closed on its line, or a backslash that escapes nothing.',
  why: 'Mostly it is a path of Windows.',
  fix: 'Write `/` in paths; for the backslash itself `\\\\`.',
  example: 'data calibration npz "data\\calib.npz"',
  *remarks({ ast }) {
    for (const node of nodesOf(ast, 'RegexSelector')) {
      if (node.regex !== undefined && !decodeRegex(node.regex).closed) yield unclosed(rangeOf(node));
    }
    for (const node of [...nodesOf(ast, 'Text'), ...nodesOf(ast, 'NameOrText')]) {
      const { raw } = node;
      if (raw === undefined) continue;
      const range = rangeOf(node);
      for (const fault of decodeText(raw).faults) {
        if (fault.kind === 'unclosed') yield unclosed(range);
        else {
          const sequence = raw.slice(fault.start, fault.end);
          yield {
            what: `\`${sequence}\` escapes nothing.`,
            why: 'A backslash begins an escape such as `\\"` or `\\n`.',
            fix: 'In paths write `/`, which works on every system; for the backslash itself write `\\\\`.',
            range: part(range, fault.start, fault.end),
            replacement: `/${sequence.slice(1)}`,
          };
        }
      }
    }
  },
};

function unclosed(range: TextRange) {
  return { what: 'This text is not closed on its line.', fix: 'End it with `"`.', range };
}

function part(range: TextRange, from: number, to: number): TextRange {
  const { line, column } = range.start;
  return { start: { line, column: column + from }, end: { line, column: column + to } };
}
