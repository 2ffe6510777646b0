/** What V8 made of the command line is kept beside it, and is no more than a shorter way to the same. */

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { contentsOf, projectRoot, type Run, runProgram, temporaryFolder } from '../helpers/cli.js';

const folder = temporaryFolder();
const bin = join(folder, 'dist', 'bin');

const run = (...args: string[]): Run => runProgram(join(bin, 'kvm-uapi.cjs'), args);

/** The output of `generate`, which has to be good. */
function generated(name: string): Record<string, string> {
  const out = join(folder, name);
  expect(run('generate', '--out', out)).toMatchObject({ status: 0, stderr: '' });
  return contentsOf(out);
}

const keptNames = (): string[] => readdirSync(bin).filter((name) => name.includes('.cache'));

/** The path of what is kept; its inode tells whether it has been written again. */
function kept(): { readonly path: string; readonly inode: number } {
  const [name, ...others] = keptNames();
  if (name === undefined || others.length > 0) throw new Error(`one file is expected, there are: ${keptNames()}`);
  const path = join(bin, name);
  return { path, inode: statSync(path).ino };
}

describe('compiled code', () => {
  let output: Record<string, string>;

  beforeAll(() => {
    // What a package has, as far as the command line looks for it.
    for (const name of ['package.json', 'support', 'generated', 'node_modules']) {
      symlinkSync(join(projectRoot, name), join(folder, name));
    }
    cpSync(join(projectRoot, 'dist', 'bin'), bin, { recursive: true, filter: (path) => !path.endsWith('.cache') });
    expect(run('where', 'KVM_RUN').status).toBe(0);
    expect(run('generate', '--help').status).toBe(0);
    expect(keptNames()).toEqual([]);
    output = generated('first');
    expect(Object.keys(output).length).toBeGreaterThan(3);
  });

  it('is kept by the first run of generate, and taken by the next', () => {
    const { inode } = kept();
    expect(generated('second')).toEqual(output);
    expect(kept().inode).toBe(inode);
  });

  it('is one with what a command loads later', () => {
    const { status, stdout, stderr } = run('generate', '--check', '--out', join(folder, 'first'));
    expect({ status, stderr, lines: stdout.split('\n').length }).toEqual({ status: 0, stderr: '', lines: 2 });
  });

  it.each([
    ['its head', 24],
    ['its middle', 100_000],
    ['its end', -1],
  ])('that is broken at %s is made anew', (_, at) => {
    const { path, inode } = kept();
    const bytes = readFileSync(path);
    const place = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 0x55, place);
    writeFileSync(path, bytes);
    expect(generated(`broken-${at}`)).toEqual(output);
    expect(kept().inode).not.toBe(inode);
  });

  it('that is cut off is made anew', () => {
    const { path, inode } = kept();
    writeFileSync(path, readFileSync(path).subarray(0, 10));
    expect(generated('cut')).toEqual(output);
    expect(kept().inode).not.toBe(inode);
  });

  it('of another text of the same length is not taken', () => {
    const text = join(bin, 'command-line.cjs');
    const before = readFileSync(text, 'latin1');
    writeFileSync(text, before.replaceAll('Typed, zero-copy', 'Typed, ZERO-copy'), 'latin1');
    expect(run('--help').stdout).toContain('Typed, ZERO-copy');
    writeFileSync(text, before, 'latin1');
    expect(run('--help').stdout).toContain('Typed, zero-copy');
  });

  it('that cannot be kept is done without', () => {
    const { path } = kept();
    rmSync(path);
    mkdirSync(join(path, 'taken'), { recursive: true });
    expect(generated('without')).toEqual(output);
    expect(keptNames()).toHaveLength(1);
  });
});
