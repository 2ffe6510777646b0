/** The command line in a pseudo-terminal and in a pipe, with 80 and 200 columns. */

import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi, plainEnv } from '../helpers/cli.js';
import { hasScript, inTerminal } from '../helpers/terminal.js';

const before = 'struct s { char a; char padding1[7]; int old; union { long b; char c; }; int d : 3; };\n';
const after = 'struct s { char a; char immediate_exit; char padding1[6]; int old; union { long b; char c; }; };\n';
const folder = folderOf({
  's.h': before,
  // Header sets in the form of linux-libc-dev before 6.12.
  ...setOf('before', before),
  ...setOf('after', after),
});

function setOf(name: string, text: string): Record<string, string> {
  return {
    [`${name}/usr/include/linux/version.h`]: '#define LINUX_VERSION_CODE 393216\n',
    [`${name}/usr/include/x86_64-linux-gnu/asm/types.h`]: '\n',
    [`${name}/usr/include/linux/s.h`]: text,
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours begin with this character.
const colours = /\u001b\[\d+(?:;\d+)*m/g;
const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => line.replace(colours, '').length));

const commands: readonly (readonly string[])[] = [
  ['layout', '--header', './s.h'],
  ['layout', '--header', './s.h', 's', '--map'],
  ['layout', '--header', 'linux/s.h', '--from', './before', '--compare', './after'],
];

describe.skipIf(!hasScript)('a terminal (needs the program script)', () => {
  for (const columns of [80, 200]) {
    it.each(commands)(`%s %s %s … fits into ${columns} columns and has colours`, (...args) => {
      const { status, output } = inTerminal(args, { folder, columns });
      expect(status).toBe(0);
      expect(output).toMatch(colours);
      expect(widthOf(output)).toBeLessThanOrEqual(columns);
      // Apart from colours, the text is that of a pipe with as many columns.
      const pipe = kvmUapi(args, { ...plainEnv(), COLUMNS: String(columns) }, folder);
      expect(output.replace(colours, '')).toBe(pipe.stdout);
      expect(pipe.stdout).not.toMatch(colours);
    });

    it(`each help fits into ${columns} columns`, () => {
      const { output } = inTerminal(['generate', '--help'], { folder, columns });
      const [options = ''] = output.split('Examples:');
      expect(widthOf(options)).toBeLessThanOrEqual(columns);
    });
  }

  it('NO_COLOR turns colours off', () => {
    const { output } = inTerminal(commands[0] ?? [], { folder, columns: 80, env: { NO_COLOR: '1' } });
    expect(output).not.toMatch(colours);
  });
});

describe('a pipe', () => {
  it.each(commands)('%s %s %s … has colours with FORCE_COLOR only', (...args) => {
    expect(kvmUapi(args, plainEnv(), folder).stdout).not.toMatch(colours);
    const forced = kvmUapi(args, { ...plainEnv(), FORCE_COLOR: '1' }, folder).stdout;
    expect(forced).toMatch(colours);
    expect(forced.replace(colours, '')).toBe(kvmUapi(args, plainEnv(), folder).stdout);
  });
});
