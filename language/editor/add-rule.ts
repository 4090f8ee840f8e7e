import { type AstNode, GrammarUtils } from 'langium';
import type { TextRange } from '../../engine/findings.ts';
import type { NumberFormat } from '../../engine/formats/format.ts';
import type { CheckedSpec } from '../context.ts';
import type { QuantizeBlock } from '../generated/ast.ts';
import { lineStarts, rangeBetween } from '../grammar/ranges.ts';
import { type Token, tokensOf } from '../grammar/tokens.ts';
import { find, float } from '../vocabulary.ts';
import { applyEdits, formatSpec } from './format.ts';
import { byUse, isActivation } from './usual-formats.ts';

/** A rule to be added to a spec. */
export interface NewRule {
  /** Selector and all: `layers op Conv`. */
  readonly head: string;
  /** What it says of the layers: a format of this role, to be chosen by the person, or that they stay float. */
  readonly says: 'weights' | 'activations' | 'keep float';
}

/** A change that adds a rule. */
export interface RuleEdit {
  readonly range: TextRange;
  /** A snippet in the syntax of the Language Server Protocol; the choice of the format is its first stop. */
  readonly snippet: string;
}

/** Columns at which a list of names goes on in the next line. */
const longestLine = 110;
/** What a format to be chosen stands as while the text is laid out; no format has a longer name. */
const placeholder = 'format_to_be_chosen';

/**
 * Adds a rule at the end of the spec's own `quantize` block, where it has the last word, or in a block of its own before what
 * is said of results. Undefined if the text has faults: who reads it wrong would write into the wrong place.
 */
export function ruleEdit(spec: CheckedSpec, rule: NewRule): RuleEdit | undefined {
  const { text, findings } = spec.spec;
  if (findings.some(({ severity }) => severity === 'error')) return undefined;
  const starts = lineStarts(text);
  const edit = (from: number, to: number, laidOut: string): RuleEdit => ({
    range: rangeBetween(starts, from, to),
    snippet: snippetOf(laidOut, choicesFor(rule, spec)),
  });
  const block = spec.definitions.quantize?.own;
  const braces = block && bracesOf(block);
  if (!braces) {
    const at = endOfSettings(spec);
    const own = laidOutBlock('', rule).trimEnd();
    const ends = at === text.length ? '\n' : '';
    return at === 0 ? edit(0, 0, `${own}${ends || '\n\n'}`) : edit(at, at, `\n\n${own}${ends}`);
  }
  const inside = text.slice(braces.open + 1, braces.close);
  if (!/[\r\n]/.test(inside)) {
    // The block fits on a line and now does not.
    const laidOut = laidOutBlock(inside, rule);
    return edit(braces.open + 1, braces.close, laidOut.slice(laidOut.indexOf('{') + 1, laidOut.lastIndexOf('}')));
  }
  const last = [...tokensOf(inside)].at(-1);
  const added = laidOutBlock('', rule);
  const own = added.slice(added.indexOf('{') + 2, added.lastIndexOf('}'));
  const apart = block.items.length > 0 && last && !isComment(last) && block.items.at(-1)!.$type === 'RoleStatement';
  return edit(braces.open + 1 + (last?.end ?? 0), braces.close, `\n${apart ? '\n' : ''}${own}`);
}

/** A `quantize` block with the rule at its end, laid out on several lines. */
function laidOutBlock(inside: string, { head, says }: NewRule): string {
  const body = says === 'keep float' ? says : `{ ${says} ${placeholder} }`;
  const text = `quantize {\n${inside.trim()}\n${wrapped(head)} ${body}\n}\n`;
  return applyEdits(text, formatSpec(text));
}

/** A list of many names on several lines. */
function wrapped(head: string): string {
  let column = 0;
  const parts = [...tokensOf(head)].map(({ text }, i) => {
    if (i === 0 || text === ',') {
      column += text.length;
      return text;
    }
    const breaks = column + text.length > longestLine;
    column = breaks ? text.length : column + 1 + text.length;
    return `${breaks ? '\n' : ' '}${text}`;
  });
  return parts.join('');
}

function bracesOf(block: QuantizeBlock): { readonly open: number; readonly close: number } | undefined {
  const at = (sign: string) => GrammarUtils.findNodeForKeyword(block.$cstNode, sign)?.offset;
  const [open, close] = [at('{'), at('}')];
  return open === undefined || close === undefined ? undefined : { open, close };
}

const settings: ReadonlySet<AstNode['$type']> = new Set([
  'Header',
  'ImportStatement',
  'ModelStatement',
  'TargetStatement',
  'DataStatement',
  'FormatStatement',
]);

/** The offset after the statements that say what the spec is about, and a comment at the end of their line. */
function endOfSettings({ ast, spec: { text } }: CheckedSpec): number {
  const end = ast.statements.filter(({ $type }) => settings.has($type)).at(-1)?.$cstNode?.end ?? 0;
  return end + /^[^\r\n]*/.exec(text.slice(end))![0].trimEnd().length;
}

function isComment({ kind }: Token): boolean {
  return kind === 'line-comment' || kind === 'block-comment';
}

/**
 * What may stand as the format: the spec's own names first, then the formats that its target can run, the usual ones before
 * others. What all layers get already comes last.
 */
function choicesFor({ says }: NewRule, { definitions, vocabulary }: CheckedSpec): readonly string[] {
  const runs = find(vocabulary.targets, definitions.targets[0]?.name?.text)?.formats;
  // How ranges are observed is said of activations, how weights are rounded of weights.
  const own = [...definitions.formats].flatMap(([name, { format }]) => {
    const foreign = says === 'weights' ? format?.observers : format?.methods;
    return foreign === undefined || foreign.length === 0 ? [name] : [];
  });
  // What is typed may be anything; of a choice those with the sign that the role mostly has come first.
  const odd = ({ signed }: NumberFormat) => (signed === isActivation(says) ? 1 : 0);
  const known = byUse(vocabulary.formats, says)
    .filter(({ name }) => !runs || runs.includes(name))
    .toSorted((a, b) => odd(a) - odd(b))
    .map(({ name }) => name);
  const usual = new Set(
    (definitions.quantize?.items ?? []).flatMap((item) =>
      item.$type === 'RoleStatement' && item.role === says ? (item.format?.words.map(({ text }) => text) ?? []) : [],
    ),
  );
  const names = [...own, ...known, float];
  return [...names.filter((name) => !usual.has(name)), ...names.filter((name) => usual.has(name))];
}

function snippetOf(laidOut: string, choices: readonly string[]): string {
  const escaped = laidOut.replaceAll(/[\\$}]/g, '\\$&');
  const choice = `\${1|${choices.map((word) => word.replaceAll(/[\\,|]/g, '\\$&')).join(',')}|}$0`;
  if (escaped.includes(placeholder)) return escaped.replace(placeholder, () => choice);
  return escaped.replace(/\n*$/, (end) => `$0${end}`);
}
