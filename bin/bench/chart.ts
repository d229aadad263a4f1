import type { Report } from './report.ts';
import { quantile } from './statistics.ts';

const width = 720;
const labelWidth = 220;
const rowHeight = 30;
const top = 34;

/**
 * A bar for each variant, init and first request end to end, as SVG; below it, its origin, as bin/README.md must state
 * it.
 */
export function drawChart({ variants, measurements: { cold }, ...origin }: Report): string {
  const bars = variants.map(({ name, description }) => ({
    label: description.replaceAll(/[*`]/g, ''),
    initMs: quantile(
      cold[name].map(({ initMs }) => initMs),
      0.5,
    ),
    totalMs: quantile(
      cold[name].map(({ totalMs }) => totalMs),
      0.5,
    ),
  }));
  const scale = (width - labelWidth - 80) / Math.max(...bars.map(({ totalMs }) => totalMs));
  const height = top + bars.length * rowHeight + 30;
  const rows = bars.map(({ label, initMs, totalMs }, row) => {
    const y = top + row * rowHeight;
    const split = labelWidth + initMs * scale;
    const end = labelWidth + totalMs * scale;
    return `  <text x="${labelWidth - 10}" y="${y + 15}" text-anchor="end">${label}</text>
  <rect x="${labelWidth}" y="${y}" width="${round(split - labelWidth)}" height="20" fill="#2b6cb0"/>
  <rect x="${round(split)}" y="${y}" width="${round(end - split)}" height="20" fill="#f6ad55"/>
  <text x="${round(end + 8)}" y="${y + 15}">${totalMs.toFixed(0)} ms</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">
  <rect width="100%" height="100%" fill="#ffffff"/>
  <text x="10" y="20">Cold start: init (blue) and first request (orange), medians of ${origin.rounds} rounds</text>
${rows.join('\n')}
  <text x="10" y="${height - 10}" font-size="11" fill="#555555">${origin.command}, ${origin.date}, Node ${origin.node}</text>
</svg>
`;
}

const round = (value: number) => value.toFixed(1);
