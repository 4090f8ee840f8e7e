import { type Layout, piece, stride } from '../layout/layout.ts';

export interface EdgePaths {
  readonly lines: string;
  readonly arrows: string;
}

/** Pieces as the data of two SVG paths: all lines in one, all arrowheads in another. */
export function edgePaths(layout: Layout, pieces: Iterable<number>): EdgePaths {
  const lines: string[] = [];
  const arrows: string[] = [];
  for (const index of pieces) {
    const at = index * stride;
    const read = (field: number) => Math.round(layout.pieces[at + field]! * 10) / 10;
    const x1 = read(piece.x1);
    const x2 = read(piece.x2);
    const top = read(piece.top);
    const bend = read(piece.bend);
    const land = read(piece.land);
    const bottom = read(piece.bottom);
    if (Math.abs(x1 - x2) < 0.5) lines.push(`M${x1} ${top}V${bottom}`);
    else {
      const pull = (land - bend) * 0.55;
      lines.push(`M${x1} ${top}V${bend}C${x1} ${bend + pull} ${x2} ${land - pull} ${x2} ${land}V${bottom}`);
    }
    if (layout.arrows[index] === 1) arrows.push(`M${x2} ${bottom}l-4 -7h8z`);
    if (layout.arrows[index] === 2) arrows.push(`M${x1} ${top}l-4 7h8z`);
  }
  return { lines: lines.join(''), arrows: arrows.join('') };
}
