import type { EmittedStep, Operand } from './lowering.ts';
import { elementBytes, mergeAxes } from './operand.ts';
import { memoryDims } from './order.ts';

/** Moves a value from one place and order to another of the same logical dims. */
export function convert(source: Operand, target: Operand): EmittedStep {
  const bytes = elementBytes(source.dtype)!;
  const bySource = target.order.map((axis) => source.strides[axis]!);
  const byTarget = target.order.map((axis) => target.strides[axis]!);
  const { dims, strides } = mergeAxes(memoryDims(target.dims, target.order), bySource, byTarget);
  const [from, to] = strides as [number[], number[]];
  // [batch, columns, rows] in the source, [batch, rows, columns] in the target?
  const lead = dims.length === 3 ? 1 : 0;
  const [rows, columns] = dims.slice(lead);
  const block = rows! * columns!;
  const isTranspose =
    dims.length === lead + 2 &&
    from[lead] === 1 &&
    from[lead + 1] === rows &&
    to[lead] === columns &&
    to[lead + 1] === 1 &&
    (lead === 0 || (from[0] === block && to[0] === block));
  const common = { reads: [source], writes: [target] };
  if (isTranspose) {
    const toLast = rows! >= columns!;
    return {
      ...common,
      kernel: toLast ? 'toChannelsLast' : 'toChannelsFirst',
      build: (workspace, at) => {
        const ends = { input: at(source), output: at(target), batch: lead === 1 ? dims[0]! : 1, elementBytes: bytes };
        return toLast
          ? workspace.toChannelsLast({ ...ends, channels: columns!, pixels: rows! })
          : workspace.toChannelsFirst({ ...ends, pixels: columns!, channels: rows! });
      },
    };
  }
  return {
    ...common,
    kernel: 'copy',
    build: (workspace, at) =>
      workspace.copy({
        input: at(source),
        output: at(target),
        dims,
        inputStrides: from,
        outputStrides: to,
        elementBytes: bytes,
      }),
  };
}
