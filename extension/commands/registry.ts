import { clearMeasurements } from './clear-measurements.ts';
import type { Command } from './command.ts';
import { createSpec } from './create-spec.ts';
import { measure } from './measure.ts';
import { measureSensitivity } from './measure-sensitivity.ts';
import { openExample } from './open-example.ts';
import { openGraph } from './open-graph.ts';
import { openReport } from './open-report.ts';
import { quantize } from './quantize.ts';
import { restartEngine } from './restart-engine.ts';
import { showLog } from './show-log.ts';
import { showPlan } from './show-plan.ts';

/** Every command; a test holds this table and package.json together. */
export const commands: readonly Command[] = [
  quantize,
  createSpec,
  openGraph,
  measureSensitivity,
  measure,
  clearMeasurements,
  openReport,
  showPlan,
  openExample,
  restartEngine,
  showLog,
];
