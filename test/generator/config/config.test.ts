/** Configuration files: how they are found, loaded and checked. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, checkConfig } from '../../../generator/config/config.js';
import { configNames, findConfig, loadConfig } from '../../../generator/config/load.js';
import { ConfigError, UsageError } from '../../../generator/errors.js';
import { targetNames } from '../../../generator/targets/targets.js';
import { folderOf, temporaryFolder } from '../../helpers/cli.js';

const headers = ['linux/if_tun.h'];

describe('checkConfig', () => {
  it('fills in what is left away', () => {
    expect(checkConfig({ headers }, '/project/kvm-uapi.config.ts')).toEqual({
      file: '/project/kvm-uapi.config.ts',
      headers,
      targets: ['x86_64'],
      include: [],
      from: undefined,
      selection: {},
      u64: 'bigint',
      comments: false,
      out: '/project/generated',
    });
  });

  it('takes everything, and folders from where the file is', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'include'));
    const config: Config = {
      headers: [...headers, ...headers],
      targets: ['arm64', 's390x'],
      include: ['include'],
      from: './set',
      types: ['ifreq', /^tun_/],
      constants: ['/^IFF_/i'],
      u64: 'number',
      comments: true,
      out: '../out',
    };
    expect(checkConfig(config, join(folder, 'kvm-uapi.config.ts'))).toEqual({
      file: join(folder, 'kvm-uapi.config.ts'),
      headers,
      targets: ['arm64', 's390x'],
      include: [join(folder, 'include')],
      from: join(folder, 'set'),
      selection: { types: config.types, constants: config.constants },
      u64: 'number',
      comments: true,
      out: join(folder, '..', 'out'),
    });
    expect(checkConfig({ headers, from: 'a-set' }, '/x').from).toBe('a-set');
  });

  it('takes every target, and the compiler takes no other', () => {
    expect(checkConfig({ headers, targets: targetNames }, '/x').targets).toEqual(targetNames);
    // @ts-expect-error: a union of names, not any string.
    const config: Config = { headers, targets: ['vax'] };
    expect(() => checkConfig(config, '/x')).toThrow(/"vax"; must be one of arm, arm64, /);
  });

  it.each<[value: unknown, key: string | null, message: RegExp]>([
    [undefined, null, /^\/c\.ts: has no configuration as its default export/],
    [[], null, /has no configuration/],
    [{}, 'headers', /headers: is missing or empty; name at least one/],
    [{ headers: [] }, 'headers', /is missing or empty/],
    [{ headers: 'linux/kvm.h' }, 'headers', /is "linux\/kvm\.h"; must be a list/],
    [{ headers: ['<linux/kvm.h>'] }, 'headers[0]', /as an #include spells it/],
    [{ headers: ['linux/kvm.h', '/usr/include/linux/kvm.h'] }, 'headers[1]', /as an #include spells it/],
    [{ headers, header: [] }, 'header', /unknown key; expected one of headers, targets, /],
    [{ headers, targets: ['vax'] }, 'targets[0]', /is "vax"; must be one of arm, /],
    [{ headers, targets: [] }, 'targets', /is empty; name an architecture/],
    [{ headers, include: ['nowhere'] }, 'include[0]', /\/nowhere is no folder; folders are relative to this file/],
    [{ headers, include: [1] }, 'include[0]', /is 1; must be a folder/],
    [{ headers, from: '' }, 'from', /is ""; must be the name of an imported header set, or a folder/],
    [{ headers, types: 'ifreq' }, 'types', /must be a list, each of it a name or a regular expression/],
    [{ headers, types: ['a', null] }, 'types[1]', /is null; must be a name or a regular expression/],
    [{ headers, constants: ['/('] }, 'constants[0]', /is no regular expression: .*names have no '\/'/],
    [{ headers, constants: ['/(/'] }, 'constants[0]', /is no regular expression/],
    [{ headers, u64: 'string' }, 'u64', /is "string"; must be 'bigint' or 'number'/],
    [{ headers, comments: 'yes' }, 'comments', /must be true or false/],
    [{ headers, out: 1 }, 'out', /is 1; must be a folder/],
  ])('refuses %o', (value, key, message) => {
    const check = (): unknown => checkConfig(value, '/c.ts');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ file: '/c.ts', key }));
  });
});

describe('loadConfig', () => {
  const typed = `
import { defineConfig, type Config } from 'kvm-uapi/generator';
import { name } from './name.ts';
const config = { headers: [name], types: [/^tun/] } satisfies Config;
export default defineConfig(config);
`;

  it('loads TypeScript, also where the package is not installed', async () => {
    const folder = folderOf({
      'kvm-uapi.config.ts': typed,
      'name.ts': "export const name: string = 'linux/if_tun.h';\n",
    });
    const config = await loadConfig(join(folder, 'kvm-uapi.config.ts'));
    expect(config).toMatchObject({ headers, selection: { types: [/^tun/] }, out: join(folder, 'generated') });
  });

  it.each([
    ['kvm-uapi.config.mts', "export default { headers: ['linux/if_tun.h'] as const };\n"],
    ['kvm-uapi.config.js', "export default { headers: ['linux/if_tun.h'] };\n"],
    ['kvm-uapi.config.mjs', "export default { headers: ['linux/if_tun.h'] };\n"],
    ['kvm-uapi.config.json', '{ "headers": ["linux/if_tun.h"] }'],
  ])('loads %s, which it also finds', async (name, text) => {
    const folder = folderOf({ [name]: text });
    expect(configNames).toContain(name);
    expect(findConfig(folder)).toBe(join(folder, name));
    expect(await loadConfig(join(folder, name))).toMatchObject({ headers });
  });

  it.each([
    ['missing.ts', {}, /missing\.ts: not found/],
    ['bad.ts', { 'bad.ts': 'export default {' }, /bad\.ts: cannot be loaded: /],
    ['throws.ts', { 'throws.ts': "throw new Error('no');\n" }, /throws\.ts: cannot be loaded: no/],
    ['bad.json', { 'bad.json': '{' }, /bad\.json: is no JSON: /],
    ['none.ts', { 'none.ts': 'export const config = {};\n' }, /none\.ts: has no configuration as its default export/],
  ])('says what is wrong with %s', async (name, files, message) => {
    const load = loadConfig(join(folderOf(files), name));
    await expect(load).rejects.toThrow(ConfigError);
    await expect(load).rejects.toThrow(message);
  });

  it('finds none, and refuses to choose between two', () => {
    expect(findConfig(temporaryFolder())).toBeUndefined();
    const folder = folderOf({ 'kvm-uapi.config.ts': '', 'kvm-uapi.config.json': '{}' });
    expect(() => findConfig(folder)).toThrow(UsageError);
    expect(() => findConfig(folder)).toThrow(/keep one, or name one with --config/);
  });
});
