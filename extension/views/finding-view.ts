import type { Finding } from '../../engine/findings.ts';
import type { FindingView } from '../../webview/protocol.ts';

/** What webviews show of a finding. */
export function findingView({ severity, code, what, why, fix }: Finding): FindingView {
  return { severity, code, what, ...(why !== undefined && { why }), ...(fix !== undefined && { fix }) };
}
