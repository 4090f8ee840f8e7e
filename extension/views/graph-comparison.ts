import type { ComparisonMessage, GraphLayer, GraphMessage, LayerChange } from '../../webview/protocol.ts';

/**
 * Two versions of a model, layer by layer, as the views of both show it. Layers are the same where their names are. Pure: it
 * can be tested without an editor.
 */
export function compareGraphs(
  before: { readonly graph: GraphMessage; readonly label: string },
  after: { readonly graph: GraphMessage; readonly label: string },
): { readonly before: ComparisonMessage; readonly after: ComparisonMessage } {
  const old = new Map(before.graph.layers.map((layer) => [layer.name, layer]));
  const present = new Set(after.graph.layers.map(({ name }) => name));
  const changed = after.graph.layers.flatMap((layer): LayerChange[] => {
    const earlier = old.get(layer.name);
    const differences = earlier === undefined ? [] : differencesOf(earlier, layer);
    return differences.length > 0 ? [{ layer: layer.name, change: 'changed', differences }] : [];
  });
  const apart = (layers: readonly GraphLayer[], change: 'added' | 'removed', has: (name: string) => boolean) =>
    layers.flatMap(({ name }): LayerChange[] => (has(name) ? [] : [{ layer: name, change, differences: [] }]));
  const added = apart(after.graph.layers, 'added', (name) => old.has(name));
  const removed = apart(before.graph.layers, 'removed', (name) => present.has(name));
  const counts = { added: added.length, removed: removed.length, changed: changed.length };
  const message = (against: string, layers: readonly LayerChange[]): ComparisonMessage => ({
    kind: 'comparison',
    against,
    counts,
    layers,
  });
  return {
    before: message(after.label, [...removed, ...changed]),
    after: message(before.label, [...added, ...changed]),
  };
}

/** What people see of a layer where it is another than before. */
function differencesOf(before: GraphLayer, after: GraphLayer): LayerChange['differences'] {
  const facts = (layer: GraphLayer): ReadonlyMap<string, string> =>
    new Map([
      ['Operator', layer.op],
      ...layer.attributes,
      ['Inputs', valuesText(layer.inputs)],
      ['Outputs', valuesText(layer.outputs)],
      ['Parameters', String(layer.parameters.value)],
      ['Bytes of weights', String(layer.bytes.value)],
    ]);
  const [old, now] = [facts(before), facts(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name) ?? '–', now.get(name) ?? '–'];
    return from === to ? [] : [[name, from, to] as const];
  });
}

function valuesText(values: readonly { readonly name: string; readonly type: string }[]): string {
  return values.map(({ name, type }) => (name === '' ? '(left out)' : `${name} ${type}`)).join(', ');
}

/** For a person: which version of a file a URI stands for that is no file itself. */
export function versionLabel(uri: { readonly scheme: string; readonly query: string }): string {
  if (uri.scheme !== 'git') return uri.scheme;
  const ref = gitRef(uri.query);
  if (ref === undefined) return 'git';
  return ref === '' || ref === '~' ? 'the index' : ref;
}

function gitRef(query: string): string | undefined {
  try {
    const { ref } = JSON.parse(query) as { readonly ref?: unknown };
    return typeof ref === 'string' ? ref : undefined;
  } catch {
    return undefined;
  }
}
