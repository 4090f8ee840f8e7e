import { fail } from '../../findings.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { elementCount, int64Tensor, type Tensor } from '../../tensor.ts';
import type { Operator } from '../operator.ts';
import { describe, intAttribute, stringAttribute, stringsAttribute } from '../shared/attributes.ts';
import { broadcastOffsets, broadcastShape } from '../shared/broadcast.ts';
import { newestOpset } from '../shared/elementwise.ts';
import { broadcastDims, requireRank, requireText, valueType } from '../shared/types.ts';

/** Joins texts element by element, with broadcasting. */
export const stringConcat: Operator = {
  op: 'StringConcat',
  domain: '',
  opsets: [20, newestOpset],
  infer(node, context) {
    const types = [0, 1].map((i) => requireText(node, i, context));
    return [
      valueType(
        'string',
        broadcastDims(
          node,
          types.map((type) => type.dims),
        ),
      ),
    ];
  },
  evaluate(_node, [a, b]) {
    const dims = broadcastShape([a!.dims, b!.dims]);
    const left = broadcastOffsets(a!.dims, dims);
    const right = broadcastOffsets(b!.dims, dims);
    const [x, y] = [textsOf(a!), textsOf(b!)];
    const data = Array.from({ length: elementCount(dims) }, (_, i) => x[left?.[i] ?? i]! + y[right?.[i] ?? i]!);
    return [{ dtype: 'string', dims, data }];
  },
};

/**
 * Cuts every text at a delimiter, at most `maxsplit` times; without one at white space, of which there may be any amount.
 * Gives the pieces along a new last axis, filled up with empty texts, and how many there are of each text.
 */
export const stringSplit: Operator = {
  op: 'StringSplit',
  domain: '',
  opsets: [20, newestOpset],
  infer(node, context) {
    const { dims } = requireText(node, 0, context);
    return [valueType('string', dims && [...dims, undefined]), valueType('int64', dims)];
  },
  evaluate(node, [x], { elementLimit = Infinity }) {
    const delimiter = stringAttribute(node, 'delimiter', '');
    const most = intAttribute(node, 'maxsplit', Infinity);
    const pieces = textsOf(x!).map((text) => splitText(text, delimiter, most < 0 ? Infinity : most));
    const width = pieces.reduce((widest, own) => Math.max(widest, own.length), 0);
    if (width * pieces.length > elementLimit)
      fail('run/too-large', `${describe(node)} would give ${pieces.length} texts of ${width} pieces each.`, {
        why: `More than ${elementLimit} elements are not computed.`,
      });
    const data = pieces.flatMap((own) => [...own, ...new Array<string>(width - own.length).fill('')]);
    return [
      { dtype: 'string', dims: [...x!.dims, width], data },
      int64Tensor(
        x!.dims,
        pieces.map((own) => own.length),
      ),
    ];
  },
};

function splitText(text: string, delimiter: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = delimiter === '' ? text.trimStart() : text;
  while (pieces.length < most) {
    const at = delimiter === '' ? rest.search(/\s/) : rest.indexOf(delimiter);
    if (at < 0) break;
    pieces.push(rest.slice(0, at));
    rest = delimiter === '' ? rest.slice(at).trimStart() : rest.slice(at + delimiter.length);
  }
  if (rest !== '' || delimiter !== '') pieces.push(rest);
  return pieces;
}

/**
 * Takes stop words out of a list of texts [C] or [1, C], then changes the case of the others. Nothing left is one empty
 * text. Case is changed as Unicode says, whatever the attribute `locale`: results must not depend on the machine.
 */
export const stringNormalizer: Operator = {
  op: 'StringNormalizer',
  domain: '',
  opsets: [10, newestOpset],
  infer(node, context) {
    const x = requireText(node, 0, context);
    requireRank(node, 'The input', x, 1, 2);
    if (x.dims?.length === 2 && typeof x.dims[0] === 'number' && x.dims[0] !== 1)
      fail('model/shape', `${describe(node)} takes one list of texts, not ${x.dims[0]}.`);
    return [valueType('string', x.dims && [...x.dims.slice(0, -1), undefined])];
  },
  evaluate(node, [x]) {
    const sensitive = intAttribute(node, 'is_case_sensitive', 0) !== 0;
    const folded = (text: string) => (sensitive ? text : text.toLowerCase());
    const stop = new Set(stringsAttribute(node, 'stopwords')?.map(folded));
    const change = caseChange(node);
    const kept = textsOf(x!)
      .filter((text) => !stop.has(folded(text)))
      .map(change);
    const data = kept.length > 0 ? kept : [''];
    return [{ dtype: 'string', dims: [...x!.dims.slice(0, -1), data.length], data }];
  },
};

function caseChange(node: GraphNode): (text: string) => string {
  const action = stringAttribute(node, 'case_change_action', 'NONE');
  switch (action) {
    case 'NONE':
      return (text) => text;
    case 'LOWER':
      return (text) => text.toLowerCase();
    case 'UPPER':
      return (text) => text.toUpperCase();
    default:
      fail('model/attribute', `${describe(node)} asks for the unknown change of case “${action}”.`);
  }
}

export function textsOf(tensor: Tensor): readonly string[] {
  return tensor.data as string[];
}
