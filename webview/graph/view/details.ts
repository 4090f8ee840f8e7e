import { button, element } from '../../dom.ts';
import { findingList } from '../../notice.ts';
import type { Figure, FromWebview, GraphLayer, GraphValue, LayerChange, SelectionMessage } from '../../protocol.ts';
import { elide, fullText } from '../../text.ts';
import { isLayer } from '../model.ts';
import { kindWords, operatorKind } from '../operators.ts';
import { alike, type Selection } from '../selection.ts';
import { mostSensitive } from '../sensitivity.ts';
import { icon } from './icons.ts';
import { type RuleEvents, ruleSection } from './rule-section.ts';
import type { Heat, Marks, Scene } from './scene.ts';

/** The longest name that is shown whole; the rest of a longer one is copied, not read. */
const longestName = 2000;
/** Consumers and values listed before `and 120 more`. */
const mostListed = 40;
const mostRanked = 10;

const roles = {
  compute: 'Quantised: weights and activations in integers',
  'weight-only': 'Weights in codes, computed in floating point',
  'same-scale': 'Passes its input on at the same scale',
  elementwise: 'Quantised, input and output each at a scale of its own',
  activation: 'Quantised with, or folded into, the layer before it',
  none: 'Stays in floating point',
} as const;

export interface DetailsEvents extends RuleEvents {
  jump(node: number): void;
  send(message: FromWebview): void;
  /** All layers with the operators that are selected. */
  selectAlike(): void;
  clear(): void;
}

/** What the panel speaks of. */
export interface Shown {
  readonly scene: Scene;
  readonly selection: Selection;
  readonly heat: Heat | null;
  /** What the host says of the selected layers, if it has spoken. */
  readonly answer: SelectionMessage | null;
  /** Which of the heads that it offers is chosen. */
  readonly head: number;
  readonly changes: Marks['changes'];
}

/** Content of the panel for what is selected, or for the model where nothing is. */
export function detailsOf(shown: Shown, events: DetailsEvents): HTMLElement {
  const { scene, heat, answer, head, changes } = shown;
  const { nodes } = shown.selection;
  const content = element('div', 'details-content');
  if (nodes.size > 1) return selectionDetails(content, shown, events);
  const [selected] = nodes;
  const node = selected === undefined ? undefined : scene.model.nodes[selected];
  if (node === undefined || selected === undefined) return modelDetails(content, scene, heat, events);
  if (node.kind !== 'layer') {
    content.append(
      heading(node.name, node.kind === 'input' ? 'input of the model' : 'output of the model', node.kind, events),
    );
    content.append(facts([['Type', node.type]]));
    content.append(...neighbours(scene, selected, events));
    return content;
  }
  const { layer } = node;
  const kind = operatorKind(layer.op);
  content.append(
    heading(layer.name, `${layer.op} · ${kindWords[kind]}`, kind, events),
    alikeButton(scene, nodes, events),
  );
  if (!layer.supported) {
    content.append(
      element('p', 'warn', 'The engine has no such operator: it can be drawn, not measured or compressed.'),
    );
  }
  const change = changes.get(selected);
  if (change !== undefined) content.append(changeSection(change));
  const measured = heat?.ofNode.get(selected);
  if (measured !== undefined) {
    const ranked = heat!.layers.filter(
      ({ sqnr }) => (sqnr.value ?? Number.POSITIVE_INFINITY) < (measured.sqnr.value ?? Number.POSITIVE_INFINITY),
    );
    const place = element(
      'p',
      'measured',
      element('span', `db heat-${measured.level}`, fullText(measured.sqnr.text, 40)),
      element('span', '', `most sensitive: place ${ranked.length + 1} of ${heat!.layers.length}`),
    );
    content.append(section('Sensitivity', place, facts([['Formats', measured.formats]])));
  }
  if (answer !== null) content.append(ruleSection(answer, head, events));
  content.append(
    facts([
      ['Quantisation', roles[layer.quantization ?? 'none']],
      ['Parameters', unlessZero(layer.parameters)],
      ['MACs', unlessZero(layer.macs)],
      ['Weights', unlessZero(layer.bytes)],
    ]),
  );
  if (layer.attributes.length > 0) content.append(section('Attributes', facts(layer.attributes)));
  content.append(
    section('Inputs', inputList(scene, layer, events)),
    section('Outputs', outputList(scene, layer, events)),
  );
  return content;
}

