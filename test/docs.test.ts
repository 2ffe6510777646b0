/** What the documents name is there, and what they show runs. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as library from '../generator/index.js';

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

describe('docs/generator.md', () => {
  const text = readFileSync(new URL('../docs/generator.md', import.meta.url), 'utf8');
  const programs = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program = '']) => program);
  const named = [...text.matchAll(/^\| (`\w.*?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(?:\w+\.)?(\w+)\b[^`]*`/g)].map(([, name = '']) => name),
  );

  it('names what the library exports, and every key of a configuration', () => {
    const exported = new Set(Object.keys(library));
    const keys = ['headers', 'targets', 'include', 'from', 'types', 'constants', 'u64', 'comments', 'out', 'model'];
    expect(named.length).toBeGreaterThan(25);
    expect(named.filter((name) => !exported.has(name) && !keys.includes(name))).toEqual([]);
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });

  it('shows the configuration of the example, and programs that run', async () => {
    const [config, disk, memory, ...more] = programs;
    expect(more).toEqual([]);
    expect(config).toBe(readFileSync(new URL('../examples/tun/kvm-uapi.config.ts', import.meta.url), 'utf8'));
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const inReadme = /^```ts\n([^`]*?installedHeaders[^`]*)^```$/m.exec(readme)?.[1];
    for (const program of [disk, memory, `${inReadme}console.log('struct loop_info64 {');`]) {
      const folder = mkdtempSync(join(tmpdir(), 'kvm-uapi-docs-'));
      // Beside the package, whose name then leads to it.
      const local = (program ?? '').replace(
        /'(kvm-uapi\/[\w/]+)'/g,
        (_, name: string) => `'${import.meta.resolve(name)}'`,
      );
      writeFileSync(join(folder, 'main.mjs'), local);
      const run = spawnSync(process.execPath, ['main.mjs'], { cwd: folder, encoding: 'utf8' });
      expect(run.stderr).toBe('');
      expect(run.stdout).toMatch(/struct loop_info64 \{|^views\.ts 0$/m);
    }
  });
});
