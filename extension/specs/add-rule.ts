import * as vscode from 'vscode';
import type { NewRule } from '../../language/editor/add-rule.ts';
import type { App } from '../app.ts';
import { offer } from '../messages.ts';
import { requireTrust } from '../trust.ts';
import { editorOf, rangeIn, showBeside } from '../views/text-editors.ts';
import { chooseSpec, nameOf, specsOf } from './find.ts';
import { writeStarterSpec } from './starter.ts';

/**
 * Writes a rule into the spec of a model: the one there is, one that the person chooses of several, or a new one. It stands in
 * the text editor, to be undone like anything typed, and the format is to be chosen there.
 * @param panel the view that asks: the spec is shown beside it
 */
export async function addRule(model: vscode.Uri, rule: NewRule, panel: vscode.WebviewPanel, app: App): Promise<void> {
  if (!requireTrust()) return;
  const specs = await specsOf(model, app);
  // What is looked at is what is meant, most likely.
  specs.sort((a, b) => Number(editorOf(b) !== undefined) - Number(editorOf(a) !== undefined));
  const spec =
    specs.length > 0
      ? await chooseSpec(specs, 'Which spec is the rule for?')
      : await app.reading(nameOf(model), () => writeStarterSpec(model, 'never', app));
  if (spec === undefined) return;
  const editor = await showBeside(spec, panel, { focus: true });
  const edit = await app.language.ruleEdit(spec, rule);
  if (edit === null) {
    void offer('warning', `${nameOf(spec)} has a line that cannot be read. Correct it, then add the rule.`);
    return;
  }
  const range = editor.document.validateRange(rangeIn(edit.range));
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  await editor.insertSnippet(new vscode.SnippetString(edit.snippet), range, {
    undoStopBefore: true,
    undoStopAfter: true,
    keepWhitespace: true,
  });
}
