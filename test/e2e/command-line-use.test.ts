/** Wrong and unusual arguments: each error says what to do. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentsOf, folderOf, kvmUapi, plainEnv } from '../helpers/cli.js';

const config = "export default { headers: ['./a.h'], targets: ['x86_64'] };\n";
const folder = folderOf({
  'kvm-uapi.config.mjs': config,
  'a.h': 'struct a { long b; };\n',
  'tree/Kbuild': '',
  'tree/arch/x86/Kconfig': '',
  'tree/include/uapi/asm-generic/types.h': '',
  'tree/include/uapi/linux/kvm.h': '#include <linux/no-such.h>\n',
});

describe('arguments of the command line', () => {
  it.each([
    ['generate --out a --out b', /--out is given twice, as 'a' and as 'b'; remove one of them/],
    ['layout --arch i386 --arch s390x', /--arch is given twice/],
    ['verify --cc cc --cc gcc', /--cc is given twice/],
    ['generate --strict', /--strict needs --check/],
    ['generate --include nowhere', /--include nowhere: folder not found/],
    ['generate --support=', /--support is empty/],
    ['generate --import-extension mjs', /Allowed choices are \.js, \.ts/],
    ['generate --header a.h', /<a\.h> not found in .*for the file in .*, write \.\/a\.h/],
    ['generate --header ./b.h', /\/b\.h: not found; check the path/],
    ['generate --header a.c', /'a\.c' is not a header: this is a source file/],
    ['layout --header linux/kmv.h', /did you mean <linux\/kvm\.h>/],
    [
      'layout --header linux/kvm.h --include tree/include/uapi',
      /belongs to a kernel source tree.*make headers_install/,
    ],
    ['layout --config kvm-uapi.config.mjs --header x.h', /--config cannot be combined with --header/],
    ['where --in nowhere X', /nowhere has no bindings of <linux\/kvm\.h>; use --in/],
  ])('%s is an error with advice', (line, message) => {
    const { status, stderr } = kvmUapi(line.split(' '), plainEnv(), folder);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it('the help of each command has examples and exit codes, and no list of defaults or choices', () => {
    const commands = ['generate', 'layout', 'verify', 'omissions', 'where', 'completion', 'headers'];
    for (const command of [...commands, 'headers list', 'headers import', 'headers remove']) {
      const { status, stdout } = kvmUapi([...command.split(' '), '--help']);
      expect(status).toBe(0);
      expect(stdout, command).toMatch(/^Examples:\n {2}kvm-uapi \w/m);
      expect(stdout, command).toMatch(/^Exit codes:\n {2}0 {2}\w/m);
      expect(stdout, command).not.toMatch(/\((?:default|choices):/);
    }
  });

  it('the examples of the help use options that the help lists', () => {
    for (const command of ['generate', 'layout', 'verify', 'omissions', 'where', 'headers import']) {
      const [listed = '', examples = ''] = kvmUapi([...command.split(' '), '--help']).stdout.split('Examples:');
      const used = [...examples.matchAll(/^ {2}kvm-uapi .*$/gm)].flatMap(([line]) => line.match(/ --[a-z-]+/g) ?? []);
      for (const option of used) expect(listed, command).toContain(`${option} `);
    }
  });

  it('--arch may be repeated for generate, and chooses architectures also with a configuration', () => {
    const out = folderOf({ 'kvm-uapi.config.mjs': config, 'a.h': 'struct a { long b; };\n' });
    expect(kvmUapi(['generate', '--arch', 'arm', '--arch', 's390x'], plainEnv(), out).status).toBe(0);
    const paths = Object.keys(contentsOf(join(out, 'generated'))).filter((path) => path.endsWith('/a.ts'));
    expect(paths).toEqual(['arm/a.ts', 's390x/a.ts']);
    expect(kvmUapi(['layout', 'a', '--arch', 'arm'], plainEnv(), out).stdout).toMatch(/size: 4/);
  });

  it('a header in the brackets of an #include is the header', () => {
    expect(kvmUapi(['layout', 'kvm_regs', '--header', '<linux/kvm.h>']).stdout).toMatch(/^struct kvm_regs \{/);
  });
});