/** What a layer was in the older version, and what it is in the newer. */
function changeSection({ change, differences }: LayerChange): HTMLElement {
  if (change !== 'changed') {
    return section(change, element('p', 'soft', `Only the ${change === 'added' ? 'newer' : 'older'} version has it.`));
  }
  const rows = differences.flatMap(([name, before, after]) => [
    element('dt', '', fullText(name, 80)),
    element(
      'dd',
      '',
      element('span', 'was', fullText(before, 240)),
      ' → ',
      element('span', 'is', fullText(after, 240)),
    ),
  ]);
  return section('changed', element('dl', 'facts', ...rows));
}

/** Several nodes at once: what they are, what they take, and a rule for them. */
function selectionDetails(
  content: HTMLElement,
  { scene, selection: { nodes }, answer, head }: Shown,
  events: DetailsEvents,
): HTMLElement {
  const layers = [...nodes].sort((a, b) => a - b).filter((node) => isLayer(scene.model.nodes[node]));
  const counts = new Map<string, number>();
  for (const node of layers) {
    const { title } = scene.cards[node]!;
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  const kinds = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([op, count]) => `${count.toLocaleString('en-US')} ${fullText(op, 60)}`);
  const clear = button(icon('close'), 'icon', () => events.clear(), { 'aria-label': 'Select nothing (Escape)' });
  content.append(
    element(
      'div',
      'node-heading',
      element('div', 'name-line', element('h2', 'name', `${layers.length.toLocaleString('en-US')} layers`), clear),
      element('p', 'kind-line', elide(kinds.join(', '), 160)),
    ),
    alikeButton(scene, nodes, events),
  );
  if (answer !== null) content.append(facts(answer.totals), ruleSection(answer, head, events));
  const list = element('div', 'jumps', ...limited(layers, (node) => jumpButton(scene, node, events)));
  content.append(section('Selected', list));
  return content;
}

/** Takes all layers with the operators of those that are selected; nothing where they all are. */
function alikeButton(scene: Scene, nodes: ReadonlySet<number>, events: DetailsEvents): HTMLElement {
  const place = element('p', 'alike');
  const { layers, operators } = alike(nodes, scene.model);
  if (layers.every((node) => nodes.has(node))) return place;
  const names = [...operators].map((operator) => fullText(operator, 40));
  const which = names.length > 2 ? `of these ${names.length} operators` : names.join(' and ');
  const label = `Select all ${layers.length.toLocaleString('en-US')} ${which}`;
  const take = button(label, 'secondary', () => events.selectAlike(), {
    'data-testid': 'select-alike',
    title: `${label} (O)`,
  });
  place.append(take);
  return place;
}

function modelDetails(content: HTMLElement, scene: Scene, heat: Heat | null, events: DetailsEvents): HTMLElement {
  const { message, model } = scene;
  const list = (values: readonly GraphValue[], offset: number) =>
    element(
      'ul',
      'values',
      ...limited(values, (value, i) => row(value, [], '', jumpButton(scene, offset + i, events))),
    );
  content.append(
    element('h2', 'name', fullText(message.title, longestName)),
    element('p', 'kind-line', fullText(message.subtitle)),
  );
  if (heat !== null) {
    const ranking = element('ol', 'ranking');
    for (const view of mostSensitive(heat.layers, mostRanked)) {
      const node = model.layerByName.get(view.layer);
      if (node === undefined) continue;
      const entry = element('button', 'rank-entry');
      entry.append(
        element('span', 'rank-name', fullText(view.layer, 80)),
        element('span', `db heat-${heat.ofNode.get(node)!.level}`, fullText(view.sqnr.text, 24)),
      );
      entry.title = fullText(view.layer);
      entry.addEventListener('click', () => events.jump(node));
      ranking.append(element('li', '', entry));
    }
    content.append(section('Most sensitive layers', ranking));
  }
  if (message.findings.length > 0) content.append(section('Findings', findingList(message.findings)));
  content.append(
    section('Inputs', list(message.inputs, 0)),
    section('Outputs', list(message.outputs, message.inputs.length + message.layers.length)),
  );
  const hint = element('p', 'hint', 'Click a layer, or walk with the arrow keys. Press ');
  hint.append(element('kbd', '', '/'), ' to search, ', element('kbd', '', '0'), ' to see all.');
  content.append(hint);
  if (message.takesRules) {
    const keys = (name: string) => element('kbd', '', name);
    const more = element('p', 'hint', keys('Ctrl'), ' and a click take one layer more, ', keys('Shift'));
    more.append(' all on the way to it or in a frame; then add a rule for them to the spec.');
    content.append(more);
  }
  return content;
}

