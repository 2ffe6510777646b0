/** Configuration files: how they are found, loaded and checked. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, checkConfig } from '../../../generator/config/config.js';
import { findConfig, loadConfig } from '../../../generator/config/load.js';
import { configNames } from '../../../generator/config/names.js';
import { ConfigError, UsageError } from '../../../generator/errors.js';
import { targetNames } from '../../../generator/targets/targets.js';
import { folderOf, temporaryFolder } from '../../helpers/cli.js';

const headers = ['linux/if_tun.h'];

describe('checkConfig', () => {
  it('checkConfig fills in missing keys', () => {
    expect(checkConfig({ headers }, '/project/kvm-uapi.config.ts')).toEqual({
      file: '/project/kvm-uapi.config.ts',
      headers,
      targets: ['x86_64'],
      include: [],
      from: undefined,
      define: {},
      selection: {},
      u64: 'bigint',
      comments: false,
      out: '/project/generated',
      support: undefined,
      importExtension: '.js',
      statements: {},
    });
  });

  it('checkConfig accepts every key, and folders relative to the file', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'include'));
    const config: Config = {
      headers: [...headers, ...headers],
      targets: ['arm64', 's390x'],
      include: ['include'],
      from: './set',
      define: { FUSE_USE_VERSION: 35, X: 'y' },
      types: ['ifreq', /^tun_/],
      constants: ['/^IFF_/i'],
      u64: 'number',
      comments: true,
      out: '../out',
      support: '../support',
      importExtension: '.ts',
      countedBy: { 'mydev_filter.rules': 'nrules' },
      addresses: { 'mydev_io.buffer': 'length', 'mydev_io.rules': { countedBy: 'n', elementSize: 8 } },
      ioctls: { MYDEV_GET: { argument: 'struct mydev_info', direction: 'read', fd: 'control' } },
    };
    expect(checkConfig(config, join(folder, 'kvm-uapi.config.ts'))).toEqual({
      file: join(folder, 'kvm-uapi.config.ts'),
      headers,
      targets: ['arm64', 's390x'],
      include: [join(folder, 'include')],
      from: join(folder, 'set'),
      define: { FUSE_USE_VERSION: '35', X: 'y' },
      selection: { types: config.types, constants: config.constants },
      u64: 'number',
      comments: true,
      out: join(folder, '..', 'out'),
      support: '../support',
      importExtension: '.ts',
      statements: {
        countedBy: config.countedBy,
        addresses: config.addresses,
        ioctls: { MYDEV_GET: { argument: 'struct mydev_info', direction: 'read', passes: undefined, fd: ['control'] } },
      },
    });
    expect(checkConfig({ headers, from: 'a-set' }, '/x').from).toBe('a-set');
  });

  it('checkConfig accepts every target, and TypeScript rejects other names', () => {
    expect(checkConfig({ headers, targets: targetNames }, '/x').targets).toEqual(targetNames);
    // @ts-expect-error: a union of names, not any string.
    const config: Config = { headers, targets: ['vax'] };
    expect(() => checkConfig(config, '/x')).toThrow(/"vax"; must be one of arm, arm64, /);
  });

  it.each<[value: unknown, key: string | null, message: RegExp]>([
    [undefined, null, /^\/c\.ts: the default export must be a configuration/],
    [[], null, /must be a configuration/],
    [{}, 'headers', /headers: is missing or empty; give at least one/],
    [{ headers: [] }, 'headers', /is missing or empty/],
    [{ headers: 'linux/kvm.h' }, 'headers', /is "linux\/kvm\.h"; must be a list/],
    [{ headers: ['<linux/kvm.h'] }, 'headers[0]', /spelled as in an #include/],
    [{ headers: ['linux/kvm.h', './mydev.c'] }, 'headers[1]', /this is a source file, not a header/],
    [{ headers: [1] }, 'headers[0]', /is 1; must be a header, spelled as in an #include/],
    [{ headers, importExtension: '.mjs' }, 'importExtension', /is ".mjs"; must be '.js' or '.ts'/],
    [{ headers, header: [] }, 'header', /unknown key; expected one of headers, targets, /],
    [{ headers, targets: ['vax'] }, 'targets[0]', /is "vax"; must be one of arm, /],
    [{ headers, targets: [] }, 'targets', /is empty; give at least one architecture/],
    [
      { headers, include: ['nowhere'] },
      'include[0]',
      /folder .*\/nowhere not found; a folder is relative to this file/,
    ],
    [{ headers, include: [1] }, 'include[0]', /is 1; must be a folder/],
    [{ headers, from: '' }, 'from', /is ""; must be the name of an imported header set or a folder/],
    [{ headers, types: 'ifreq' }, 'types', /must be a list in which each element is a name or a regular expression/],
    [{ headers, types: ['a', null] }, 'types[1]', /is null; must be a name or a regular expression/],
    [{ headers, constants: ['/('] }, 'constants[0]', /is not a regular expression: .*a name must not contain '\/'/],
    [{ headers, constants: ['/(/'] }, 'constants[0]', /is not a regular expression/],
    [{ headers, u64: 'string' }, 'u64', /is "string"; must be 'bigint' or 'number'/],
    [{ headers, comments: 'yes' }, 'comments', /must be true or false/],
    [{ headers, countedBy: ['rules'] }, 'countedBy', /must be an object such as/],
    [{ headers, countedBy: { 'a.b': 1 } }, "countedBy['a.b']", /is 1; must be the name of a member of the same struct/],
    [{ headers, flags: { 'a.b': '' } }, "flags['a.b']", /must be the prefix of the flags/],
    [{ headers, addresses: { 'a.b': 0 } }, "addresses['a.b']", /is 0; must be a number of bytes/],
    [
      { headers, addresses: { 'a.b': { count: 'n' } } },
      "addresses['a.b'].count",
      /unknown key; expected one of countedBy/,
    ],
    [{ headers, addresses: { 'a.b': {} } }, "addresses['a.b'].countedBy", /must be the name of a member/],
    [{ headers, ioctls: { X: 'struct s' } }, "ioctls['X']", /must be an object such as/],
    [
      { headers, ioctls: { X: { arguments: 'int' } } },
      "ioctls['X'].arguments",
      /unknown key; expected one of argument, /,
    ],
    [
      { headers, ioctls: { X: { direction: 'in' } } },
      "ioctls['X'].direction",
      /"in"; must be one of none, read, write/,
    ],
    [{ headers, ioctls: { X: { passes: 'value' } } }, "ioctls['X']", /passes: 'value' without an argument/],
    [{ headers, ioctls: { X: { argument: 'int', passes: 'nothing' } } }, "ioctls['X']", /remove one of them/],
    [{ headers, ioctls: { X: { fd: [] } } }, "ioctls['X'].fd", /must be a name for a kind of file descriptor/],
    [{ headers, out: 1 }, 'out', /is 1; must be a folder/],
  ])('checkConfig refuses %o', (value, key, message) => {
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

  it('loadConfig loads TypeScript, even if the package is not installed', async () => {
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
  ])('findConfig finds %s, and loadConfig loads it', async (name, text) => {
    const folder = folderOf({ [name]: text });
    expect(configNames).toContain(name);
    expect(findConfig(folder)).toBe(join(folder, name));
    expect(await loadConfig(join(folder, name))).toMatchObject({ headers });
  });

  it.each([
    ['missing.ts', {}, /missing\.ts: not found; check the path/],
    ['bad.ts', { 'bad.ts': 'export default {' }, /bad\.ts: cannot be loaded: /],
    ['throws.ts', { 'throws.ts': "throw new Error('no');\n" }, /throws\.ts: cannot be loaded: no/],
    ['bad.json', { 'bad.json': '{' }, /bad\.json: is not valid JSON: /],
    ['none.ts', { 'none.ts': 'export const config = {};\n' }, /none\.ts: the default export must be a configuration/],
  ])('loadConfig explains the error in %s', async (name, files, message) => {
    const load = loadConfig(join(folderOf(files), name));
    await expect(load).rejects.toThrow(ConfigError);
    await expect(load).rejects.toThrow(message);
  });

  it('findConfig finds none in an empty folder, and refuses two', () => {
    expect(findConfig(temporaryFolder())).toBeUndefined();
    const folder = folderOf({ 'kvm-uapi.config.ts': '', 'kvm-uapi.config.json': '{}' });
    expect(() => findConfig(folder)).toThrow(UsageError);
    expect(() => findConfig(folder)).toThrow(/keep one of them, or name one with --config/);
  });
});
