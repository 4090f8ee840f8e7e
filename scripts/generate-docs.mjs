// The parts of docs/ that are tables of registries. `node scripts/generate-docs.mjs` rewrites them; a test sees that they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { families } from '../engine/backends/backend.ts';
import { backends } from '../engine/backends/registry.ts';
import { contained } from '../engine/formats/carrier.ts';
import { activationLegality, multipliesAsInteger, weightLegality } from '../engine/formats/legality.ts';
import { formatFamilies, formatNamed, formats } from '../engine/formats/registry.ts';
import { targets } from '../engine/hardware/registry.ts';
import { methods } from '../engine/methods/registry.ts';
import { observers } from '../engine/observers/registry.ts';
import { passes } from '../engine/passes/index.ts';
import { criteria } from '../engine/pruning/registry.ts';
import { arithmetics } from '../engine/quantize/arithmetic/registry.ts';
import { bytes, watts } from '../engine/report/quantities.ts';
import { measuredFindings } from '../engine/run/measured-findings.ts';
import { optimizers, recipeNumbers, schedules } from '../engine/training/recipe.ts';
import { sections } from '../language/checks/check.ts';
import { syntaxFindings } from '../language/checks/syntax.ts';
import { checks } from '../language/checks/table.ts';
import { actionKinds } from '../language/editor/actions/registry.ts';
import { withPart } from './markers.mjs';

const docs = join(import.meta.dirname, '..', 'docs');

const row = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
const table = (titles, rows) => [row(titles), row(titles.map(() => '---')), ...rows.map(row)].join('\n');

const argumentsOf = (kind) =>
  kind.arguments.map(({ name, initial, min, max }) => `\`${name}\` ${initial} (${min} … ${max})`).join(', ') || '–';

/** Every named format and the examples of every family: what each export makes of it. */
function formatsTable() {
  const members = formatFamilies.flatMap(({ examples }) => examples.map(formatNamed));
  return table(
    [
      'format',
      'what it is',
      'bits',
      'weights in ONNX',
      'activations in ONNX',
      'integer products',
      'operands of the multiplier',
      'operator set from',
    ],
    [...formats, ...members].map((format) => [
      `\`${format.name}\``,
      format.kind === 'integer' ? `codes ${format.low} … ${format.high}`.replaceAll('-', '−') : format.title,
      format.bits,
      legalityText(weightLegality(format)),
      legalityText(activationLegality(format)),
      multipliesAsInteger(format) ? 'yes' : '–',
      multiplierText(format.multiplier),
      opsetText(format),
    ]),
  );
}

/** Of weights; of activations where they need another. */
function opsetText(format) {
  const { minOpset } = contained(format, undefined, 'weights');
  const isOther = activationLegality(format).kind !== 'refused' && format.minOpset !== minOpset;
  return isOther ? `${minOpset}, activations ${format.minOpset}` : minOpset;
}

function legalityText({ kind, text }) {
  return kind === 'refused' ? `refused: ${text}` : kind === 'float' ? 'as float32' : text;
}

function multiplierText({ kind, bits, products }) {
  if (bits === 0 || kind === 'sign') return kind;
  return `${products === undefined ? '' : `${products} × `}${bits} bit${bits === 1 ? '' : 's'}, ${kind}`;
}

function familiesTable() {
  return table(
    ['family', 'what it is', 'arguments', 'source'],
    formatFamilies.map((family) => [
      `\`${family.name}(…)\``,
      family.description,
      family.arguments
        .map(({ name, pattern, initial, min, max }) =>
          pattern ? `\`${name}\`` : `\`${name}\`${initial === undefined ? '' : ` ${initial}`} (${min} … ${max})`,
        )
        .join(', '),
      family.source,
    ]),
  );
}

function observersTable() {
  return table(
    ['observer', 'what it does', 'cost', 'arguments', 'source'],
    observers.map((kind) => [`\`${kind.name}\``, kind.description, kind.cost, argumentsOf(kind), kind.source]),
  );
}

function methodsTable() {
  return table(
    ['method', 'what it does', 'cost', 'arguments', 'source'],
    methods.map((kind) => [`\`${kind.name}\``, kind.description, kind.cost, argumentsOf(kind), kind.source]),
  );
}

function criteriaTable() {
  return table(
    ['criterion', 'what it does', 'arguments', 'source'],
    criteria.map((kind) => [`\`${kind.name}\``, kind.description, argumentsOf(kind), kind.source]),
  );
}

function passesTable() {
  return table(
    ['pass', 'what it does'],
    passes.map(({ name, summary }) => [`\`${name}\``, summary]),
  );
}

function recipeTable() {
  return table(
    ['word', 'what it says', 'limits or arguments'],
    [
      ...recipeNumbers.map(({ name, description, min, max, perLayer }) => [
        `\`${name} X\``,
        `${description}${perLayer ? ' Also in rules.' : ''}`,
        max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `${min} … ${max}`,
      ]),
      ...optimizers.map((kind) => [`\`optimizer ${kind.name}\``, kind.description, argumentsOf(kind)]),
      ...schedules.map((kind) => [`\`schedule ${kind.name}\``, kind.description, argumentsOf(kind)]),
    ],
  );
}

