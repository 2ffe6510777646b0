import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { importSet } from '../../../../generator/cli/headers.js';
import { HeaderSetError } from '../../../../generator/errors.js';
import { type Description, recordFile } from '../../../../generator/headers/sets/description.js';
import { importedSets, removeSets, userCache } from '../../../../generator/headers/sets/store.js';
import { bin, contentsOf, folderOf, temporaryFolder } from '../../../helpers/cli.js';
import { folderWith, smallSet, smallSetIn } from '../../../helpers/packages.js';

const source = folderWith(smallSetIn.multiarch);

async function refusalOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof HeaderSetError) return error.message;
    throw error;
  }
  return expect.fail('it is taken for good');
}

describe('the cache', () => {
  it("the cache is the user's folder of the XDG base directory specification", () => {
    const usual = join(homedir(), '.cache/kvm-uapi/headers');
    expect(userCache({})).toBe(usual);
    expect(userCache({ XDG_CACHE_HOME: '' })).toBe(usual);
    expect(userCache({ XDG_CACHE_HOME: '/var/tmp/c' })).toBe('/var/tmp/c/kvm-uapi/headers');
    // A relative path must be ignored.
    expect(userCache({ XDG_CACHE_HOME: 'c' })).toBe(usual);
  });

  it('the cache has an imported set until it is removed', async () => {
    const cache = join(temporaryFolder(), 'new', 'folder');
    expect(importedSets(cache)).toEqual([]);
    const first = await importSet(source, { cache, name: 'b' });
    await importSet(source, { cache, name: 'a' });
    expect(importedSets(cache)).toEqual([
      { name: 'a', set: first.set },
      { name: 'b', set: first.set },
    ]);
    expect(await refusalOf(() => removeSets(cache, ['a', 'c']))).toMatch(/c: header set not found/);
    expect(readdirSync(cache)).toEqual(['a', 'b']);
    removeSets(cache, ['b', 'b']);
    expect(readdirSync(cache)).toEqual(['a']);
    expect(await refusalOf(() => removeSets(cache, ['b']))).toBe(
      `${join(cache, 'b')}: header set not found, so no set was removed; 'headers list' lists the sets`,
    );
  });

  it('the cache saves a set once and never replaces it by a different set', async () => {
    const cache = temporaryFolder();
    expect((await importSet(source, { cache, name: 'x' })).isNew).toBe(true);
    expect((await importSet(source, { cache, name: 'x' })).isNew).toBe(false);
    const before = contentsOf(cache);
    const other = folderOf({ ...smallSet.common, ...smallSet.asm, 'linux/kvm.h': '' });
    expect(await refusalOf(() => importSet(other, { cache, name: 'x' }))).toMatch(
      /x: already contains a different set; choose another name with --name, or use 'headers remove' first$/,
    );
    expect(contentsOf(cache)).toEqual(before);
  });

  it('the order of the architectures in a record does not matter', async () => {
    const cache = temporaryFolder();
    const both = folderWith([...smallSetIn.multiarch, ['usr/include/aarch64-linux-gnu/asm/kvm.h', '']]);
    await importSet(both, { cache, name: 'x' });
    const path = join(cache, 'x', recordFile);
    const { architectures, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Description;
    const turned = Object.fromEntries(Object.entries(architectures).reverse());
    expect(Object.keys(turned).sort()).not.toEqual(Object.keys(turned));
    writeFileSync(path, JSON.stringify({ ...rest, architectures: turned }));
    expect((await importSet(both, { cache, name: 'x' })).isNew).toBe(false);
  });

  it('the cache never changes a folder that is not a set', async () => {
    const cache = folderOf({ 'mine/text': 'mine' });
    expect(await refusalOf(() => importSet(source, { cache, name: 'mine' }))).toMatch(
      /mine: already contains a different set/,
    );
    expect(await refusalOf(() => removeSets(cache, ['mine']))).toMatch(/header set not found/);
    expect(await refusalOf(() => removeSets(cache, ['../mine']))).toMatch(/is not a valid name for a header set/);
    expect(contentsOf(cache)).toEqual({ 'mine/text': 'mine' });
  });

  it('two processes can import the same set, but not different sets with one name', async () => {
    const [cache, other] = [temporaryFolder(), temporaryFolder()];
    const control = 'Package: linux-libc-dev\nVersion: 6.9.3-1\nArchitecture: amd64\n';
    const unpacked = folderWith([...smallSetIn.multiarch, ['DEBIAN/control', control]]);
    const first = await importSet(unpacked, { cache });
    const copied = await importSet(join(cache, first.name), { cache: other });
    expect(copied).toEqual(first);
    expect(contentsOf(other)).toEqual(contentsOf(cache));
    writeFileSync(join(cache, first.name, 'usr/include/linux/kvm.h'), '');
    const altered = await importSet(join(cache, first.name), { cache: other, name: 'altered' });
    expect(Object.values(altered.set.architectures).map(({ origin }) => origin)).toEqual([{ kind: 'tree' }]);
  });

  it('several imports of the same set can run at the same time', async () => {
    const cache = temporaryFolder();
    const imports = await Promise.all([1, 2, 3, 4].map(() => importSet(source, { cache, name: 'x' })));
    expect(imports.filter(({ isNew }) => isNew).length).toBe(1);
    expect(readdirSync(cache)).toEqual(['x']);
  });

  it('the error names a folder that cannot be written, and no file is left', async () => {
    const folder = folderOf({ file: '' });
    expect(await refusalOf(() => importSet(source, { cache: join(folder, 'file'), name: 'x' }))).toMatch(
      /file: is a file, so it cannot be a folder; use --cache to choose a folder .*; nothing was changed/,
    );
    expect(contentsOf(folder)).toEqual({ file: '' });
  });

  it('a cache below /proc, where no folder can be created, is an error', async () => {
    const message = /^\/proc\/sets: cannot be written \(ENOENT\); nothing was changed; use --cache to choose a folder/;
    await expect(importSet(source, { cache: '/proc/sets/of/mine', name: 'x' })).rejects.toThrow(message);
  });

  it('the error names a record that cannot be read', async () => {
    const form = '"schema":"kvm-uapi/header-set/1","kernel":"6.9.3"';
    for (const text of [
      '',
      '1',
      '{}',
      '{"schema":"kvm-uapi/header-set/0","kernel":"6.9.3","architectures":{}}',
      `{${form}}`,
      `{${form},"architectures":{"x86":{}}}`,
      `{${form},"architectures":{"x86":{"sha256":"","origin":{"kind":"package"}}}}`,
    ]) {
      const cache = folderOf({ 'x/set.json': text });
      expect(await refusalOf(() => importedSets(cache))).toMatch(
        /x\/set\.json: is not a record of the form kvm-uapi\/header-set\/1; remove its folder and import the set again/,
      );
    }
  });
});

describe('an import that is interrupted', () => {
  /** So many headers that writing them takes some time. */
  const many = folderOf({
    ...smallSet.common,
    ...smallSet.asm,
    ...Object.fromEntries(Array.from({ length: 4000 }, (_, index) => [`linux/h${index}.h`, `#define H ${index}\n`])),
  });

  /** Starts an import and ends it while it is writing. */
  async function interrupt(cache: string, signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
    const child = spawn(process.execPath, [bin, 'headers', 'import', many, '--cache', cache], { stdio: 'ignore' });
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const started = (): boolean =>
      readdirSync(cache).some((name) => name.startsWith('.') && readdirSync(join(cache, name)).length > 0);
    while (child.exitCode === null && !started()) await setTimeout(1);
    child.kill(signal);
    return (await ended)[1];
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('an import that %s interrupts leaves no files', async (signal) => {
    const cache = temporaryFolder();
    expect(await interrupt(cache, signal)).toBe(signal);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('an import that SIGKILL ends leaves no set, and the next import removes its files', async () => {
    const cache = temporaryFolder();
    expect(await interrupt(cache, 'SIGKILL')).toBe('SIGKILL');
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^\.unfinished-/)]);
    expect(importedSets(cache)).toEqual([]);
    await importSet(source, { cache, name: 'x' });
    expect(readdirSync(cache)).toEqual(['x']);
  });

  it("an import does not remove the files of another process's import", async () => {
    const cache = temporaryFolder();
    const running = `.unfinished-${process.ppid}-abc`;
    mkdirSync(join(cache, running));
    writeFileSync(join(cache, running, 'file'), '');
    await importSet(source, { cache, name: 'x' });
    expect(readdirSync(cache)).toEqual([running, 'x']);
    // Its record can already be written.
    writeFileSync(join(cache, running, 'set.json'), readFileSync(join(cache, 'x', 'set.json')));
    expect(importedSets(cache).map(({ name }) => name)).toEqual(['x']);
    expect(readFileSync(join(cache, running, 'file'), 'utf8')).toBe('');
  });
});
