import type { Finding, Severity } from '../engine/findings.ts';
import { visible } from '../engine/report/escape.ts';
import type { Style } from './terminal.ts';

const tone: Readonly<Record<Severity, (style: Style, text: string) => string>> = {
  error: (style, text) => style.red(style.bold(text)),
  warning: (style, text) => style.yellow(style.bold(text)),
  information: (style, text) => style.blue(text),
  hint: (style, text) => style.cyan(text),
};

/**
 * `file:line:column: error what [code]`, the line itself with the place marked, then why it matters and what to do.
 * @param file as shown to the person; absent when the finding is about no file
 * @param source text of the file, if it is at hand
 */
export function renderFinding(
  finding: Finding,
  style: Style,
  { file, source }: { readonly file?: string | undefined; readonly source?: string | undefined },
): string {
  const { severity, code, range } = finding;
  const [what, why, fix] = [finding.what, finding.why, finding.fix].map((text) => text && visible(text));
  const place = range ? `:${range.start.line + 1}:${range.start.column + 1}` : '';
  const where = file === undefined ? '' : `${style.bold(`${visible(file)}${place}`)}: `;
  const lines = [`${where}${tone[severity](style, severity)} ${what} ${style.dim(`[${code}]`)}`];
  lines.push(...excerpt(finding, style, source));
  if (why !== undefined) lines.push(`    ${style.dim('why:')} ${why}`);
  if (fix !== undefined) lines.push(`    ${style.dim('fix:')} ${fix}`);
  return lines.join('\n');
}

function excerpt({ range, severity }: Finding, style: Style, source: string | undefined): string[] {
  if (range === undefined || source === undefined) return [];
  const raw = source.split(/\r\n|\r|\n/)[range.start.line];
  const line = raw && visible(raw);
  if (line === undefined || line.length > 300) return [];
  const number = String(range.start.line + 1);
  const end = range.end.line === range.start.line ? range.end.column : line.length;
  // Tabs stay tabs so that the marks stand below what they mean.
  const lead = line.slice(0, range.start.column).replace(/[^\t]/g, ' ');
  const marks = '~'.repeat(Math.max(1, Math.min(end, line.length) - range.start.column));
  const bar = style.dim('|');
  return [
    `    ${style.dim(number)} ${bar} ${line}`,
    `    ${' '.repeat(number.length)} ${bar} ${lead}${tone[severity](style, marks)}`,
  ];
}

/** `2 errors, 1 warning`; empty when there is nothing to count. */
export function countFindings(findings: readonly Finding[]): string {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const parts: string[] = [];
  for (const severity of ['error', 'warning'] as const) {
    const n = count(severity);
    if (n > 0) parts.push(`${n} ${severity}${n === 1 ? '' : 's'}`);
  }
  return parts.join(', ');
}
