import type { GraphLayer } from '../protocol.ts';
import { elide } from '../text.ts';
import type { GraphNode } from './model.ts';
import { type OperatorKind, operatorKind } from './operators.ts';

/** What a card says, line by line, and how large it is in graph units (pixels at 100 %). */
export interface Card {
  readonly kind: OperatorKind | 'input' | 'output';
  readonly title: string;
  /** Full lines below the title, not yet cut to the card's width. */
  readonly lines: readonly { readonly text: string; readonly role: 'name' | 'facts' | 'shape' }[];
  readonly width: number;
  readonly height: number;
}

export const cardSize = { width: 188, narrow: 148, padding: 9, title: 17, line: 15, band: 5 } as const;

export function cardOf(node: GraphNode): Card {
  if (node.kind !== 'layer') {
    const lines = [
      { text: node.name, role: 'name' as const },
      { text: node.type, role: 'shape' as const },
    ];
    return { kind: node.kind, title: node.kind, lines, ...size(cardSize.width, lines.length) };
  }
  const { layer } = node;
  const facts = factsOf(layer);
  const shape = newShape(layer);
  const lines = [
    { text: layer.name, role: 'name' as const },
    ...(facts === '' ? [] : [{ text: facts, role: 'facts' as const }]),
    ...(shape === '' ? [] : [{ text: shape, role: 'shape' as const }]),
  ];
  const width = lines.length > 1 ? cardSize.width : cardSize.narrow;
  return { kind: operatorKind(layer.op), title: layer.op, lines, ...size(width, lines.length) };
}

function size(width: number, lines: number): { width: number; height: number } {
  return { width, height: 2 * cardSize.padding + cardSize.title + lines * cardSize.line - 2 };
}

/** `3×3 /2 · 9.4 k params`. */
export function factsOf(layer: GraphLayer): string {
  const facts: string[] = [];
  const kernel = dims(attribute(layer, 'kernel', 'kernel_shape'));
  const strides = dims(attribute(layer, 'strides', 'stride'));
  const groups = dims(attribute(layer, 'groups', 'group'));
  if (kernel.length > 0) {
    const moves = strides.some((stride) => stride !== 1);
    const stride = !moves ? '' : ` /${new Set(strides).size === 1 ? strides[0] : strides.join('×')}`;
    facts.push(`${kernel.join('×')}${stride}`);
  }
  if (groups.length === 1 && groups[0]! > 1) facts.push(`${groups[0]} groups`);
  if ((layer.parameters.value ?? 0) > 0) facts.push(`${layer.parameters.text} params`);
  return facts.join(' · ');
}

/** The shape of the first output where it says something: not that of an input passed on. */
function newShape(layer: GraphLayer): string {
  const made = layer.outputs[0]?.type ?? '?';
  if (made === '?' || made === '') return '';
  return layer.inputs.some(({ kind, type }) => kind === 'activation' && type === made) ? '' : made;
}

function attribute(layer: GraphLayer, ...names: readonly string[]): string {
  return layer.attributes.find(([name]) => names.includes(name))?.[1] ?? '';
}

function dims(text: string): number[] {
  return (text.slice(0, 100).match(/\d+/g) ?? []).map(Number);
}

/** What a screen reader says of a node, before its sensitivity. */
export function labelOf(node: GraphNode): string {
  if (node.kind !== 'layer') return elide(`${node.kind} ${node.name}, ${node.type}`, 300);
  const facts = factsOf(node.layer);
  const type = node.layer.outputs[0]?.type ?? '?';
  return `${elide(node.layer.op, 60)} ${elide(node.name, 120)}${facts === '' ? '' : `, ${facts}`}, ${elide(type, 80)}`;
}
