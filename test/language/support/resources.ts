import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Finding, TextRange } from '../../../engine/findings.ts';
import type { ModelSummary } from '../../../engine/graph/summary.ts';
import type { Measurements } from '../../../engine/measurements/measurements.ts';
import { linkImports } from '../../../language/grammar/imports.ts';
import { type FileKnowledge, type LoadedSpec, loadSpec, type SpecContext } from '../../../language/index.ts';
import { decoder } from './decoder.ts';
import { exampleNetwork, inCodes, mobilenet, quantized, recurrent, small, tied, twoInputs, volume } from './model.ts';
import { vocabulary } from './vocabulary.ts';

/**
 * A spec with its expectations inside:
 *
 *     // $TEST$ error "what the finding says"     one for each »…« below, in their order
 *     // $FIX$ "replacement"                      of the finding before
 *     // $MODEL$ small                            a model of support/model.ts (small without a line, none for none)
 *     // $FILES$ a.npz:1000 folder                what there is, with the number of samples; anything else is missing;
 *                                              `!` before a path: it lies outside of what may be looked at
 *
 *     // $MEASURED$ LAYER:12.5 LAYER:exact      sensitivity of layers, in dB; without the line nothing was measured
 *     // $IMPORT$ base.qspec: qspec 1 …         the text of a file that is imported; others are missing
 *
 * Without a $TEST$ line the check must be silent. `// $CLEAN$` asks that no check at all speaks.
 */
export interface Resource {
  readonly name: string;
  readonly text: string;
  readonly expected: readonly ExpectedFinding[];
  readonly clean: boolean;
  readonly context: SpecContext;
  readonly imports: ReadonlyMap<string, string>;
}

/** The resource as read, with what it imports. */
export function loadResource({ text, imports }: Resource): LoadedSpec {
  return linkImports(loadSpec(text, specPath), posix, (path) => {
    const found = imports.get(path);
    return found === undefined ? { kind: 'missing' } : { text: found };
  });
}

export interface ExpectedFinding {
  readonly severity: Finding['severity'];
  readonly what: string;
  readonly replacement?: string;
  readonly range: TextRange;
}

export const resourceFolder = join(import.meta.dirname, '..', 'resources');
export const specPath = '/project/model.qspec';
const models: Readonly<Record<string, ModelSummary | undefined>> = {
  small,
  mobilenet,
  tied,
  example: exampleNetwork,
  twoInputs,
  decoder,
  quantized,
  recurrent,
  volume,
  inCodes,
  none: undefined,
};

export function readResources(folder: string): readonly Resource[] {
  return readdirSync(join(resourceFolder, folder))
    .filter((name) => name.endsWith('.qspec'))
    .sort()
    .map((name) => parseResource(name, readFileSync(join(resourceFolder, folder, name), 'utf8')));
}

export function parseResource(name: string, source: string): Resource {
  const { text, ranges } = takeMarkers(source);
  const tests = [
    ...source.matchAll(/\/\/ \$TEST\$ (error|warning|information|hint) "(.*)"\s*?(?:\n\s*\/\/ \$FIX\$ "(.*)")?$/gm),
  ];
  if (tests.length !== ranges.length)
    throw new Error(`${name}: ${tests.length} expectations and ${ranges.length} markers`);
  const modelName = /\/\/ \$MODEL\$ (\w+)/.exec(source)?.[1] ?? 'small';
  if (!(modelName in models)) throw new Error(`${name}: no model ${modelName}`);
  const measured = /\/\/ \$MEASURED\$ (.*)$/m.exec(source)?.[1];
  const files = /\/\/ \$FILES\$ (.*)$/m.exec(source)?.[1];
  return {
    name,
    text,
    expected: tests.map(([, severity, what, fix], i) => ({
      severity: severity as Finding['severity'],
      what: what!,
      ...(fix === undefined ? {} : { replacement: fix }),
      range: ranges[i]!,
    })),
    clean: source.includes('// $CLEAN$'),
    imports: new Map(
      [...source.matchAll(/^\/\/ \$IMPORT\$ (\S+): (.*)$/gm)].map(([, file, content]) => [
        posix.resolve('/project', file!),
        content!,
      ]),
    ),
    context: {
      vocabulary,
      path: posix,
      model: models[modelName],
      ...(measured === undefined ? {} : { measurements: measurementsIn(measured) }),
      ...(files === undefined ? {} : { fileAt: filesAt(files) }),
    },
  };
}

function measurementsIn(list: string): Measurements {
  const entries = list
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [layer, value] = entry.split(':');
      return [layer!, value === 'exact' ? null : Number(value)] as const;
    });
  return { sensitivity: Object.fromEntries(entries) };
}

function filesAt(list: string): (path: string) => FileKnowledge {
  const known = new Map(
    list
      .trim()
      .split(/\s+/)
      .map((entry) => {
        const outside = entry.startsWith('!');
        const [path, samples] = entry.replace('!', '').split(':');
        const knowledge: FileKnowledge = outside
          ? { exists: false, outside }
          : { exists: true, ...(samples ? { samples: Number(samples) } : {}) };
        return [posix.resolve('/project', path!), knowledge];
      }),
  );
  return (path) => known.get(path) ?? { exists: false };
}

/** Takes `»` and `«` out of a text and gives the ranges between them, outermost first where they nest. */
export function takeMarkers(source: string): { text: string; ranges: TextRange[] } {
  let text = '';
  let line = 0;
  let column = 0;
  const open: number[] = [];
  const ranges: TextRange[] = [];
  for (const character of source) {
    if (character === '»') {
      open.push(ranges.length);
      ranges.push({ start: { line, column }, end: { line, column } });
    } else if (character === '«') {
      const index = open.pop();
      if (index === undefined) throw new Error(`« without » on line ${line + 1}`);
      ranges[index] = { start: ranges[index]!.start, end: { line, column } };
    } else {
      text += character;
      if (character === '\n') {
        line++;
        column = 0;
      } else column += character.length;
    }
  }
  if (open.length > 0) throw new Error('» without «');
  return { text, ranges };
}
