import { offer } from '../messages.ts';
import { nameOf } from '../specs/find.ts';
import type { Command } from './command.ts';
import { resourceOf } from './resource.ts';

export const openReport: Command = {
  id: 'qspec.openReport',
  async run(app, given) {
    const spec = await resourceOf(given, ['spec'], app);
    if (spec === undefined || (await app.reports.open(spec))) return;
    void offer('information', `${nameOf(spec)} has not been run yet.`, [
      { label: 'Quantize', run: () => app.run('qspec.quantize', spec) },
    ]);
  },
};
