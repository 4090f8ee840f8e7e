import type { BuildOptions, Metafile } from 'esbuild';

/** Options are esbuild's; `outfile` may be absolute. */
export function buildProgram(
  options: BuildOptions & { readonly entry: string; readonly outfile: string },
): Promise<{ readonly metafile: Metafile }>;
