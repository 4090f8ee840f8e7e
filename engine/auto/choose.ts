import type { Finding } from '../findings.ts';
import type { Expectation, Plan } from '../plan.ts';
import { needsRescaling } from '../rescaling/sites.ts';
import type { Compressed } from '../run/compress.ts';
import { bits } from './bits.ts';
import { meetBudget } from './budget.ts';
import { floatLayers } from './float-layers.ts';
import { observers } from './observers.ts';
import { rescaling } from './rescaling.ts';
import type { Stage } from './stage.ts';
import { Trials, type TrialsInput } from './trials.ts';

/**
 * What the recipe decides, in this order: each stage sees what those before it chose. Outliers may ruin a model that needs no
 * layer in float, and layers that must be float may hide what outliers cost: rescaling is asked twice, and measures nothing twice.
 */
const stages: readonly Stage[] = [rescaling, floatLayers, observers, rescaling, bits];

/** Fewer samples than this seldom show what others are like. */
const enoughSamples = 16;

export interface AutoInput extends TrialsInput {
  readonly plan: Plan;
  /** What the spec expects; those of accuracy are estimated on the calibration samples. */
  readonly expectations: readonly Expectation[];
}

export interface AutoResult {
  readonly plan: Plan;
  /** Its findings begin with what was chosen and why, in order. */
  readonly compressed: Compressed;
}

/** The recipe `auto`: finds out by measuring, on the calibration samples alone, what the spec leaves open. */
export async function chooseAutomatically(input: AutoInput): Promise<AutoResult> {
  const trials = new Trials(input);
  const samples = input.calibration.length;
  if (samples < enoughSamples)
    trials.warn({
      code: 'auto/few-samples',
      severity: 'information',
      what: `Every choice rests on ${samples} calibration sample${samples === 1 ? '' : 's'}.`,
      why: 'Others may reach beyond the ranges of so few, and the signal to noise that is told is of these.',
      fix: 'Calibrate with some hundred samples where there are so many.',
    });
  try {
    let { plan } = input;
    for (const [at, stage] of stages.entries()) {
      trials.expect(stages.slice(at).reduce((sum, { trials: count }) => sum + count(plan, trials), 0));
      plan = await stage.choose(plan, trials);
    }
    const first = { plan, compressed: await trials.compress(plan) };
    const { compressed, ...chosen } = await meetBudget(first, input.expectations, trials);
    // What the recipe's own rescaling or method could not reach is nobody's concern: no one asked for it.
    const unasked = [
      ...(needsRescaling(input.plan) ? [] : ['quantize/not-rescaled']),
      ...(namesMethods(input.plan) ? [] : ['quantize/no-curvature', 'quantize/method-fallback']),
    ];
    const isUnasked = ({ code, severity }: Finding) =>
      unasked.includes(code) && !(code === 'quantize/method-fallback' && severity === 'warning');
    const findings = compressed.findings.filter((finding) => !isUnasked(finding));
    return { ...chosen, compressed: { ...compressed, findings: [...trials.findings, ...findings] } };
  } finally {
    await trials.dispose();
  }
}

/** Whether the spec itself says by which method any weights get their codes. */
function namesMethods({ nodes }: Plan): boolean {
  return Object.values(nodes).some(({ weight }) => weight?.origin.method !== undefined);
}
