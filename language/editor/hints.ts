import type { TextPosition } from '../../engine/findings.ts';
import { bytes, duration } from '../../engine/report/quantities.ts';
import type { CheckedSpec } from '../context.ts';
import { importedFrom, rangeOf, rangeOfKeyword } from '../grammar/ranges.ts';
import type { RuleMatch } from '../resolve/rules.ts';
import { plannedOf } from './planned.ts';

/** A short note behind a rule's head. */
export interface Hint {
  readonly position: TextPosition;
  readonly text: string;
}

/** How many layers each rule matches and what it and all other rules make of them: `18 layers · 412 → 58.0 KiB · −2.10 ms`. */
export function hintsOf(spec: CheckedSpec): readonly Hint[] {
  return (spec.rules?.matches ?? [])
    .filter(({ rule }) => importedFrom(rule) === undefined)
    .map((match) => ({ position: headEnd(match), text: hintText(match, spec) }));
}

/** After the selector and what is said of its count, before `{` or `keep`. */
function headEnd({ rule }: RuleMatch): TextPosition {
  const nodes = rule.$type === 'LayersRule' ? [rule.selector, rule.predicate, ...rule.counts] : rule.names;
  const ends = nodes.flatMap((node) => (node ? [rangeOf(node).end] : []));
  if (rule.optionals.length > 0) ends.push(rangeOfKeyword(rule, 'optional').end);
  return ends.reduce((last, end) => (isAfter(end, last) ? end : last), rangeOf(rule).start);
}

function isAfter(a: TextPosition, b: TextPosition): boolean {
  return a.line > b.line || (a.line === b.line && a.column > b.column);
}

function hintText({ layers }: RuleMatch, spec: CheckedSpec): string {
  const parts = [`${layers.size} ${layers.size === 1 ? 'layer' : 'layers'}`];
  const planned = layers.size > 0 ? plannedOf(spec) : undefined;
  if (planned) {
    const { bytesBefore, bytesAfter, timeBefore, timeAfter } = planned.costOf(layers);
    if (bytesBefore > 0 && bytesBefore !== bytesAfter) parts.push(`${bytes(bytesBefore)} → ${bytes(bytesAfter)}`);
    if (timeBefore !== undefined && timeAfter !== undefined && timeBefore !== timeAfter) {
      parts.push(`${timeAfter < timeBefore ? '−' : '+'}${duration(Math.abs(timeAfter - timeBefore))}`);
    }
  }
  return parts.join(' · ');
}
