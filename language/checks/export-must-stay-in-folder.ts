import type { CheckedSpec } from '../context.ts';
import { shown } from '../grammar/messages.ts';
import { rangeOf } from '../grammar/ranges.ts';
import { textValue } from '../grammar/text.ts';
import type { Check } from './check.ts';

/** A spec from elsewhere must not write over files that it has no business with. */
export const exportMustStayInFolder: Check = {
  code: 'export/outside',
  severity: 'error',
  section: 'results',
  what: 'An export to a path outside the folder of the spec.',
  why: 'What a spec writes stays in its own folder, so that a spec from elsewhere can do no harm.',
  fix: 'Write a path inside it; `--out` chooses another folder.',
  example: 'export onnx qdq "../network.int8.onnx"',
  *remarks(spec) {
    const folders = [spec.path.dirname(spec.spec.path), ...(spec.outputFolders ?? [])];
    for (const { path } of spec.definitions.exports) {
      if (!path) continue;
      const text = textValue(path);
      if (text === '' || text.includes('\0') || /[\\/]$/.test(text)) {
        yield { what: 'An export needs the path of a file.', range: rangeOf(path) };
        continue;
      }
      if (folders.some((folder) => isInside(spec, folder, spec.absolute(path)))) continue;
      yield {
        what: `${shown(text)} lies outside the spec's folder.`,
        why: 'What a spec writes stays in its own folder, so that a spec from elsewhere can do no harm.',
        fix: 'Write a path inside it, such as `"out/model.onnx"`; `--out` chooses another folder.',
        range: rangeOf(path),
      };
    }
  },
};

function isInside(spec: CheckedSpec, folder: string, path: string): boolean {
  const relative = spec.path.relative(folder, path);
  return relative !== '' && !/^\.\.($|[\\/])/.test(relative) && !spec.path.isAbsolute(relative);
}
