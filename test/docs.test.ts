/** Every test that a table of the documents names is there. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const document = readFileSync(new URL('../docs/race-free-exit.md', import.meta.url), 'utf8');
const folder = new URL('runtime/', import.meta.url);
const sources = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => [name.replace('.test.ts', ''), readFileSync(new URL(name, folder), 'utf8')]),
);

/** The rows of the table under a heading. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = document.split(`${heading}\n`);
  const [body = ''] = section.split(/^#/m);
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/race-free-exit.md', () => {
  const named = ['## What is said, and the test that shows it', '### Hazards of doing this inside Node'].flatMap(
    rowsUnder,
  );

  it('has its tables', () => {
    expect(named.length).toBeGreaterThan(60);
  });

  it.each(named)('%s', (_, test = '') => {
    const [, file = '', , title = ''] = /^([\w.]+): (`+)(.+)\2$/.exec(test) ?? [];
    expect(title).not.toBe('');
    // A title as a string of its own, in whichever quotes.
    const isThere = ["'", '"', '`'].some((quote) => sources.get(file)?.includes(`${quote}${title}${quote}`));
    expect(isThere, file).toBe(true);
  });

  it('tells of every step that can be left out, and of no other', () => {
    const steps = rowsUnder('## What each step is there for').map(([step = '']) => step.replaceAll('`', ''));
    const tested = [...(sources.get('72.steps') ?? '').matchAll(/\bstep: '(\w+)'/g)].map(([, step]) => step);
    expect(steps.length).toBeGreaterThan(10);
    expect(steps).toEqual(tested);
  });
});
