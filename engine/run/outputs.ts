import { staysInside } from '../files/confine.ts';
import { replaceFile } from '../files/replace.ts';
import { fail } from '../findings.ts';
import type { Model } from '../graph/graph.ts';
import type { Host, ScratchFile } from '../host.ts';
import { writeModel } from '../onnx/model-file.ts';
import type { onnx } from '../onnx/proto.ts';
import type { ExportRequest, Job } from '../plan.ts';
import { renderHtml } from '../report/html.ts';
import type { FileReport, Report } from '../report/report.ts';
import type { RunContext } from './context.ts';

/** A model made and not yet written. */
export interface Output {
  readonly request: ExportRequest;
  readonly model: Model;
  readonly proto: onnx.ModelProto;
  /** The model in one file; absent where it is too large to be made in memory. */
  readonly bytes: Uint8Array | undefined;
}

/** Where an output goes: its own path, or the folder that gathers everything. */
function placeOf(host: Host, path: string, outFolder: string | undefined): string {
  return outFolder === undefined ? path : host.path.join(outFolder, host.path.basename(path));
}

/**
 * Judges where a job's exports go: asked before the work, so that nobody waits for a file that may not be written.
 *
 * @throws FindingError `run/same-name` for two at one place, `run/outside` for a path that leaves the spec's folder,
 * `file/outside` for one that the host refuses
 */
export async function checkPlaces(job: Job, host: Host, outFolder: string | undefined): Promise<void> {
  const specFolder = host.path.dirname(job.spec.path);
  const places = new Set<string>();
  for (const { path, range } of job.exports) {
    const place = placeOf(host, path, outFolder);
    if (places.has(place)) {
      fail('run/same-name', `Two exports would both be written to ${place}.`, {
        file: job.spec.path,
        ...(range && { range }),
        why: '--out gathers all outputs in one folder under their own names.',
        fix: 'Give the exports different file names.',
      });
    }
    places.add(place);
    if (outFolder === undefined && !(await staysInside(host, specFolder, place))) {
      fail('run/outside', `The export goes to ${place}, outside the folder of the spec.`, {
        file: job.spec.path,
        ...(range && { range }),
        why: 'A spec from elsewhere must not be able to write anywhere.',
        fix: 'Name a path in the folder of the spec, or gather all outputs with --out.',
      });
    }
    // A link at the place itself would be replaced; its folder is what counts.
    await host.stat(host.path.dirname(place));
  }
}

/** A file for what a job puts aside, where its first export goes: a disk that has to have room anyway. */
export async function scratchOf(job: Job, host: Host, outFolder: string | undefined): Promise<ScratchFile | undefined> {
  const [first] = job.exports;
  return first && host.scratch?.(host.path.dirname(placeOf(host, first.path, outFolder)));
}

/** Writes models and the report; each file appears whole or not at all. The report comes last: it names what is there. */
export async function writeOutputs(
  report: Omit<Report, 'files'>,
  job: Job,
  outputs: readonly Output[],
  context: RunContext,
  { outFolder, externalData = 'auto' }: { readonly outFolder?: string; readonly externalData?: 'auto' | 'always' },
): Promise<{ files: readonly FileReport[]; written: readonly string[] }> {
  const { host, progress } = context;
  const specFolder = host.path.dirname(job.spec.path);
  const base = outFolder ?? specFolder;
  const written: string[] = [];
  const files: FileReport[] = [];
  const add = async (path: string, kind: string) => {
    written.push(path);
    files.push({ path: host.path.relative(base, path) || path, bytes: (await host.stat(path))?.size ?? 0, kind });
  };
  const named = outputs.filter(({ request }) => request.path !== '');
  for (const { request, proto, model, bytes } of named) {
    const paths = await writeModel(host, placeOf(host, request.path, outFolder), proto, {
      externalData: bytes === undefined ? 'always' : externalData,
      progress,
    });
    const opset = model.graph.opsets.get('');
    const container = request.options['container'];
    const held = container === undefined ? '' : container === 'int8' ? ' in int8' : `, ${container}`;
    const style = `${request.style.toUpperCase()}${held}`;
    for (const path of paths) {
      const isModel = path === paths.at(-1);
      await add(path, isModel ? `ONNX, ${style}, opset ${opset}` : 'ONNX external data');
    }
  }
  const name = named[0] ? host.path.basename(named[0].request.path).replace(/\.onnx$/, '') : report.title;
  const folder = outFolder ?? (named[0] ? host.path.dirname(named[0].request.path) : undefined);
  if (folder === undefined) return { files, written };
  const html = host.path.join(folder, `${name}.report.html`);
  const reported = { path: host.path.relative(base, html), bytes: 0, kind: 'report' };
  await replaceFile(host, html, new TextEncoder().encode(renderHtml({ ...report, files: [...files, reported] })));
  await add(html, 'report');
  return { files, written };
}
