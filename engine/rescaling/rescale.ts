import type { Dataset } from '../data/dataset.ts';
import type { Compile, CompileOptions } from '../executor/program.ts';
import type { Finding } from '../findings.ts';
import { makeNode } from '../graph/build.ts';
import type { Graph } from '../graph/graph.ts';
import { GraphEditor } from '../passes/editor.ts';
import type { Plan } from '../plan.ts';
import { interruptible, type Progress, turn } from '../progress.ts';
import { requireSamples } from '../quantize/calibrate.ts';
import { type KeptPlace, KeptStatistics } from '../quantize/kept-statistics.ts';
import { sharesWeight, wire } from '../quantize/wiring.ts';
import { float32Tensor } from '../tensor.ts';
import { type Extent, nothingInFront, type Refusal, refusalFindings, rescaledFinding, widen } from './findings.ts';
import { applyFold, type Fold, findFold, placeOf } from './fold.ts';
import { measureSites } from './measure.ts';
import { multiply } from './multiply.ts';
import { siteProblem } from './problem.ts';
import { type Site, sitesOf, wishOf } from './sites.ts';

export { needsRescaling } from './sites.ts';

export interface RescaleOptions {
  readonly compile: Compile;
  readonly threads?: number;
  /** `strict` (default) gives the same factors on every machine. */
  readonly mode?: 'strict' | 'relaxed';
  readonly progress?: Progress;
  /** What earlier runs gathered of the same, and where this one adds to it. */
  readonly kept?: KeptPlace | undefined;
}

export interface Rescaled {
  /** Computes what the given graph computes. */
  readonly graph: Graph;
  readonly plan: Plan;
  /** What was rescaled, and what was not. */
  readonly findings: readonly Finding[];
}

/**
 * Multiplies the weights of layers by factors for their input channels, as the methods of the plan want them, and divides what
 * computes these channels: constants of a normalisation or of an elementwise step, weights and bias of a product. Statistics are
 * those of the graph as it was; sites are done from the front to the back, each on the weights that those before it left.
 * @throws FindingError `calibrate/no-samples`
 */
export async function rescale(
  source: Graph,
  plan: Plan,
  dataset: Dataset,
  { compile, threads, mode = 'strict', progress, kept: before }: RescaleOptions,
): Promise<Rescaled> {
  const refusals: Refusal[] = [];
  const sites = sitesOf(source, plan, (choice) => wishOf(choice) !== undefined).filter((site) => {
    const why = whyUseless(site, plan) ?? whyShared(site, source);
    if (why !== undefined) refusals.push({ site, why });
    return why === undefined;
  });
  if (sites.length === 0) return { graph: source, plan, findings: refusalFindings(refusals) };
  requireSamples(dataset);
  const first = await dataset.sample(0);
  const options: CompileOptions = {
    mode,
    inputDims: new Map(Array.from(first, ([name, { dims }]) => [name, dims])),
    ...(threads !== undefined && { threads }),
  };
  // Products of inputs are not kept: where they are asked for the model runs anyway, and nothing is won by looking.
  const runsAnyway = sites.some(({ wanting }) => wanting.some(({ choice }) => wishOf(choice)!.rescaling.needsError));
  const kept = await KeptStatistics.open(runsAnyway ? undefined : before);
  const measured = await measureSites(source, sites, dataset, { compile, options, kept, progress });
  const done = new Map<string, Extent>();
  const float = new Set<string>();
  let graph = source;
  for (const [at, site] of sites.entries()) {
    progress?.report('rescale', at, sites.length);
    await turn();
    const current = graph;
    const editor = new GraphEditor(current);
    const place = interruptible(progress, () => placeFor(site, current, editor));
    const { choice } = site.wanting[0]!;
    const wish = wishOf(choice)!;
    const problem = siteProblem(site, current, measured);
    if (place.kind === 'none') refusals.push({ site, why: nothingInFront, obstacle: place.obstacle });
    else if (typeof problem === 'string') refusals.push({ site, why: problem });
    if (place.kind === 'none' || typeof problem === 'string') continue;
    const factors = interruptible(progress, () => wish.rescaling.factors(problem, wish.arguments));
    if (factors.every((factor) => factor === 1)) continue;
    if (place.kind === 'insert') insertBefore(editor, site, factors);
    else {
      for (const reader of site.readers) multiply(editor, reader, factors);
      applyFold(editor, place.fold, factors);
      // Factors for each channel would share one scale in codes.
      for (const { output } of place.fold.constants) {
        const node = editor.producer(output)!;
        if (node.op === 'Mul' || node.op === 'Div') float.add(node.name);
      }
    }
    graph = editor.result().graph;
    widen(done, choice.method!.name, site, factors);
  }
  progress?.report('rescale', sites.length, sites.length);
  const findings = Array.from(done, ([method, extent]) => rescaledFinding(method, extent));
  return { graph, plan: without(plan, float), findings: [...findings, ...refusalFindings(refusals)] };
}

