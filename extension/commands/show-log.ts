import type { Command } from './command.ts';

export const showLog: Command = {
  id: 'qspec.showLog',
  async run(app) {
    app.log.show(true);
  },
};
