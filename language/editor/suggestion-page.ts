import type { CheckedSpec } from '../context.ts';
import { findBudgetKind, findExpectationKind } from '../quantities/measured.ts';
import { findProperty } from '../selectors/properties.ts';
import { find } from '../vocabulary.ts';
import { callablePage } from './pages/callable.ts';
import { dataPage, namedFormatPage } from './pages/definition.ts';
import { formatPage } from './pages/format.ts';
import { keywordPage, type Manual } from './pages/keyword.ts';
import { layerPage } from './pages/layer.ts';
import { quantityPage } from './pages/quantity.ts';
import { operatorPage, propertyPage } from './pages/selector.ts';
import { budgetPage, targetPage } from './pages/target.ts';
import type { Suggestion } from './suggestion.ts';

/** All there is to say of a suggestion, as its hover will say it; undefined where that is what the suggestion says itself. */
export function suggestionPage(
  { label, kind }: Pick<Suggestion, 'label' | 'kind'>,
  spec: CheckedSpec,
  manual?: Manual,
): string | undefined {
  const { vocabulary, definitions, network } = spec;
  const page = <T>(found: T | undefined, write: (found: T) => string | undefined) => found && write(found);
  switch (kind) {
    case 'format':
      return page(find(vocabulary.formats, label), (format) => formatPage(format, spec));
    case 'function':
      return (
        page(find(vocabulary.observers, label), (word) => callablePage(word, 'observe')) ??
        page(find(vocabulary.methods, label), (word) => callablePage(word, 'using')) ??
        page(find(vocabulary.criteria, label), (word) => callablePage(word, 'by')) ??
        page(find(vocabulary.optimizers, label), (word) => callablePage(word, 'optimizer')) ??
        page(find(vocabulary.schedules, label), (word) => callablePage(word, 'schedule'))
      );
    case 'layer':
      return page(network?.layers[network.indexOf.get(label) ?? -1], (layer) => layerPage(layer, spec));
    case 'name':
      return (
        page(definitions.formats.get(label), (format) => namedFormatPage(format, spec)) ??
        page(definitions.dataByName.get(label), (data) => dataPage(data, spec))
      );
    case 'operator':
      return operatorPage(label, spec);
    case 'property':
      return (
        page(findProperty(label), (property) => propertyPage(property, undefined, spec)) ??
        page(findBudgetKind(label) ?? findExpectationKind(label), (budget) => budgetPage(budget, spec))
      );
    case 'target':
      return page(find(vocabulary.targets, label), (target) => targetPage(target, spec));
    case 'unit': {
      const written = /^([0-9.]*)\s*(\S+)$/.exec(label);
      return written ? quantityPage(written[2]!, written[1] === '' ? 1 : Number(written[1])) : undefined;
    }
    case 'keyword':
      return keywordPage(label, manual);
    default:
      return undefined;
  }
}
