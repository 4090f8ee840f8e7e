import { readSeverities, type Severities } from '../language/checks/severities.ts';
import { UsageError } from './command.ts';

export const severityOption = {
  type: 'string',
  multiple: true,
  value: 'CODE=LEVEL',
  description: 'What findings of a code are: error, warning, information, hint or off; may be given more than once.',
} as const;

/** @throws UsageError for what is no `CODE=LEVEL`, and for wishes that cannot hold */
export function severitiesOf(given: readonly string[]): Severities {
  const wishes = given.map((text) => {
    const at = text.lastIndexOf('=');
    if (at < 1)
      throw new UsageError(`--severity takes CODE=LEVEL, not "${text}".`, 'For example: rule/no-match=warning.');
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  const { severities, refused } = readSeverities(Object.fromEntries(wishes));
  if (refused[0] !== undefined) throw new UsageError(refused[0], 'docs/findings.md lists the codes.');
  return severities;
}
