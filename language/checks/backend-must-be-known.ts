import { backends } from '../../engine/backends/registry.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { nodesOf } from '../grammar/walk.ts';
import { backendOf } from '../resolve/backend.ts';
import type { Check } from './check.ts';
import { repeated, unknown } from './remarks.ts';

export const backendMustBeKnown: Check = {
  code: 'quantize/backend',
  severity: 'error',
  section: 'formats',
  what: 'No such backend, or two of them.',
  why: 'One placement of quantisers holds for the whole network.',
  fix: '`qspec methods` lists the backends.',
  example: 'data calibration npz "c.npz"\nquantize { backend tensort }',
  *remarks({ ast }) {
    const statements = nodesOf(ast, 'BackendStatement');
    for (const statement of statements) {
      if (statement.name && !backendOf(statement))
        yield unknown(
          'backend',
          statement.name,
          backends.map(({ name }) => name),
        );
    }
    yield* repeated(
      statements,
      () => 'backend',
      (statement) => ({
        what: 'One backend holds for the whole network.',
        fix: 'Keep the one you mean.',
        range: rangeOf(statement),
      }),
    );
  },
};
