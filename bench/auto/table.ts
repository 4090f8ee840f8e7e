/** A setting measured on a network. */
export interface Line {
  readonly model: string;
  readonly data: string;
  /** Of weights and activations. */
  readonly formats: string;
  readonly setting: string;
  /** Agreement with float and what top-1 lost, signal to noise, size of the export, time; or the finding that ended the run. */
  readonly cells: readonly string[];
  readonly findings: readonly string[];
}

/** One row a network and pair of formats, one column a setting; of the recipe also the size and the time that it took. */
export function table(lines: readonly Line[]): string {
  const settings = [...new Set(lines.map(({ setting }) => setting))].filter((name) => name !== 'auto');
  const rows = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${line.model} | ${line.data} | ${line.formats}`;
    rows.set(key, [...(rows.get(key) ?? []), line]);
  }
  const head = [
    'model',
    'data',
    'weights, activations',
    ...settings.map((name) => `\`${name}\``),
    '`auto`',
    'size, of float',
    'time',
  ];
  const body = Array.from(rows, ([key, own]) => {
    const of = (setting: string) => own.find((line) => line.setting === setting)?.cells;
    const auto = of('auto');
    const answers = [...settings.map(of), auto].map((cells) => cells?.slice(0, 2).join(', ') ?? '–');
    return [key, ...answers, auto?.[2] ?? '–', auto?.[3] ?? '–'];
  });
  const align = head.map((_, i) => (i < 3 ? '---' : '---:'));
  return [head, align, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