function arithmeticsTable() {
  return table(
    ['arithmetic', 'what it does'],
    arithmetics.map(({ name, description }) => [`\`${name}\``, description ?? '']),
  );
}

function backendsTable() {
  const words = ({ format, scheme, granularity = '', scale = '', codes = '' }) =>
    `\`${[format, scheme, granularity, scale, codes].filter(Boolean).join(' ')}\``;
  return table(
    ['backend', 'what it is', 'weights', 'activations', 'reads codes', 'rounded', 'sums read', 'source'],
    backends.map(({ name, description, weights, activations, placement, source }) => [
      `\`${name}\``,
      description,
      words(weights),
      words(activations),
      placement.reads.length === families.length ? 'all families' : placement.reads.join(', '),
      roundedText(placement),
      !placement.reads.includes('sums') ? '–' : placement.addsAccumulators ? 'the other branch' : 'both branches',
      source,
    ]),
  );
}

function roundedText({ writes, rounds }) {
  if (writes === 'always') return 'wherever a layer can run on codes';
  return rounds === 'tensor' ? 'where it is read, for all readers' : 'where it is read, for those layers alone';
}

const figures = [
  ['clockHz', 'clock', (value) => `${value / 1e6} MHz`],
  ['cores', 'cores', String],
  ['macsPerCycle', 'MACs a cycle and core', rates],
  ['depthwiseMacsPerCycle', 'MACs a cycle and core, depthwise', rates],
  ['operationsPerCycle', 'other operations a cycle and core', String],
  ['formats', 'formats', (value) => value.join(', ')],
  ['limits', 'but not', (value) => value.map(({ why }) => why).join(' ')],
  ['weightBandwidth', 'weight bandwidth', (value) => `${value / 1e6} MB/s`],
  ['activationBandwidth', 'activation bandwidth', (value) => `${value / 1e6} MB/s`],
  ['layerOverhead', 'overhead of a layer', (value) => `${value * 1e6} µs`],
  ['activePower', 'power while it computes', watts],
  ['flash', 'flash', bytes],
  ['ram', 'RAM', bytes],
  ['runtimeFlash', 'runtime in flash', bytes],
  ['runtimeRam', 'runtime in RAM', bytes],
];

function rates(value) {
  return Object.entries(value)
    .map(([formats, rate]) => `${formats} ${rate}`)
    .join(', ');
}

function targetSections() {
  return targets
    .map((target) =>
      [
        `### \`${target.name}\``,
        '',
        `${target.title}. ${target.description}`,
        '',
        table(
          ['figure', 'value', 'source'],
          figures.map(([field, title, say]) => [
            title,
            target[field] === undefined ? '–' : say(target[field]),
            target.sources[field] ?? '–',
          ]),
        ),
      ].join('\n'),
    )
    .join('\n\n');
}

function findingsList() {
  const described = [...syntaxFindings, ...checks];
  return Object.entries(sections)
    .map(([section, title]) =>
      [`## ${title}`, ...described.filter((finding) => finding.section === section).map(findingEntry)].join('\n\n'),
    )
    .join('\n\n');
}

function actionSections() {
  const code = (text) => `\`\`\`qspec\n${text.replace('¦', '')}\n\`\`\``;
  return actionKinds
    .map(({ family, name, summary, keepsPlan, example }) =>
      [
        `### \`${family}.${name}\``,
        '',
        `${summary} ${keepsPlan ? 'What layers get stays the same.' : 'What layers get may change.'}`,
        '',
        code(example.before),
        '',
        'becomes',
        '',
        code(example.after),
      ].join('\n'),
    )
    .join('\n\n');
}

function findingEntry({ code, severity, mayBeLowered, what, why, fix, example }) {
  const fixed = severity === 'error' && !mayBeLowered;
  const lines = [
    `### \`${code}\``,
    '',
    `*${severity}${fixed ? ', always' : ''}.* ${what}`,
    '',
    `- Why it matters: ${why}`,
    `- What to do: ${fix}`,
  ];
  if (example !== undefined) lines.push('', '```qspec finding', example, '```');
  return lines.join('\n');
}

/** Documents with their parts as they should be: path → text. */
export function generatedDocuments() {
  const parts = {
    'methods.md': {
      formats: formatsTable(),
      families: familiesTable(),
      observers: observersTable(),
      passes: passesTable(),
      criteria: criteriaTable(),
      methods: methodsTable(),
      arithmetics: arithmeticsTable(),
      backends: backendsTable(),
    },
    'language.md': { recipe: recipeTable() },
    'targets.md': { targets: targetSections() },
    'findings.md': { findings: findingsList(), measured: measuredFindings.map(findingEntry).join('\n\n') },
    'editor.md': { actions: actionSections() },
  };
  return new Map(
    Object.entries(parts).map(([file, texts]) => {
      const path = join(docs, file);
      let document = readFileSync(path, 'utf8');
      for (const [name, text] of Object.entries(texts)) document = withPart(document, name, text);
      return [path, document];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of generatedDocuments()) writeFileSync(path, text);
}
