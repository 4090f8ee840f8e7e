import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

export const openGraph: Command = {
  id: 'qspec.openGraph',
  async run(app, given) {
    const model = await resourceOf(given, ['model'], app);
    if (model) await app.graphs.open(model);
  },
};
