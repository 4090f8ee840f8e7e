import type { Agreement, AgreementKind, AgreementName, NamedOutput } from './agreement.ts';
import { decisions } from './decisions.ts';
import { anchors, detections } from './detections.ts';
import { pixels } from './pixels.ts';

/** What agreement means, in order of preference: the first that suits the outputs is taken. */
const kinds: readonly AgreementKind[] = [detections, anchors, pixels, decisions];

/** How agreement of that kind is told: “Pixels 98 % alike (same class)”. */
export function agreementWords(name: AgreementName = 'classes'): Pick<AgreementKind, 'what' | 'how'> {
  return kinds.find((kind) => kind.name === name) ?? { what: 'Predictions', how: 'same class' };
}

/** Undefined where the outputs decide nothing that is known here. */
export function beginAgreement(
  outputs: readonly NamedOutput[],
  inputs: readonly (readonly number[])[],
): { readonly name: AgreementName; readonly agreement: Agreement } | undefined {
  for (const { name, begin } of kinds) {
    const agreement = begin(outputs, inputs);
    if (agreement !== undefined) return { name, agreement };
  }
  return undefined;
}
