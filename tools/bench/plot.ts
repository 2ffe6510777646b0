/** Draws curves of growth as SVG. */

/** Times by the size of the input. */
export interface Curve {
  readonly title: string;
  /** What the sizes count. */
  readonly unit: string;
  readonly points: readonly { readonly size: number; readonly milliseconds: number }[];
}

const [width, height, margin] = [480, 320, 56];

/** Returns an SVG image of a curve, with a dashed line for growth that is proportional to the size. */
export function plot({ title, unit, points }: Curve): string {
  const widest = Math.max(...points.map(({ size }) => size));
  const first = points[0];
  const proportional = first === undefined ? 0 : (first.milliseconds / first.size) * widest;
  const longest = Math.max(proportional, ...points.map(({ milliseconds }) => milliseconds));
  const x = (size: number): string => (margin + (size / widest) * (width - 2 * margin)).toFixed(1);
  const y = (milliseconds: number): string =>
    (height - margin - (milliseconds / longest) * (height - 2 * margin)).toFixed(1);
  const dots = points
    .map(({ size, milliseconds }) => `<circle cx="${x(size)}" cy="${y(milliseconds)}" r="4" fill="#1f6feb"/>\n`)
    .join('');
  const labels = points
    .map(
      ({ size }) =>
        `<text x="${x(size)}" y="${height - margin + 18}" text-anchor="middle" fill="#57606a">${size}</text>\n`,
    )
    .join('');
  const line = points.map(({ size, milliseconds }) => `${x(size)},${y(milliseconds)}`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${width / 2}" y="24" text-anchor="middle" font-size="14">${escaped(title)}</text>
<path d="M${margin} ${margin}V${height - margin}H${width - margin}" fill="none" stroke="#57606a"/>
<line x1="${x(0)}" y1="${y(0)}" x2="${x(widest)}" y2="${y(proportional)}" stroke="#8c959f" stroke-dasharray="4 4"/>
<polyline points="${line}" fill="none" stroke="#1f6feb" stroke-width="2"/>
${dots}${labels}<text x="${margin - 8}" y="${y(longest)}" text-anchor="end" fill="#57606a">${longest.toFixed(0)} ms</text>
<text x="${width / 2}" y="${height - 12}" text-anchor="middle" fill="#57606a">${escaped(unit)}</text>
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
