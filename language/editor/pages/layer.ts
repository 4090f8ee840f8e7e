import type { LayerSummary, SummaryShape } from '../../../engine/graph/summary.ts';
import type { Choice } from '../../../engine/plan.ts';
import { amount, bytes, decibels } from '../../../engine/report/quantities.ts';
import type { CheckedSpec } from '../../context.ts';
import { howText } from '../../resolve/choice-text.ts';
import { valueText } from '../../resolve/fields.ts';
import { prunePlanOf, pruneText } from '../../resolve/prune.ts';
import { LayerSet } from '../../selectors/layer-set.ts';
import { blockNumber } from '../../selectors/network.ts';
import { isDepthwise, qualifiedOperator } from '../../selectors/properties.ts';
import { float } from '../../vocabulary.ts';
import type { LayersCost } from '../cost.ts';
import { facts, paragraphs, plain, table } from '../markdown.ts';
import { type Planned, plannedOf } from '../planned.ts';
import { bytesChange, energyChange, onTarget, timeChange, workChange } from './change.ts';
import { placeText } from './place.ts';

const mostNeighbours = 4;

/** A layer's row, and for each role what was decided and where. */
export function layerPage(layer: LayerSummary, spec: CheckedSpec): string {
  const { index } = layer.position;
  const planned = plannedOf(spec);
  const cost = planned?.costOf(LayerSet.of(index + 1, [index]));
  const block = spec.network && blockNumber(index, spec.network);
  return paragraphs(
    `**${plain(layer.name)}** ${plain(qualifiedOperator(layer))} ${shapeText(layer.inputs[0]?.shape)} → ${shapeText(layer.outputs[0]?.shape)}`,
    `${planned && cost ? workChange(cost, planned) : `${amount(layer.parameters)} parameters · ${amount(layer.macs)} MACs`}${block === undefined ? '' : ` · block ${block}`}`,
    facts([
      ['kernel', kernelText(layer)],
      ['weights', weightText(layer, cost, planned)],
      [
        'time',
        planned && cost?.timeBefore !== undefined && cost.timeAfter !== undefined
          ? `${timeChange(cost.timeBefore, cost.timeAfter)} ${onTarget(planned)}`
          : '',
      ],
      ['energy', energyChange(cost?.energyBefore, cost?.energyAfter)],
      ['reads', namesText(layer.producers)],
      ['read by', namesText(layer.consumers)],
      ['sensitivity', sensitivityText(layer, spec)],
      ['pruned', prunedText(layer, spec)],
      ['becomes', leftText(layer, planned)],
    ]),
    choicesText(layer, spec),
  );
}

function shapeText(shape: SummaryShape | null | undefined): string {
  return plain(shape ? `[${shape.map((side) => side ?? '?').join(', ')}]` : '?');
}

function kernelText(layer: LayerSummary): string {
  if (!layer.kernel || layer.kernel.length === 0) return '';
  const groups = isDepthwise(layer) ? ', depthwise' : (layer.groups ?? 1) > 1 ? `, ${layer.groups} groups` : '';
  return `${plain(layer.kernel.join('x'))}${groups}`;
}

/** Shapes of what pruning leaves of it, layer by layer where it is split in two. */
function leftText({ name, inputs, outputs }: LayerSummary, planned: Planned | undefined): string {
  if (!planned || planned.left === planned.model) return '';
  if (planned.open.has(name)) return 'not known: it rests on its weights';
  const own = planned.left.layers.filter((layer) => layer.name === name || planned.added.get(layer.name) === name);
  const shapes = own.map((layer) => [shapeText(layer.inputs[0]?.shape), shapeText(layer.outputs[0]?.shape)]);
  const [read, written] = [shapeText(inputs[0]?.shape), shapeText(outputs[0]?.shape)];
  if (shapes.every(([from, to]) => from === read && to === written)) return '';
  return own.map((layer, i) => `${plain(layer.name, 80)} ${shapes[i]!.join(' → ')}`).join(', ');
}

function weightText(layer: LayerSummary, cost: LayersCost | undefined, planned: Planned | undefined): string {
  if (cost && planned) {
    const { bytesBefore, bytesAfter } = cost;
    return bytesBefore + bytesAfter > 0 ? bytesChange(bytesBefore, bytesAfter, planned.atMost) : '';
  }
  const own = layer.weightBytes + layer.biasBytes;
  return own > 0 ? bytes(own) : '';
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, mostNeighbours).map((name) => plain(name, 60));
  return `${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}

function sensitivityText({ name }: LayerSummary, { network }: CheckedSpec): string {
  const sensitivity = network?.measured?.sensitivity;
  if (!sensitivity || !Object.hasOwn(sensitivity, name)) return '';
  return plain(decibels(sensitivity[name] ?? Number.POSITIVE_INFINITY));
}

function prunedText({ name }: LayerSummary, { prune, network, vocabulary }: CheckedSpec): string {
  const choice = prune && prunePlanOf(prune, network!, vocabulary).nodes[name];
  return choice ? plain(pruneText(choice)) : '';
}

function choicesText(layer: LayerSummary, spec: CheckedSpec): string {
  const roles = plannedOf(spec)?.plan.nodes[layer.name];
  if (!roles) return layer.quantization === null ? 'Stays float: QSpec has no integer form of this operator.' : '';
  // Roles that got the same for the same reason share a row.
  const rows = new Map<string, { readonly roles: string[]; readonly format: string; readonly by: string }>();
  for (const [role, choice] of Object.entries(roles)) {
    if (!choice) continue;
    const [format, by] = [choiceText(choice), originText(choice, spec)];
    const key = `${format}\n${by}`;
    const row = rows.get(key) ?? { roles: [], format, by };
    row.roles.push(plain(role));
    rows.set(key, row);
  }
  return paragraphs(
    table(
      ['role', 'format', 'decided by'],
      [...rows.values()].map(({ roles: own, format, by }) => [own.join(', '), format, by]),
    ),
    layer.quantization === 'weight-only' ? 'Weight-only: inputs, outputs and state stay float.' : '',
  );
}

function choiceText(choice: Choice): string {
  const { format, observer, method } = choice;
  if (format === float) return float;
  const using = method ? ` using ${valueText(method)}` : '';
  return plain(`${format} ${howText(choice)} observe ${valueText(observer)}${using}`);
}

function originText({ origin }: Choice, spec: CheckedSpec): string {
  return origin.format ? placeText(origin.format, spec) : 'default';
}
