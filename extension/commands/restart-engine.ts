import type { Command } from './command.ts';

export const restartEngine: Command = {
  id: 'qspec.restartEngine',
  async run(app) {
    app.engine.stop();
    await app.engine.ask((client) => client.status());
  },
};
