import { openExample as open } from '../specs/example.ts';
import type { Command } from './command.ts';

export const openExample: Command = {
  id: 'qspec.openExample',
  async run(app) {
    await open(app);
  },
};
