/** The output with --json: one JSON document on the standard output, also for an error. */

import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, plainEnv, type Run } from '../helpers/cli.js';

const header = 'struct a { int b; long c; };\nenum e { E = 1 };\n#define A 1\n#define A_GET _IOR(7, 1, struct a)\n';
const files = { 'a.h': `#include <linux/ioctl.h>\n${header}`, 'bad.h': 'struct b {\n  struct missing m;\n};\n' };
const hasCompiler = spawnSync('cc', ['--version']).status === 0;

const run = (folder: string, line: string): Run => kvmUapi(line.split(' '), plainEnv(), folder);

function parsed({ stdout, stderr }: Run): unknown {
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('--json', () => {
  it('generate prints the files, the counts of the header and the paths that changed', () => {
    const folder = folderOf(files);
    const first = run(folder, 'generate --header ./a.h --json');
    expect(first.status).toBe(0);
    expect(parsed(first)).toMatchObject({
      schema: 'kvm-uapi/generate/1',
      out: 'generated',
      headers: [
        // The counts are those of the four lines above. A_GET is also a constant.
        {
          header: 'a.h',
          target: 'x86_64',
          module: 'x86_64/a.ts',
          structs: 1,
          unions: 0,
          fields: 2,
          enums: 1,
          ioctls: 1,
        },
      ],
      files: expect.arrayContaining(['x86_64/a.ts', 'x86_64/a.model.json']),
      changed: expect.arrayContaining(['x86_64/a.ts', 'x86_64/a.model.json']),
    });
    expect(parsed(run(folder, 'generate --header ./a.h --json'))).toMatchObject({ changed: [] });
  });

  it('generate --check prints the state of each header and exits as without --json', () => {
    const folder = folderOf(files);
    run(folder, 'generate --header ./a.h');
    const current = run(folder, 'generate --check --header ./a.h --json');
    expect(current.status).toBe(0);
    expect(parsed(current)).toMatchObject({
      schema: 'kvm-uapi/check/1',
      state: 'current',
      headers: [{ header: 'a.h', target: 'x86_64', state: 'current' }],
    });
    writeFileSync(join(folder, 'a.h'), `${files['a.h']}#define B 2\n`);
    const stale = run(folder, 'generate --check --header ./a.h --json');
    expect(stale.status).toBe(1);
    expect(parsed(stale)).toMatchObject({ state: 'stale', headers: [{ header: 'a.h', state: 'stale' }] });
  });

  it.skipIf(!hasCompiler)('verify prints the failed assertions', () => {
    const folder = folderOf({ ...files, 'other/x.h': 'struct x { long a; };\n', 'ours/x.h': 'struct x { int a; };\n' });
    const compiler = join(folder, 'compiler');
    writeFileSync(compiler, `#!/bin/sh\n[ "$1" = --version ] || set -- -I"${folder}/other" "$@"\nexec cc "$@"\n`);
    chmodSync(compiler, 0o755);
    const good = run(folder, 'verify --header ./a.h --json');
    expect(good.status).toBe(0);
    expect(parsed(good)).toMatchObject({ schema: 'kvm-uapi/verify/1', headers: [{ header: 'a.h', failures: [] }] });
    const bad = run(folder, `verify --header x.h --include ours --cc ${compiler} --json`);
    expect(bad.status).toBe(1);
    const { headers } = parsed(bad) as { headers: { held: number; total: number; failures: { item: string }[] }[] };
    expect(headers[0]?.total).toBeGreaterThan(headers[0]?.held ?? Number.NaN);
    expect(headers[0]?.failures.map(({ item }) => item).join()).toContain('struct x');
  });

  it.each([
    ['generate --header ./bad.h --json', 'UndefinedNameError', { line: 2, file: expect.stringMatching(/bad\.h$/) }],
    ['layout --header ./no.h --json', 'MissingHeaderError', expect.anything()],
    ['layout --header linux/kvm.h --json no_such', 'UsageError', null],
    ['generate --strict --json', 'UsageError', null],
    ['generate --frobnicate --json', 'UsageError', null],
    ['--json', 'UsageError', null],
    ['verify --config c.json --json', 'ConfigError', { file: expect.stringMatching(/c\.json$/), key: 'headers' }],
  ])('the error of %s is one JSON object on the standard output', (line, kind, location) => {
    const folder = folderOf({ ...files, 'c.json': '{ "headers": [] }' });
    const plain = run(folder, line.replace(/ ?--json/, ''));
    const json = run(folder, line);
    expect(json.status).toBe(2);
    expect(parsed(json)).toMatchObject({ schema: 'kvm-uapi/error/1', error: { kind, location } });
    const { error } = JSON.parse(json.stdout) as { error: { message: string } };
    if (line !== '--json') expect(plain.stderr.trimEnd()).toBe(`error: ${error.message}`);
  });
});
