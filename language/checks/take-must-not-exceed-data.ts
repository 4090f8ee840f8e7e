import { rangeOf } from '../grammar/ranges.ts';
import { integer, optionsOf } from '../resolve/data.ts';
import { statementsOf } from '../resolve/definitions.ts';
import type { Check } from './check.ts';

export const takeMustNotExceedData: Check = {
  code: 'data/take',
  severity: 'error',
  section: 'data',
  what: 'More samples asked for than there are.',
  why: 'The run would end there.',
  fix: 'Take as many as there are, or leave `take` out.',
  example: 'data calibration npz "c.npz" { take 2000 }',
  needs: 'files',
  *remarks({ ast, definitions, absolute, fileAt }) {
    for (const statement of statementsOf(ast, 'DataStatement')) {
      const options = optionsOf(statement, definitions);
      const samples = statement.path ? fileAt?.(absolute(statement.path))?.samples : undefined;
      // A split says itself which samples there are.
      if (samples === undefined || options.SplitOption) continue;
      const skip = integer(options.SkipOption?.count, 0) ?? 0;
      const take = integer(options.TakeOption?.count, 1);
      const own = [options.TakeOption, options.SkipOption].find((option) => option?.$container === statement);
      if (samples - skip <= 0) {
        yield { what: `\`skip ${skip}\` leaves none of ${samples} samples.`, range: rangeOf(own ?? statement.name) };
      } else if (take !== undefined && take > samples - skip) {
        yield {
          what: `There are ${samples - skip} samples${skip > 0 ? ` after skipping ${skip}` : ''}, not ${take}.`,
          fix: `Write \`take ${samples - skip}\`, or leave \`take\` out.`,
          range: rangeOf(options.TakeOption?.$container === statement ? options.TakeOption.count : statement.name),
          ...(options.TakeOption?.$container === statement ? { replacement: String(samples - skip) } : {}),
        };
      }
    }
  },
};
