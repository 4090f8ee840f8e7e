import { requireTrust } from '../trust.ts';
import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

export const measureSensitivity: Command = {
  id: 'qspec.measureSensitivity',
  async run(app, given) {
    if (!requireTrust()) return;
    const model = await resourceOf(given, ['model'], app);
    if (model) await app.graphs.measure(model);
  },
};
