/** The smallest contrast of text that WCAG 2.2 accepts (success criterion 1.4.3, level AA). */
const smallestContrast = 4.5;
/** White text on the colour, and text in the colour on white. */
const lightCard = 1;
/** Relative luminance of the dark scheme's card, #17191e. */
const darkCard = luminanceOf(linearOf('#17191e'));
/** Well above what is required: a button that glares less than white, with dark text. */
const darkSchemeContrast = 7;

/** Red, green and blue, each from 0 to 1, in proportion to its light. */
type Linear = readonly [number, number, number];

/** Whether the colour `#rrggbb` can be a button with white text, and the text of a link on white. */
export function isReadable(color: string): boolean {
  return contrastOf(luminanceOf(linearOf(color)), lightCard) >= smallestContrast;
}

/** The nearest readable colour of the same hue: no darker than necessary. */
export function nearestReadable(color: string): string {
  const linear = linearOf(color);
  const allowed = (lightCard + 0.05) / smallestContrast - 0.05;
  const factor = Math.min(1, allowed / luminanceOf(linear));
  const darker = scale(linear, factor);
  const nearest = hexOf(darker, Math.round);
  // A channel that was rounded up can miss the limit.
  return isReadable(nearest) ? nearest : hexOf(darker, Math.floor);
}

/** The same colour for the dark scheme: as bright as its hue can be, then mixed with white until it stands out. */
export function darkSchemeColor(color: string): string {
  const wanted = darkSchemeContrast * (darkCard + 0.05) - 0.05;
  const linear = linearOf(color);
  const luminance = luminanceOf(linear);
  if (luminance >= wanted) return color;
  const factor = Math.min(wanted / luminance, 1 / Math.max(...linear));
  // Black has no hue to keep.
  const bright: Linear = luminance === 0 ? [0, 0, 0] : scale(linear, factor);
  const share = (wanted - luminanceOf(bright)) / (1 - luminanceOf(bright));
  const [red, green, blue] = bright;
  const mix = (channel: number) => channel + Math.max(0, share) * (1 - channel);
  return hexOf([mix(red), mix(green), mix(blue)], Math.ceil);
}

function scale([red, green, blue]: Linear, factor: number): Linear {
  return [red * factor, green * factor, blue * factor];
}

/** The contrast ratio of two relative luminances (WCAG 2.2, "contrast ratio"): 1 to 21. */
function contrastOf(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminanceOf([red, green, blue]: Linear): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** From `#rrggbb` in sRGB (WCAG 2.2, "relative luminance"). */
function linearOf(color: string): Linear {
  const channel = (start: number) => {
    const value = Number.parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function hexOf(linear: Linear, round: (value: number) => number): string {
  const channels = linear.map((channel) => {
    const value = channel <= 0.0031308 ? channel * 12.92 : 1.055 * channel ** (1 / 2.4) - 0.055;
    return Math.min(255, round(value * 255))
      .toString(16)
      .padStart(2, '0');
  });
  return `#${channels.join('')}`;
}
