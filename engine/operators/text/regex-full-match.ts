import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { compileRegex, type Matcher } from '../../regex/matcher.ts';
import { RegexFault, re2 } from '../../regex/syntax.ts';
import type { Operator } from '../operator.ts';
import { describe, missing, shown, stringAttribute } from '../shared/attributes.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { tensorOf } from '../shared/numbers.ts';
import { requireText, valueType } from '../shared/types.ts';
import { textsOf } from './strings.ts';

/** Whether a text as a whole matches a pattern of RE2's, in time proportional to the lengths of both. */
export const regexFullMatch: Operator = {
  op: 'RegexFullMatch',
  domain: '',
  opsets: [20, newestOpset],
  infer(node, context) {
    const { dims } = requireText(node, 0, context);
    matcherOf(node);
    return [valueType('bool', dims)];
  },
  evaluate(node, [x]) {
    const matcher = matcherOf(node);
    return [
      tensorOf(
        'bool',
        x!.dims,
        textsOf(x!).map((text) => Number(matcher.test(text))),
      ),
    ];
  },
};

function matcherOf(node: GraphNode): Matcher {
  const pattern = stringAttribute(node, 'pattern') ?? missing(node, 'pattern');
  try {
    return compileRegex(pattern, re2);
  } catch (error) {
    if (!(error instanceof RegexFault)) throw error;
    fail('model/pattern', `The pattern “${shown(pattern)}” of ${describe(node)} cannot be read.`, {
      why: error.message,
    });
  }
}
