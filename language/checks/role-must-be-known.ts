import { nodesOf } from '../grammar/walk.ts';
import { findRole, roles } from '../selectors/roles.ts';
import type { Check } from './check.ts';
import { unknown } from './remarks.ts';

const names = roles.map((role) => role.name);

export const roleMustBeKnown: Check = function* ({ ast }) {
  for (const { role } of nodesOf(ast, 'RoleSelector'))
    if (role && !findRole(role.text)) yield unknown('role', role, names);
};
