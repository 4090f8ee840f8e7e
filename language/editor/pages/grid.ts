/** Colours that stand out on white as on black: a picture in a hover does not know the theme. */
const ink = '#2f8fdd';
const shade = '#8a8a8a';
const [width, height, edge, floor] = [320, 44, 6, 38];
/** More ticks than this would run into one another. */
const mostTicks = 64;

/**
 * A small picture of an integer format's grid: its codes from the lowest to the highest, zero the tallest, under the curve
 * that values of weights (or, without a sign, of rectified activations) typically lie in.
 */
export function gridPicture(low: number, high: number): string {
  const at = (code: number) => edge + ((code - low) / (high - low)) * (width - 2 * edge);
  const y = (value: number) => value.toFixed(1);
  const curve: string[] = [];
  for (let i = 0; i <= 40; i++) {
    const code = low + ((high - low) * i) / 40;
    // Largest values lie at about three standard deviations.
    const deviation = (3 * code) / high;
    curve.push(`${y(at(code))} ${y(floor - 32 * Math.exp((-deviation * deviation) / 2))}`);
  }
  const ticks: string[] = [];
  if (high - low < mostTicks) {
    for (let code = low; code <= high; code++) if (code !== 0) ticks.push(`M${y(at(code))} ${floor}v-12`);
  }
  const grid =
    ticks.length > 0
      ? `<path d="${ticks.join('')}" stroke="${ink}" stroke-width="2"/>`
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