/** Where the division goes: into what computes the channels, into a new node, or nowhere, with the reason. */
type Place =
  | { readonly kind: 'fold'; readonly fold: Fold }
  | { readonly kind: 'insert' }
  | { readonly kind: 'none'; readonly obstacle: string };

function placeFor(site: Site, graph: Graph, editor: GraphEditor): Place {
  const demands = site.readers.map(({ name, demand }) => ({ ...demand, reader: placeOf(name, 0) }));
  const fold = findFold(graph, editor, demands);
  if (typeof fold !== 'string') return { kind: 'fold', fold };
  if ((wishOf(site.wanting[0]!.choice)!.arguments['insert'] ?? 0) >= 0.5) return { kind: 'insert' };
  return { kind: 'none', obstacle: fold };
}

/** The reason why factors would be of no use to a site, or contradict each other. */
function whyUseless({ wanting }: Site, plan: Plan): string | undefined {
  const wish = wishOf(wanting[0]!.choice)!;
  const agree = wanting.every(({ choice }) => {
    const own = wishOf(choice)!;
    return own.rescaling === wish.rescaling && JSON.stringify(own.arguments) === JSON.stringify(wish.arguments);
  });
  if (!agree) return 'They read the same channels, and the spec gives them different methods or arguments.';
  const inCodes = wanting.some(({ name }) => (plan.nodes[name]?.['input[0]']?.format ?? 'float') !== 'float');
  return wish.rescaling.forActivations && !inCodes
    ? 'Their inputs stay float, so there are no outliers to be moved.'
    : undefined;
}

/** The reason why factors would multiply the room that weights take. */
function whyShared({ readers }: Site, graph: Graph): string | undefined {
  const wiring = wire(graph);
  const names = new Set(readers.map(({ name }) => name));
  return graph.nodes.some((node) => names.has(node.name) && sharesWeight(wiring, node))
    ? 'Other layers have the same weights, and each would need a copy of its own.'
    : undefined;
}

/** Divides in a multiplication of its own in front of the layers that ask for it, one for each value that they read. */
function insertBefore(editor: GraphEditor, { wanting }: Site, factors: Float64Array): void {
  const divided = new Map<string, string>();
  for (const layer of wanting) {
    const { value, axes } = layer.demand;
    const known = divided.get(value);
    if (known !== undefined) {
      multiply(editor, layer, factors, known);
      continue;
    }
    const type = editor.type(value)!;
    const dims = type.dims!.map((_, axis) => (axes.includes(axis) ? factors.length : 1));
    const name = editor.unusedName(`${layer.name}.rescale`);
    const output = editor.unusedName(`${name}.output`);
    const reciprocals = Float32Array.from(factors, (factor) => 1 / factor);
    const constant = editor.addInitializer(`${name}.factors`, float32Tensor(dims, reciprocals));
    multiply(editor, layer, factors, output);
    const reader = editor.nodes.find((known) => known.name === layer.name)!;
    editor.replace(reader, [makeNode(name, 'Mul', [value, constant], [output]), reader]);
    editor.setType(output, type);
    divided.set(value, output);
  }
}

/** The plan with some nodes left in float. */
function without(plan: Plan, nodes: ReadonlySet<string>): Plan {
  if (nodes.size === 0) return plan;
  return { ...plan, nodes: Object.fromEntries(Object.entries(plan.nodes).filter(([name]) => !nodes.has(name))) };
}
