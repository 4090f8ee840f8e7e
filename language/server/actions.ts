import {
  type CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type Connection,
  type Diagnostic,
  type Range,
} from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Finding } from '../../engine/findings.ts';
import { measurementShouldBeThere } from '../checks/measurement-should-be-there.ts';
import { actionsAt } from '../editor/actions/registry.ts';
import { fixesOfAll, fixOf } from '../editor/fixes.ts';
import { overlaps, toRange, toTextEdits } from './convert.ts';
import { measureCommand, type Serving } from './editing.ts';

/** Every quick fix of the file at once; what editors may be told to do when a file is saved. */
const fixAll = `${CodeActionKind.SourceFixAll}.qspec`;

export const codeActionKinds: string[] = [
  CodeActionKind.QuickFix,
  CodeActionKind.RefactorExtract,
  CodeActionKind.RefactorInline,
  CodeActionKind.RefactorRewrite,
  fixAll,
];

/** Quick fixes of findings, changes of what is not wrong, and all fixes at once. */
export function serveActions(
  connection: Connection,
  serving: Serving & { findings(document: TextDocument): readonly Finding[] },
): void {
  const { documentAt, examined, guarded, findings } = serving;

  connection.onCodeAction(
    guarded('code action', null, ({ textDocument, range, context }) => {
      const document = documentAt(textDocument.uri);
      if (!document) return null;
      const wanted = (kind: string) =>
        !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
      return [
        ...(wanted(CodeActionKind.QuickFix) ? quickFixes(document, range, context) : []),
        ...refactorings(document, range).filter(({ kind }) => wanted(kind!)),
        ...(wanted(fixAll) ? allFixes(document) : []),
      ];
    }),
  );

  function quickFixes(document: TextDocument, range: Range, { diagnostics }: CodeActionContext): CodeAction[] {
    return findings(document).flatMap((finding): CodeAction[] => {
      if (finding.code === measurementShouldBeThere.code && finding.range && overlaps(toRange(finding.range), range)) {
        return [measureAction(document.uri, diagnostics)];
      }
      const fix = fixOf(finding);
      if (!fix || !overlaps(toRange(fix.range), range)) return [];
      const edit = { changes: { [document.uri]: [{ range: toRange(fix.range), newText: fix.text }] } };
      const own = diagnostics.filter(({ code }) => code === finding.code);
      return [{ title: fix.title, kind: CodeActionKind.QuickFix, diagnostics: own, edit, isPreferred: true }];
    });
  }

  function refactorings(document: TextDocument, { start }: Range): CodeAction[] {
    return actionsAt(examined(document), document.offsetAt(start)).map(({ title, edits, kind }) => ({
      title,
      kind: `${kind.family}.${kind.name}`,
      edit: { changes: { [document.uri]: toTextEdits(document, edits) } },
    }));
  }

  function allFixes(document: TextDocument): CodeAction[] {
    const fixes = fixesOfAll(findings(document));
    if (fixes.length === 0) return [];
    const edits = fixes.map((fix) => ({ range: toRange(fix.range), newText: fix.text }));
    return [{ title: 'Fix all that QSpec can', kind: fixAll, edit: { changes: { [document.uri]: edits } } }];
  }
}

/** Runs in the client, which has the engine. */
function measureAction(uri: string, diagnostics: readonly Diagnostic[]): CodeAction {
  const title = 'Measure sensitivity';
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: diagnostics.filter(({ code }) => code === measurementShouldBeThere.code),
    command: { title, command: measureCommand, arguments: [uri] },
  };
}
