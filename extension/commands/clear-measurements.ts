import { offer } from '../messages.ts';
import type { Command } from './command.ts';

export const clearMeasurements: Command = {
  id: 'qspec.clearMeasurements',
  async run({ measurements }) {
    const count = await measurements.clear();
    void offer('information', count === 1 ? 'One measurement was removed.' : `${count} measurements were removed.`);
  },
};
