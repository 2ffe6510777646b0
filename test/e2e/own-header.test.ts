/** A header of one's own: a path, a configuration with statements, and the use of the bindings. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../generator/core.js';
import type { Ioctl, Model } from '../../generator/model/model.js';
import { contentsOf, folderOf, kvmUapi, plainEnv, projectRoot, type Run } from '../helpers/cli.js';
import { diagnosticsOf } from '../helpers/typescript-checker.js';

const header = `#include <linux/types.h>
#include <linux/ioctl.h>
#include "mydev-rules.h"

enum mydev_state { MYDEV_STATE_OFF, MYDEV_STATE_READY, MYDEV_STATE_BUSY = 10 };

#define MYDEV_F_FAST (1 << 0)
#define MYDEV_F_SAFE (1 << 1)

struct mydev_filter { __u32 nrules; __u32 flags; struct mydev_rule rules[]; };
struct mydev_info { __u32 argsz; __u32 state; enum mydev_state target; __u64 features; };
struct mydev_transfer { __u64 buffer; __u32 length; __u32 direction; };
struct mydev_table { __u32 count; struct mydev_rule *entries; };
struct mydev_nested { __u32 count; struct mydev_table *tables; };

#define MYDEV_SET_FILTER _IOW('M', 1, struct mydev_filter)
#define MYDEV_GET_INFO _IO('M', 2)
#define MYDEV_TRANSFER _IOWR('M', 3, struct mydev_transfer)
#define MYDEV_SET_TABLE _IOW('M', 4, struct mydev_table)
#define MYDEV_SET_SPEED _IO('M', 5)
#define MYDEV_RESET 0x4d06
#define MYDEV_SET_NESTED _IOW('M', 7, struct mydev_nested)
#define MYDEV_RAW 0x80044d30
#define MYDEV_SUM (0x4d00 + 9)
#define MYDEV_NAME "mydev"
`;

const statements = `
  countedBy: { 'mydev_filter.rules': 'nrules' },
  flags: { 'mydev_filter.flags': 'MYDEV_F_' },
  names: { 'mydev_info.state': 'enum mydev_state' },
  addresses: {
    'mydev_transfer.buffer': 'length',
    'mydev_table.entries': { countedBy: 'count' },
    'mydev_nested.tables': { countedBy: 'count' },
  },
  ioctls: {
    MYDEV_GET_INFO: { argument: 'struct mydev_info', direction: 'read', sizedBy: 'argsz', fd: 'control' },
    MYDEV_SET_SPEED: { argument: 'int', passes: 'value' },
    MYDEV_RESET: { argument: null },
    MYDEV_RAW: { argument: '__u32' },
    MYDEV_SUM: { argument: '__u32[4]', direction: 'write' },
  },`;

function config(rest: string): string {
  return `import { defineConfig } from 'kvm-uapi/generator';\nexport default defineConfig({ headers: ['./src/mydev.h'], ${rest} });\n`;
}

function project(rest = statements): string {
  return folderOf({
    'kvm-uapi.config.ts': config(rest),
    'src/mydev.h': header,
    'src/mydev-rules.h': 'struct mydev_rule { unsigned int mask; unsigned int value; };\n',
  });
}

const run = (folder: string, ...args: string[]): Run => kvmUapi(args, plainEnv(), folder);

const program = `import { Device, GuestMemory } from 'kvm-uapi';
import { allocate } from './generated/support/index.js';
import * as mydev from './generated/x86_64/mydev.js';

const device = Device.open('/dev/mydev', mydev);
const filter = allocate(mydev.MydevFilter, 2);
filter.rules.get(0).mask = 0xff;
filter.flags = mydev.MYDEV_F_FAST;
device.ioctl(mydev.MYDEV_SET_FILTER, filter);
const info = allocate(mydev.MydevInfo);
info.argsz = mydev.MydevInfo.$size;
device.ioctl(mydev.MYDEV_GET_INFO, info);
const state: mydev.MydevState | number = info.state;
info.target = mydev.MYDEV_STATE_BUSY;
const memory = GuestMemory.create(4096);
const transfer = allocate(mydev.MydevTransfer);
transfer.buffer = memory.address;
transfer.length = 512;
device.ioctl(mydev.MYDEV_TRANSFER, transfer, memory);
device.ioctl(mydev.MYDEV_SET_SPEED, 3);
device.ioctl(mydev.MYDEV_RESET);
export { state };
`;

describe('a header of the project', () => {
  const folder = project();
  let generated: Run;
  let model: Model;

  beforeAll(() => {
    generated = run(folder, 'generate');
    const path = 'generated/x86_64/mydev.model.json';
    model = openModel(contentsOf(folder)[path] ?? '', path);
  });

  it('generate names the modules after the files, and says what to do next', () => {
    expect(generated).toMatchObject({ status: 0, stderr: '' });
    const paths = Object.keys(contentsOf(join(folder, 'generated/x86_64')));
    expect(paths).toEqual(['mydev-rules.ts', 'mydev.model.json', 'mydev.ts']);
    expect(generated.stdout).toContain("import * as mydev from './generated/x86_64/mydev.js';");
    expect(run(folder, 'generate', '--check', '--strict').status).toBe(0);
  });

  it('the model has what the configuration states', () => {
    const ioctl = (name: string): Ioctl | undefined => model.ioctls.find((each) => each.name === name);
    expect(ioctl('MYDEV_GET_INFO')).toMatchObject({
      passes: 'pointer',
      argument: 'struct mydev_info',
      sizedBy: 'argsz',
      fds: ['control'],
      size: 0,
      override: { direction: 'read' },
    });
    expect(ioctl('MYDEV_SET_SPEED')).toMatchObject({ passes: 'value', argument: 'int' });
    expect(ioctl('MYDEV_RESET')).toMatchObject({ passes: 'nothing', request: 0x4d06, plainNumber: true });
    expect(ioctl('MYDEV_RAW')).toMatchObject({ direction: 'read', size: 4, type: 0x4d, nr: 0x30, argument: '__u32' });
    expect(ioctl('MYDEV_SUM')).toMatchObject({
      argument: '__u32[4]',
      argumentSize: 16,
      override: { direction: 'write' },
    });
    expect(Object.keys(model.stated ?? {})).toEqual(['countedBy', 'flags', 'names', 'addresses', 'ioctls']);
  });

  it('the module type-checks, and nothing can state that nested addresses are safe', () => {
    const text = contentsOf(folder)['generated/x86_64/mydev.ts'] ?? '';
    expect(text).toContain("address: { countedBy: 'length', elementSize: 1 }");
    expect(text).toContain("address: { countedBy: 'count', elementSize: 8 }");
    expect(text).toContain("address: { countedBy: 'count', elementSize: null }");
    const out = Object.entries(contentsOf(join(folder, 'generated')));
    expect(diagnosticsOf(out.map(([path, each]) => ({ path, text: each })))).toEqual([]);
  });

  it('a program uses the bindings with Device, and compiles', () => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(projectRoot, join(folder, 'node_modules/kvm-uapi'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const compile = (text: string): string => {
      writeFileSync(join(folder, 'use.ts'), text);
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--types',
        '',
        '--skipLibCheck',
      ];
      const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
      return spawnSync(process.execPath, [tsc, ...options, 'use.ts'], { cwd: folder, encoding: 'utf8' }).stdout;
    };
    expect(compile(program)).toBe('');
    expect(compile(program.replace('MYDEV_GET_INFO, info', 'MYDEV_GET_INFO, transfer'))).toMatch(/MydevTransfer/);
  });

  it('the check finds a changed header of the project, and other statements', () => {
    const other = project();
    expect(run(other, 'generate').status).toBe(0);
    writeFileSync(join(other, 'src/mydev-rules.h'), 'struct mydev_rule { unsigned int mask, value, more; };\n');
    const changed = run(other, 'generate', '--check');
    expect(changed.status).toBe(1);
    expect(changed.stdout).toMatch(/<mydev\.h> for x86_64: the headers have changed since .*; run 'generate'/);
    expect(changed.stdout).toMatch(/size +struct mydev_rule +8 → 12 bytes; more is new$/m);
    expect(run(other, 'generate').status).toBe(0);
    writeFileSync(join(other, 'kvm-uapi.config.ts'), config("countedBy: { 'mydev_filter.rules': 'flags' }"));
    const stated = run(other, 'generate', '--check');
    expect(stated.status).toBe(1);
    expect(stated.stdout).toMatch(/other statements about members and ioctls; run 'generate'/);
  });

  it('layout and omissions read the header of the configuration', () => {
    expect(run(folder, 'layout', 'mydev_table').stdout).toMatch(/^struct mydev_table \{$/m);
    expect(run(folder, 'omissions').stdout).toContain('no omissions');
    expect(run(folder, 'layout', 'mydev_info.state').stderr).toContain("write 'mydev_info'");
    expect(run(folder, 'where', 'MYDEV_RESET').stdout).toContain('x86_64: in mydev.h');
    expect(run(folder, 'layout', 'mydev_tabel').stderr).toMatch(/did you mean struct mydev_table/);
  });

  it.skipIf(spawnSync('cc', ['--version']).status !== 0)('verify compares the header of the configuration', () => {
    const { status, stdout } = run(folder, 'verify');
    expect(stdout).toMatch(/<mydev\.h> for x86_64: (\d+) of \1 assertions hold/);
    expect(status).toBe(0);
    const wrong = run(
      project("addresses: { 'mydev_table.entries': { countedBy: 'count', elementSize: 12 } }"),
      'verify',
    );
    expect(wrong.status).toBe(1);
    expect(wrong.stdout).toContain('struct mydev_table.entries: address element size: the model says 12');
  });

  it.each([
    [
      "countedBy: { 'mydev_filtr.rules': 'n' }",
      /countedBy\['mydev_filtr\.rules'\]: <mydev\.h> has no struct .*did you mean 'mydev_filter'/,
    ],
    [
      "flags: { 'mydev_filter.flag': 'X' }",
      /flags\['mydev_filter\.flag'\]: struct mydev_filter has no member 'flag'.*did you mean 'flags'/,
    ],
    [
      'ioctls: { MYDEV_REST: {} }',
      /ioctls\['MYDEV_REST'\]: <mydev\.h> has no ioctl or integer macro called 'MYDEV_REST'; did you mean 'MYDEV_RESET'/,
    ],
    [
      "ioctls: { MYDEV_RESET: { argument: 'struct mydev_inf' } }",
      /ioctls\['MYDEV_RESET'\]: .*takes a struct mydev_inf, which the header does not define/,
    ],
    ["ioctls: { MYDEV_NAME: { argument: 'int' } }", /ioctls\['MYDEV_NAME'\]: .*is not a request number/],
    [
      "ioctls: { MYDEV_GET_INFO: { argument: 'struct mydev_info', sizedBy: 'argsize' } }",
      /sizedBy: the same struct has no member 'argsize'; did you mean 'argsz'/,
    ],
  ])('generate refuses the statement %s, and names the key', (statement, message) => {
    const { status, stderr } = run(project(statement), 'generate');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: \S+\/kvm-uapi\.config\.ts: /);
    expect(stderr).toMatch(message);
  });
});
