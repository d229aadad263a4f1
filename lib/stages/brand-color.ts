/** The smallest contrast of text that WCAG 2.2 accepts (success criterion 1.4.3, level AA). */
const smallestContrast = 4.5;
/** White text on the colour, and text in the colour on white. */
const lightCard = 1;
/** Relative luminance of the dark scheme's card, #17191e. */
const darkCard = luminanceOf(linearOf('#17191e'));
/** Well above what is required: a button that glares less than white, with dark text. */
const darkSchemeContrast = 8;

/** Red, green and blue, each from 0 to 1 in proportion to the light it stands for. */
type Linear = readonly [number, number, number];

/** Whether the colour `#rrggbb` can be a button with white text, and the text of a link on white. */
export function isReadable(color: string): boolean {
  return contrastOf(luminanceOf(linearOf(color)), lightCard) >= smallestContrast;
}

/** The nearest colour of the same hue that can be read: no darker than it must be. */
export function nearestReadable(color: string): string {
  const linear = linearOf(color);
  const allowed = (lightCard + 0.05) / smallestContrast - 0.05;
  const factor = Math.min(1, allowed / luminanceOf(linear));
  const darker = linear.map((channel) => channel * factor) as [number, number, number];
  const nearest = hexOf(darker, Math.round);
  // A channel that was rounded up can miss the limit.
  return isReadable(nearest) ? nearest : hexOf(darker, Math.floor);
}

/** The same colour for the dark scheme: mixed with white until it stands out there. */
export function darkSchemeColor(color: string): string {
  const linear = linearOf(color);
  const luminance = luminanceOf(linear);
  const wanted = darkSchemeContrast * (darkCard + 0.05) - 0.05;
  const share = Math.max(0, (wanted - luminance) / (1 - luminance));
  const [red, green, blue] = linear.map((channel) => channel + share * (1 - channel)) as [
    number,
    number,
    number,
  ];
  return hexOf([red, green, blue], Math.ceil);
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
