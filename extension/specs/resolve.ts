import type * as vscode from 'vscode';
import type { ResolveResult } from '../../language/server/protocol.ts';
import type { App } from '../app.ts';
import type { Outcome } from '../engine/runs.ts';

export type Resolved =
  | { readonly kind: 'resolved'; readonly result: ResolveResult }
  /** Why it could not be measured what the spec's rules ask for. */
  | Exclude<Outcome<never>, { kind: 'done' }>;

/** What a spec resolves to, after what its rules ask for was measured where nobody has. */
export async function resolveMeasured(
  spec: vscode.Uri,
  { language, measurements }: App,
  token: vscode.CancellationToken,
  tell: (text: string) => void,
): Promise<Resolved> {
  const result = await language.resolve(spec);
  if (!result.pending) return { kind: 'resolved', result };
  const outcome = await measurements.measure(result.pending, token, tell);
  return outcome.kind === 'done' ? { kind: 'resolved', result: await language.resolve(spec) } : outcome;
}
