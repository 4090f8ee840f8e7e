import type { Agreement, AgreementKind, NamedOutput } from './agreement.ts';

const threshold = 0.5;

class DecisionAgreement implements Agreement {
  #alike = 0;
  #samples = 0;
  #isProbability = true;

  add([reference]: readonly NamedOutput[], [candidate]: readonly NamedOutput[]): void {
    const [before, after] = [reference?.values[0], candidate?.values[0]];
    if (before === undefined || after === undefined) return;
    this.#samples++;
    if (!(before >= 0 && before <= 1)) this.#isProbability = false;
    if (before >= threshold === after >= threshold) this.#alike++;
  }

  share(): number | undefined {
    return this.#samples === 0 || !this.#isProbability ? undefined : this.#alike / this.#samples;
  }
}

/** One number that says how sure the model is: voice activity, wake words. A number beyond 0 … 1 is a regression, and decides nothing. */
export const decisions: AgreementKind = {
  name: 'decisions',
  what: 'Decisions',
  how: `same side of ${threshold}`,
  begin: ([first]) => (first?.values.length === 1 && !first.integer ? new DecisionAgreement() : undefined),
};
