import * as vscode from 'vscode';
import type { DiscoveredData } from '../../engine/data/discover.ts';
import type { ModelSummary } from '../../engine/graph/summary.ts';
import { printStarterSpec, type StarterData } from '../../language/starter.ts';
import type { App } from '../app.ts';
import { exists, folderOf, nameOf } from './find.ts';

/** Whether a person is asked about data: *Quantize* asks where it needs some, *Create spec* leaves the lines as comments. */
export type AskForData = 'ask' | 'never';

/**
 * Writes a starter spec beside a model: with data that lie beside it and fit, with what the person names, or for the
 * weights alone. An existing file is never replaced. Undefined if the person cancelled.
 */
export async function writeStarterSpec(model: vscode.Uri, ask: AskForData, app: App): Promise<vscode.Uri | undefined> {
  const path = app.environment.pathOf(model);
  if (path === undefined) throw new Error('the model lies in no folder of the workspace');
  const { folders } = app.runs;
  const [summary, found] = await app.engine.ask((client) =>
    Promise.all([client.summarize({ path, folders }), client.discoverData({ path, folders })]),
  );
  const data =
    found.length === 0 && ask === 'ask' && needsData(summary) ? await askForData(model) : (found[0] ?? 'none');
  if (data === undefined) return undefined;
  const text = printStarterSpec(summary, {
    model: nameOf(model),
    ...(data !== 'none' && { calibration: data as StarterData }),
  });
  const spec = await freePlace(model);
  await vscode.workspace.fs.writeFile(spec, new TextEncoder().encode(text));
  return spec;
}

/** Without a layer whose activations can be held in codes (a recurrent network, say) samples would change nothing. */
function needsData({ layers }: ModelSummary): boolean {
  return layers.some((layer) => layer.quantization === 'compute');
}

/** `MODEL.qspec`, or with a number where that is taken. */
async function freePlace(model: vscode.Uri): Promise<vscode.Uri> {
  const folder = folderOf(model);
  const base = nameOf(model).replace(/\.onnx$/i, '');
  for (let number = 1; ; number++) {
    const place = vscode.Uri.joinPath(folder, `${base}${number === 1 ? '' : `-${number}`}.qspec`);
    if (!(await exists(place))) return place;
  }
}

type Answer = StarterData | DiscoveredData | 'none' | undefined;

async function askForData(model: vscode.Uri): Promise<Answer> {
  const weights = {
    label: 'Weights only',
    detail: 'Needs no data. The file becomes about four times smaller; computation stays in float.',
  };
  const file = {
    label: 'Weights and activations, with samples from a file…',
    detail: 'An .npz or .npy with inputs as the model is used to. About a hundred will do.',
  };
  const images = {
    label: 'Weights and activations, with a folder of images…',
    detail: 'JPEG or PNG. The spec says how they are resized and scaled; check those lines afterwards.',
  };
  const chosen = await vscode.window.showQuickPick([weights, file, images], {
    title: `Quantize ${nameOf(model)}`,
    placeHolder: 'No data that fit this model lie beside it. What is to be quantised?',
  });
  if (chosen === undefined) return undefined;
  if (chosen === weights) return 'none';
  const folders = chosen === images;
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: folders ? 'Folder of calibration images' : 'Calibration samples',
      defaultUri: folderOf(model),
      canSelectFiles: !folders,
      canSelectFolders: folders,
      ...(!folders && { filters: { Samples: ['npz', 'npy'] } }),
    })) ?? [];
  if (picked === undefined) return undefined;
  const path = relativePath(folderOf(model).path, picked.path);
  if (folders)
    return { kind: 'images', path: `${path}/*`, options: ['layout nhwc to nchw', 'scale 1/255', 'take 100'] };
  return picked.path.endsWith('.npy') ? { kind: 'npy', path } : { kind: 'npz', path, options: ['array x', 'take 100'] };
}

/** From one folder to a file, with `/`, as a spec names it. */
export function relativePath(from: string, to: string): string {
  const a = from.split('/').filter(Boolean);
  const b = to.split('/').filter(Boolean);
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return [...a.slice(shared).map(() => '..'), ...b.slice(shared)].join('/') || '.';
}
