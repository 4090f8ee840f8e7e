import { requireTrust } from '../trust.ts';
import type { Command } from './command.ts';

export const restartEngine: Command = {
  id: 'qspec.restartEngine',
  async run(app) {
    if (!requireTrust()) return;
    app.engine.stop();
    await app.engine.ask((client) => client.status());
  },
};
