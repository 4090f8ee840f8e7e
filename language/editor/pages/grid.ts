/** Colours that stand out on white as on black: a picture in a hover does not know the theme. */
const ink = '#2f8fdd';
const shade = '#8a8a8a';
const [width, height, edge, floor] = [320, 44, 6, 38];
/** More ticks than this are drawn thin, and far more than the picture has columns as a bar. */
const [mostWide, mostThin] = [64, 400];

/**
 * A small picture of a format's grid: its levels from the lowest to the highest, zero the tallest, under the curve that values
 * of weights (or, without a sign, of rectified activations) typically lie in.
 * @param levels ascending, at scale 1
 */
export function gridPicture(levels: readonly number[]): string {
  const [low, high] = [levels[0]!, levels.at(-1)!];
  const largest = Math.max(-low, high);
  const x = (level: number) => (edge + ((level - low) / (high - low)) * (width - 2 * edge)).toFixed(1);
  const curve: string[] = [];
  for (let i = 0; i <= 40; i++) {
    const level = low + ((high - low) * i) / 40;
    // Largest values lie at about three standard deviations.
    const deviation = (3 * level) / largest;
    curve.push(`${x(level)} ${(floor - 32 * Math.exp((-deviation * deviation) / 2)).toFixed(1)}`);
  }
  const ticks = () => levels.flatMap((level) => (level === 0 ? [] : `M${x(level)} ${floor}v-12`)).join('');
  const grid =
    levels.length <= mostThin
      ? `<path d="${ticks()}" stroke="${ink}" stroke-width="${levels.length <= mostWide ? 2 : 0.8}"/>`
      : `<rect x="${edge}" y="${floor - 12}" width="${width - 2 * edge}" height="12" fill="${ink}" opacity=".75"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<path d="M${x(low)} ${floor}L${curve.join('L')}L${x(high)} ${floor}Z" fill="${shade}" opacity=".35"/>`,
    grid,
    levels.includes(0) ? `<path d="M${x(0)} ${floor}v-24" stroke="${ink}" stroke-width="3"/>` : '',
    `<path d="M${edge - 4} ${floor}H${width - edge + 4}" stroke="${shade}" stroke-width="1.5"/>`,
    '</svg>',
  ].join('');
}
