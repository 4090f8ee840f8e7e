import type { Host } from '../../../engine/host.ts';

export interface Call {
  readonly name: string;
  readonly path: string;
}

const operations = [
  'stat',
  'readFile',
  'readRange',
  'scratch',
  'list',
  'realPath',
  'readLink',
  'createFolder',
  'replace',
  'remove',
] as const;

/** A host that notes every path that reaches it. */
export function recordingHost(host: Host): { readonly host: Host; readonly calls: Call[] } {
  const calls: Call[] = [];
  const noted = Object.fromEntries(
    operations.map((name) => [
      name,
      (path: string, ...rest: never[]) => {
        calls.push({ name, path });
        return (host[name]! as (path: string, ...rest: never[]) => unknown).call(host, path, ...rest);
      },
    ]),
  );
  return { host: { ...host, ...noted }, calls };
}
