import { nodesOf } from '../grammar/walk.ts';
import { findRole, roles } from '../selectors/roles.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

const names = roles.map((role) => role.name);

export const roleMustBeKnown: Check = {
  code: 'selector/role',
  severity: 'error',
  mayBeLowered: true,
  section: 'rules',
  what: 'No such role.',
  why: 'The rule would match nothing.',
  fix: 'Write one of the roles of docs/language.md.',
  example: 'quantize { layers role pointwize optional { weights int8 } }',
  *remarks({ ast }) {
    for (const { role } of nodesOf(ast, 'RoleSelector'))
      if (role && !findRole(role.text)) yield unknown('role', role, names);
  },
};
