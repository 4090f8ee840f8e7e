import { amount, bytes, decibels } from '../../../engine/report/quantities.ts';
import type { CheckedSpec } from '../../context.ts';
import type { BlockRange, Selector, Test } from '../../generated/ast.ts';
import { compilePredicate } from '../../selectors/predicate.ts';
import { type Property, qualifiedOperator } from '../../selectors/properties.ts';
import type { LayerRole } from '../../selectors/roles.ts';
import { asksForMeasurements, blocksNamed, selectOnce } from '../../selectors/select.ts';
import { blockText } from '../blocks.ts';
import { counted, grouped, paragraphs, plain } from '../markdown.ts';

const mostNames = 8;

/** The layers that a part of a selector means by itself. */
export function selectorPage(selector: Selector, spec: CheckedSpec): string | undefined {
  if (!spec.network) return undefined;
  if (!spec.network.measured && asksForMeasurements(selector)) return '**not measured**';
  const layers = selectOnce(selector, undefined, spec.network);
  const names = Array.from(layers.indices.subarray(0, mostNames), (index) =>
    plain(spec.network!.layers[index]!.name, 80),
  );
  return paragraphs(
    `**${counted(layers.size, 'layer')}**`,
    `${names.join(', ')}${layers.size > names.length ? ', …' : ''}`,
  );
}

/** Of the block that a number means, and of the last one of a range, the layers. */
export function blockPage(range: BlockRange, { network }: CheckedSpec): string | undefined {
  if (!network) return undefined;
  const { from, to } = blocksNamed(range);
  const pages = (to > from ? [from, to] : [from]).flatMap((number) => {
    const layers = network.blocks[number - 1];
    return layers ? [`**Block ${number} of ${network.blocks.length}** ${plain(blockText(layers, network))}`] : [];
  });
  return pages.length > 0 ? paragraphs(...pages) : undefined;
}

export function operatorPage(name: string, spec: CheckedSpec): string {
  const own = spec.model?.layers.filter((layer) => layer.op === name || qualifiedOperator(layer) === name) ?? [];
  const parameters = own.reduce((sum, layer) => sum + layer.parameters, 0);
  const macs = own.reduce((sum, layer) => sum + layer.macs, 0);
  const count = spec.model
    ? `${counted(own.length, 'layer')} · ${amount(parameters)} parameters · ${amount(macs)} MACs in this model`
    : 'Operator type.';
  const form =
    own.length > 0 && own.every((layer) => layer.quantization === null)
      ? 'Stays float: QSpec has no integer form of it.'
      : '';
  return paragraphs(`**${plain(name)}**`, count, form);
}

export function rolePage(role: LayerRole, { model }: CheckedSpec): string {
  const count = model?.layers.filter((layer) => role.holds(layer)).length;
  return paragraphs(
    `**${plain(role.name)}** ${plain(role.description)}`,
    count === undefined ? '' : `${counted(count, 'layer')} in this model.`,
  );
}

/** What a property is, which values layers of the model have, and of how many a test of it holds. */
export function propertyPage(property: Property, test: Test | undefined, { model, network }: CheckedSpec): string {
  const head = `**${plain(property.name)}** ${plain(property.description)}`;
  if (!model) return head;
  if (property.measured && !network?.measured) return paragraphs(head, 'It is not measured yet.');
  const values = model.layers
    .map((layer) => property.read(layer, network?.measured))
    .filter((value) => value !== undefined && value !== false);
  const holds = test && compilePredicate(test, network?.measured);
  const matching = holds && model.layers.filter(holds).length;
  return paragraphs(
    head,
    `${counted(values.length, 'layer')} of ${grouped(model.layers.length)} ${values.length === 1 ? 'has' : 'have'} it${rangeText(values, property)}.`,
    matching === undefined || test?.comparison === undefined ? '' : `The test holds for ${counted(matching, 'layer')}.`,
  );
}

function rangeText(values: readonly unknown[], { measures }: Property): string {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  if (numbers.length === 0) return '';
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const text = measures.includes('bytes') ? bytes : measures.includes('decibel') ? decibels : amount;
  return low === high ? `: ${text(low)}` : `, from ${text(low)} to ${text(high)}`;
}
