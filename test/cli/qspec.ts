import { runCommandLine } from '../../cli/run.ts';

export interface Answer {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process, as if neither stream were a terminal. */
export async function qspec(args: readonly string[], options: { readonly signal?: AbortSignal } = {}): Promise<Answer> {
  let out = '';
  let err = '';
  const exitCode = await runCommandLine(args, {
    out: { write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) },
    environment: {},
    signal: options.signal ?? new AbortController().signal,
  });
  return { exitCode, out, err };
}
