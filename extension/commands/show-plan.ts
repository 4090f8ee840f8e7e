import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

export const showPlan: Command = {
  id: 'qspec.showPlan',
  async run(app, given) {
    const spec = await resourceOf(given, ['spec'], app);
    if (spec) await app.plans.open(spec);
  },
};
