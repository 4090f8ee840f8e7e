import type { Finding } from '../../engine/findings.ts';
import type { CheckedSpec } from '../context.ts';
import { planTableOf } from '../editor/plan-table.ts';
import type { ModelState } from './models.ts';
import type { PlanResult } from './protocol.ts';
import { modelPathOf, untrusted } from './specs.ts';

/** What an open spec decides for each layer, or what keeps that from being known. */
export function planAt(checked: CheckedSpec, state: ModelState | undefined, trusted: boolean): PlanResult {
  if (!trusted) return { kind: 'none', finding: untrusted };
  const fault = checked.spec.findings.find(({ severity }) => severity === 'error');
  // After recovery from a fault the tree may lack rules that are there: a table of it would jump at every keystroke.
  if (fault) return { kind: 'syntax', finding: fault };
  const path = modelPathOf(checked);
  if (path === undefined) return { kind: 'none', finding: noModel };
  if (!checked.definitions.quantize) return { kind: 'none', finding: noQuantize };
  if (state?.kind === 'loading') return { kind: 'loading', model: path };
  if (state?.kind === 'failed') return { kind: 'none', finding: state.finding ?? missing(path) };
  const table = planTableOf(checked);
  return table ? { kind: 'table', model: path, table } : { kind: 'none', finding: noQuantize };
}

const noModel: Finding = {
  code: 'plan/no-model',
  severity: 'information',
  what: 'This spec names no model, so there are no layers to plan for.',
  fix: 'Add a line such as `model "network.onnx"`.',
};

const noQuantize: Finding = {
  code: 'plan/no-quantize',
  severity: 'information',
  what: 'This spec has no `quantize` block, so nothing is decided about any layer.',
  fix: 'Add one: `quantize { weights int8 }`.',
};

function missing(path: string): Finding {
  return { code: 'file/missing', severity: 'error', what: `There is no model at ${path}.`, fix: 'Correct its path.' };
}
