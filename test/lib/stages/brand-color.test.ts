import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { darkSchemeColor, isReadable, nearestReadable } from '../../../lib/stages/brand-color.ts';

const colors = fc.stringMatching(/^#[0-9a-f]{6}$/);

/** WCAG 2.2's own formula, independent of the code. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [one, other]
    .map((color) => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
        const share = Number(`0x${color.slice(at, at + 2)}`) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    })
    .sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test.each([
  ['#000000', true],
  ['#0b4a8f', true],
  ['#767676', true],
  ['#777777', false],
  ['#ff6600', false],
  ['#ffffff', false],
])('%s is readable: %s', (color, readable) => {
  expect(isReadable(color)).toBe(readable);
});

test('a colour is readable from a contrast of 4.5:1 to white', () => {
  fc.assert(fc.property(colors, (color) => isReadable(color) === contrast(color, '#ffffff') >= 4.5));
});

test('the nearest readable colour is readable, and unchanged if it was readable already', () => {
  fc.assert(
    fc.property(colors, (color) => {
      const nearest = nearestReadable(color);
      expect(isReadable(nearest)).toBe(true);
      if (isReadable(color)) expect(nearest).toBe(color);
      else expect(contrast(nearest, '#ffffff')).toBeLessThan(4.7);
    }),
  );
});

test('the nearest readable colour keeps the hue', () => {
  expect(nearestReadable('#ff6600')).toBe('#cb4f00');
  expect(nearestReadable('#ffffff')).toBe('#767676');
});

test('the colour of the dark scheme is readable on its card', () => {
  fc.assert(fc.property(colors, (color) => contrast(darkSchemeColor(color), '#17191e') >= 6.99));
});

test.each([
  ['#9a3412', 'red'],
  ['#0b4a8f', 'blue'],
  ['#14532d', 'green'],
])('the colour of the dark scheme for %s is still %s', (color, hue) => {
  const dark = darkSchemeColor(color);
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number(`0x${dark.slice(at, at + 2)}`));
  const strongest = { red, green, blue }[hue] ?? 0;
  for (const other of [red, green, blue].filter((value) => value !== strongest)) {
    expect(strongest - other).toBeGreaterThan(70);
  }
});
