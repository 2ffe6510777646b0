import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, plainEnv, type Run, temporaryFolder } from '../helpers/cli.js';
import { hasScript, inTerminal } from '../helpers/terminal.js';

const run = (folder: string, ...args: readonly string[]): Run => kvmUapi(['init', ...args], plainEnv(), folder);
const configIn = (folder: string): string => readFileSync(join(folder, 'kvm-uapi.config.ts'), 'utf8');

describe('init', () => {
  it('the defaults are kvm.h for x86_64, and generate uses the written configuration', () => {
    const folder = temporaryFolder();
    const { status, stdout } = run(folder, '--yes');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^kvm-uapi\.config\.ts: written\n/);
    expect(configIn(folder)).toBe(
      [
        "import { defineConfig } from 'kvm-uapi/generator';",
        '',
        'export default defineConfig({',
        "  headers: ['linux/kvm.h'],",
        "  targets: ['x86_64'],",
        "  out: 'generated',",
        '});',
        '',
      ].join('\n'),
    );
    expect(kvmUapi(['generate'], plainEnv(), folder).status).toBe(0);
    expect(existsSync(join(folder, 'generated/x86_64/linux/kvm.ts'))).toBe(true);
  });

  it('the options become keys of the configuration', () => {
    const folder = folderOf({ "my'dev.h": '#define A 1\n' });
    const args = [
      '--header',
      "./my'dev.h",
      '--arch',
      'arm',
      '--arch',
      's390x',
      '--out',
      'b',
      '--import-extension',
      '.ts',
    ];
    expect(run(folder, ...args, '--yes').status).toBe(0);
    expect(configIn(folder)).toContain("headers: ['./my\\'dev.h'],\n  targets: ['arm', 's390x'],\n  out: 'b',");
    expect(kvmUapi(['generate', '--json'], plainEnv(), folder).status).toBe(0);
    expect(existsSync(join(folder, 'b/s390x'))).toBe(true);
  });

  it.each(['ts', 'json'])('an existing configuration with the ending %s is not overwritten', (end) => {
    const folder = folderOf({ [`kvm-uapi.config.${end}`]: '{}' });
    const { status, stderr } = run(folder, '--yes');
    expect(status).toBe(2);
    expect(stderr).toMatch(/exists, and init does not overwrite a configuration/);
    expect(readFileSync(join(folder, `kvm-uapi.config.${end}`), 'utf8')).toBe('{}');
  });

  it.each([
    [['--header', 'linux/kmv.h'], /did you mean <linux\/kvm\.h>/],
    [['--header', './no.h'], /no\.h: not found/],
    [['--arch', 'vax'], /unknown architecture 'vax'/],
    [['--from', './nowhere'], /nowhere/],
  ])('a wrong option %j is an error, and nothing is written', (args, message) => {
    const folder = temporaryFolder();
    const { status, stderr } = run(folder, ...args, '--yes');
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
    expect(existsSync(join(folder, 'kvm-uapi.config.ts'))).toBe(false);
  });

  it('init does not ask in a pipe, and says what to add', () => {
    const { status, stderr } = run(temporaryFolder());
    expect(status).toBe(2);
    expect(stderr).toMatch(/not a terminal.*--yes/);
  });
});

describe.skipIf(!hasScript)('init on a terminal (needs the program script)', () => {
  it('a wrong answer is explained and asked again, and an empty answer is the default', () => {
    const folder = temporaryFolder();
    const input = 'vax\narm64\nlinux/kmv.h\nlinux/vhost.h, linux/kvm.h\n\n.ts\n';
    const { status, output } = inTerminal(['init'], { folder, columns: 200, input });
    expect(output).toMatch(/unknown architecture 'vax'/);
    expect(output).toMatch(/did you mean <linux\/kvm\.h>/);
    expect(status).toBe(0);
    const config = configIn(folder);
    expect(config).toContain(
      "headers: ['linux/vhost.h', 'linux/kvm.h'],\n  targets: ['arm64'],\n  out: 'generated',\n  importExtension: '.ts',",
    );
  });

  it('nothing is written if the input ends before the last answer', () => {
    const folder = temporaryFolder();
    // Control-D ends the input.
    const { status, output } = inTerminal(['init'], { folder, columns: 80, input: '\n\u0004' });
    expect(output).toMatch(/the input ended before all questions were answered/);
    expect(status).toBe(2);
    expect(existsSync(join(folder, 'kvm-uapi.config.ts'))).toBe(false);
  });
});
