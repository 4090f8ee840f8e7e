import type { Host } from '../../../engine/host.ts';

/** A host that notes every path that it is asked to touch. */
export function recordingHost(host: Host): { readonly host: Host; readonly touched: string[] } {
  const touched: string[] = [];
  const noted =
    <Rest extends unknown[], Result>(method: (path: string, ...rest: Rest) => Result) =>
    (path: string, ...rest: Rest): Result => {
      touched.push(path);
      return method.call(host, path, ...rest);
    };
  return {
    touched,
    host: {
      ...host,
      stat: noted(host.stat),
      readFile: noted(host.readFile),
      readRange: noted(host.readRange),
      list: noted(host.list),
      realPath: noted(host.realPath),
      ...(host.readLink && { readLink: noted(host.readLink) }),
      createFolder: noted(host.createFolder),
      replace: noted(host.replace),
      remove: noted(host.remove),
      asset: (name) => host.asset(name),
    },
  };
}
