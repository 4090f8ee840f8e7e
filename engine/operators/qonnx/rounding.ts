import { fail } from '../../findings.ts';
import { roundHalfEven } from '../../formats/rounding.ts';
import type { GraphNode } from '../../graph/graph.ts';
import type { Parts } from '../decomposition.ts';
import { describe, stringAttribute } from '../shared/attributes.ts';
import { addNumber, addRoundNearest } from '../shared/parts.ts';

/** One of QONNX's rounding modes. */
export interface Rounding {
  apply(x: number): number;
  /** As standard operators: `op` of x or, with a shift, sign(x) · op(|x| + shift). Absent: to nearest, ties to even. */
  readonly op?: 'Ceil' | 'Floor';
  readonly shift?: number;
}

const nearest: Rounding = { apply: roundHalfEven };

/** Away from zero or towards it, by the magnitude. */
function symmetric(op: 'Ceil' | 'Floor', shift: number): Rounding {
  const round = op === 'Ceil' ? Math.ceil : Math.floor;
  return { apply: (x) => Math.sign(x) * round(Math.abs(x) + shift), op, shift };
}

const modes: Readonly<Record<string, Rounding>> = {
  ROUND: nearest,
  HALF_EVEN: nearest,
  CEIL: { apply: Math.ceil, op: 'Ceil' },
  FLOOR: { apply: Math.floor, op: 'Floor' },
  UP: symmetric('Ceil', 0),
  DOWN: symmetric('Floor', 0),
  HALF_UP: symmetric('Floor', 0.5),
  HALF_DOWN: symmetric('Ceil', -0.5),
};

/** Attribute `rounding_mode`, in upper or lower case. */
export function roundingOf(node: GraphNode, fallback: string): Rounding {
  const name = stringAttribute(node, 'rounding_mode', fallback).toUpperCase();
  if (!Object.hasOwn(modes, name))
    fail('model/attribute', `${describe(node)} rounds by “${name}”.`, {
      fix: `QONNX knows ${Object.keys(modes).join(', ')}.`,
    });
  return modes[name]!;
}

export function isNearest(rounding: Rounding): boolean {
  return rounding.op === undefined;
}

/** Clamped to [low, high] and rounded, as nodes. */
export function addRounded(parts: Parts, x: string, { op, shift }: Rounding, range: readonly [number, number]): string {
  if (op === undefined) return addRoundNearest(parts, x, range);
  const least = parts.add('Max', [x, addNumber(parts, range[0])]);
  const clamped = parts.add('Min', [least, addNumber(parts, range[1])]);
  if (shift === undefined) return parts.add(op, [clamped]);
  const magnitude = parts.add('Abs', [clamped]);
  const shifted = shift === 0 ? magnitude : parts.add('Add', [magnitude, addNumber(parts, shift)]);
  return parts.add('Mul', [parts.add('Sign', [clamped]), parts.add(op, [shifted])]);
}
