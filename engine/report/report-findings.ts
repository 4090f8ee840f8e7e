import type { Finding, Severity } from '../findings.ts';

const order: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

/** What a reader should look at, the gravest first; what the recipe chose is told by itself. */
export function toLookAt(findings: readonly Finding[]): readonly Finding[] {
  return findings
    .filter((finding) => !isChoice(finding))
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** What the recipe `auto` chose, in the order in which it did. */
export function choicesIn(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(isChoice);
}

function isChoice({ code }: Finding): boolean {
  return code === 'auto/chosen';
}