function heading(name: string, about: string, kind: string, events: DetailsEvents): HTMLElement {
  const copy = button(icon('copy'), 'icon', () => events.send({ kind: 'copy', text: name }), {
    'aria-label': 'Copy the name',
  });
  return element(
    'div',
    'node-heading',
    element('div', 'name-line', element('h2', 'name', fullText(name, longestName)), copy),
    element('p', 'kind-line', element('span', `swatch kind-${kind}`), fullText(about, 160)),
  );
}

function section(title: string, ...children: Node[]): HTMLElement {
  return element('section', '', element('h3', '', title), ...children);
}

/** A layer without weights is not told that it has 0 of them; empty text is left out. */
function unlessZero(figure: Figure): string {
  return figure.value === 0 ? '' : figure.text;
}

function facts(pairs: readonly (readonly [name: string, value: string])[]): HTMLElement {
  const list = element('dl', 'facts');
  for (const [name, value] of pairs) {
    if (value === '') continue;
    list.append(element('dt', '', fullText(name, 80)), element('dd', '', fullText(value, 240)));
  }
  return list;
}

function row(value: GraphValue, jumps: readonly Node[], note = '', link?: HTMLElement): HTMLElement {
  const name = element('span', 'value-name', link ?? (value.name === '' ? '(left out)' : fullText(value.name, 160)));
  name.title = fullText(value.name);
  const about = element('span', 'value-type', fullText(value.type, 120));
  if (note !== '') about.append(element('span', 'note', note));
  return element('li', 'value', name, about, ...jumps);
}

function inputList(scene: Scene, layer: GraphLayer, events: DetailsEvents): HTMLElement {
  return element(
    'ul',
    'values',
    ...limited(layer.inputs, (input) => {
      if (input.kind === 'absent') return row({ name: '', type: '' }, []);
      if (input.kind === 'constant' && !scene.model.producer.has(input.name)) return row(input, [], 'constant');
      const from = scene.model.producer.get(input.name);
      const note = input.kind === 'captured' ? 'captured by its body' : '';
      return row(input, from === undefined ? [] : [jumpButton(scene, from, events, '↑ ')], note);
    }),
  );
}

function outputList(scene: Scene, layer: GraphLayer, events: DetailsEvents): HTMLElement {
  return element(
    'ul',
    'values',
    ...limited(layer.outputs, (output) =>
      row(
        output,
        limited(scene.model.readers.get(output.name) ?? [], (to) => jumpButton(scene, to, events, '↓ ')),
      ),
    ),
  );
}

function neighbours(scene: Scene, node: number, events: DetailsEvents): HTMLElement[] {
  const { model } = scene;
  const from = model.incoming[node]!.map((edge) => model.edges[edge]!.from);
  const to = model.outgoing[node]!.map((edge) => model.edges[edge]!.to);
  const list = (title: string, nodes: readonly number[], arrow: string) =>
    nodes.length === 0
      ? []
      : [
          section(
            title,
            element('div', 'jumps', ...limited(nodes, (other) => jumpButton(scene, other, events, arrow))),
          ),
        ];
  return [...list('Made by', from, '↑ '), ...list('Read by', to, '↓ ')];
}

function jumpButton(scene: Scene, node: number, events: DetailsEvents, arrow = ''): HTMLElement {
  const target = scene.model.nodes[node]!;
  const entry = element('button', 'jump', `${arrow}${fullText(target.name, 48)}`);
  entry.title = fullText(target.name);
  entry.addEventListener('click', () => events.jump(node));
  return entry;
}

function limited<T>(items: readonly T[], make: (item: T, index: number) => HTMLElement): HTMLElement[] {
  const shown = items.slice(0, mostListed).map(make);
  if (items.length > mostListed) shown.push(element('li', 'more', `and ${items.length - mostListed} more`));
  return shown;
}
