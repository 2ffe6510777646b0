import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../../../generator/cli/output.js';
import { OutputError } from '../../../generator/errors.js';
import { temporaryFolder } from '../../helpers/cli.js';

const files = [
  { path: 'a/one.ts', text: '1' },
  { path: 'b/two.ts', text: '2' },
];

function errorOf(folder: string): unknown {
  try {
    writeFiles(folder, files);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('writeFiles', () => {
  it.each([
    // Node's recursive mkdir does not return for this path.
    ['/proc/x', /^\/proc\/x: cannot be written \(ENOENT\); nothing was changed; .*--out/],
    ['/proc/self/x', /cannot be written/],
    ['/sys/x', /^\/sys\/x: cannot be written \((?:EACCES|EPERM|EROFS|ENOENT)\)/],
    ['/dev/null', /^\/dev\/null: is a file/],
    ['/dev/null/x/y', /^\/dev\/null: is a file/],
    ['', /^the name of the output folder is empty/],
    [`/tmp/${'a'.repeat(300)}`, /\(ENAMETOOLONG\).*shorter/],
  ])('writeFiles refuses the folder %s', (folder, message) => {
    const error = errorOf(folder);
    expect(error).toBeInstanceOf(OutputError);
    expect((error as Error).message).toMatch(message);
  });

  it('writeFiles refuses a dangling link as a folder, and keeps the link', () => {
    const folder = temporaryFolder();
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    expect(errorOf(join(folder, 'link', 'out'))).toMatchObject({ message: expect.stringContaining('is a link') });
    expect(readdirSync(folder)).toEqual(['link']);
  });

  it('writeFiles writes through a link to a folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(writeFiles(join(folder, 'link'), files).sort()).toEqual(['a/one.ts', 'b/two.ts']);
    expect(readdirSync(join(folder, 'real')).sort()).toEqual(['a', 'b']);
  });

  it('writeFiles removes the folders that it made if a later file cannot be written', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'b'), 'a file');
    expect(errorOf(folder)).toMatchObject({ message: expect.stringContaining('is a file') });
    expect(readdirSync(folder)).toEqual(['b']);
    expect(errorOf(join(folder, 'b', 'deep', 'er'))).toBeInstanceOf(OutputError);
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });
});
