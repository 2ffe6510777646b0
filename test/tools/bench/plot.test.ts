/** The images of `npm run bench -- --plots`. */

import { describe, expect, it } from 'vitest';
import { plot } from '../../../tools/bench/plot.js';

const points = [
  { size: 10, milliseconds: 5 },
  { size: 20, milliseconds: 20 },
];

describe('the plot of a curve', () => {
  it('puts the largest size and the longest time at the corner of the axes', () => {
    const svg = plot({ title: 'headers', unit: 'headers', points });
    // The axes are from 56 to 424 and from 264 to 56. Half of the size is in the middle, a quarter of the time at a quarter.
    expect(svg).toContain('<polyline points="240.0,212.0 424.0,56.0"');
  });

  it('shows growth that is proportional to the size as a line through the first point', () => {
    const svg = plot({ title: 'headers', unit: 'headers', points });
    expect(svg).toContain('<line x1="56.0" y1="264.0" x2="424.0" y2="160.0"');
  });

  it('escapes the characters that mean something in XML', () => {
    expect(plot({ title: 'a < b & c', unit: 'x > y', points })).toMatch(/a &lt; b &amp; c[\s\S]*x &gt; y/);
  });
});
