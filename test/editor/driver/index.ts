// What a scenario imports. See CONTRIBUTING.md for how to write one.
export { type Edition, inEditor, type Scenario, type ScenarioOptions } from './scenario.ts';
export { allThemes, type Theme } from './settings.ts';
export type { Workbench } from './workbench.ts';
