/** Colours that stand out on white as on black: a picture in a hover does not know the theme. */
const ink = '#2f8fdd';
const shade = '#8a8a8a';
const [width, height, edge, floor] = [320, 44, 6, 38];
/** More ticks than this would run into one another. */
const mostTicks = 64;

/**
 * A small picture of a format's grid: its levels from the lowest to the highest, zero the tallest, under the curve that values of
 * weights (or, without a sign, of rectified activations) typically lie in.
 * @param levels absent: every whole number from `low` to `high`
 */
export function gridPicture(low: number, high: number, levels?: readonly number[]): string {
  const at = (code: number) => edge + ((code - low) / (high - low)) * (width - 2 * edge);
  const y = (value: number) => value.toFixed(1);
  const curve: string[] = [];
  for (let i = 0; i <= 40; i++) {
    const code = low + ((high - low) * i) / 40;
    // Largest values lie at about three standard deviations.
    const deviation = (3 * code) / high;
    curve.push(`${y(at(code))} ${y(floor - 32 * Math.exp((-deviation * deviation) / 2))}`);
  }
  const whole = high - low < mostTicks ? Array.from({ length: high - low + 1 }, (_, i) => low + i) : [];
  const ticks = (levels ?? whole).filter((level) => level !== 0).map((level) => `M${y(at(level))} ${floor}v-12`);
  // Levels that lie unevenly are drawn however many there are: where they run into one another they are dense.
  const thickness = ticks.length > mostTicks ? 0.6 : 2;
  const grid =
    ticks.length > 0
      ? `<path d="${[...new Set(ticks)].join('')}" stroke="${ink}" stroke-width="${thickness}"/>`
      : `<rect x="${edge}" y="${floor - 12}" width="${width - 2 * edge}" height="12" fill="${ink}" opacity=".75"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<path d="M${y(at(low))} ${floor}L${curve.join('L')}L${y(at(high))} ${floor}Z" fill="${shade}" opacity=".35"/>`,
    grid,
    `<path d="M${y(at(0))} ${floor}v-24" stroke="${ink}" stroke-width="3"/>`,
    `<path d="M${edge - 4} ${floor}H${width - edge + 4}" stroke="${shade}" stroke-width="1.5"/>`,
    '</svg>',
  ].join('');
}
