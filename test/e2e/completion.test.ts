/** The completion scripts, in the shells that they are for. The expected words are written by hand. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folderOf, kvmUapi } from '../helpers/cli.js';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const [hasBash, hasZsh, hasFish] = ['bash', 'zsh', 'fish'].map(has);

/** A folder to complete in, with the completion script of a shell. */
function folderFor(shell: string): string {
  const { status, stdout } = kvmUapi(['completion', shell]);
  expect(status).toBe(0);
  return folderOf({
    script: stdout,
    'cache/kvm-uapi/headers/trixie/record': '',
    'bindings/x.ts': '',
    'mydev.h': '',
    'notes.txt': '',
  });
}

function output(cwd: string, command: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, XDG_CACHE_HOME: join(cwd, 'cache') },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  return stdout;
}

/** The last word of each line is completed. Each result is the complete list. */
const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['kvm-uapi gen', ['generate']],
  ['kvm-uapi headers imp', ['import']],
  ['kvm-uapi headers import --na', ['--name']],
  ['kvm-uapi generate --arch s39', ['s390x']],
  ['kvm-uapi verify --arch arm', ['arm', 'arm64']],
  ['kvm-uapi generate --check --str', ['--strict']],
  ['kvm-uapi generate --import-extension .', ['.js', '.ts']],
  ['kvm-uapi generate --out bin', ['bindings/']],
  ['kvm-uapi generate --header linux/kvm_p', ['linux/kvm_para.h']],
  ['kvm-uapi generate --from tri', ['trixie']],
  ['kvm-uapi headers remove tri', ['trixie']],
  ['kvm-uapi diff tri', ['trixie']],
  ['kvm-uapi diff trixie note', ['notes.txt']],
  ['kvm-uapi headers fetch bookworm', ['bookworm', 'bookworm-backports']],
  ['kvm-uapi layout kvm_pit_conf', ['kvm_pit_config']],
  ['kvm-uapi where KVM_CREATE_PIT2', ['KVM_CREATE_PIT2']],
  ['kvm-uapi completion ', ['bash', 'fish', 'zsh']],
];

describe.skipIf(!hasBash)('bash (needs the program bash)', () => {
  const folder = hasBash ? folderFor('bash') : '';

  /** Completes as bash does: it splits the line at spaces and '=', and calls the function of the command. */
  function complete(line: string): string[] {
    const words = line.split(/ |(?==)|(?<==)/);
    const program = `source ./script; COMP_WORDS=("$@"); COMP_CWORD=$#; ((COMP_CWORD--)); _kvm_uapi; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return output(folder, 'bash', '--norc', '-c', program, 'bash', ...words)
      .split('\n')
      .filter((word) => word !== '')
      .sort();
  }

  it.each(lines)('bash completes %j', (line, words) => {
    // bash adds the slash of a folder when it shows the word.
    expect(complete(line)).toEqual(words.map((word) => word.replace(/\/$/, '')));
  });

  it('bash completes the value after an equals sign', () => {
    expect(complete('kvm-uapi generate --arch=s39')).toEqual(['s390x']);
    expect(complete('kvm-uapi generate --import-extension=')).toEqual(['.js', '.ts']);
  });

  it('bash completes a header of the own folder as a path', () => {
    expect(complete('kvm-uapi generate --header ./m')).toEqual(['./mydev.h']);
  });
});

describe.skipIf(!hasFish)('fish (needs the program fish)', () => {
  const folder = hasFish ? folderFor('fish') : '';

  it('fish completes commands, options, values, headers and folders', () => {
    const program = 'source script; for line in $argv; complete -C $line; echo "<end>"; end';
    const found = output(folder, 'fish', '--no-config', '-c', program, ...lines.map(([line]) => line));
    const completed = found
      .split('<end>\n')
      .map((part) => part.split('\n').flatMap((each) => each.split('\t')[0] || []));
    for (const [index, [line, words]] of lines.entries()) expect(completed[index]?.sort(), line).toEqual(words);
  });
});

describe.skipIf(!hasZsh)('zsh (needs the program zsh)', () => {
  const folder = hasZsh ? folderFor('zsh') : '';
  const program = fileURLToPath(new URL('../helpers/scripts/complete.zsh', import.meta.url));

  it('zsh completes commands, options, values, headers and folders', () => {
    const typed = lines.map(([line]) => line);
    const shown = output(folder, 'zsh', '-f', program, join(folder, 'script'), ...typed).split('<end>');
    for (const [index, [line, words]] of lines.entries()) {
      // zsh completes the line if there is one word. Otherwise it lists the words below the line.
      const expected = words.length === 1 ? [line.replace(/\S*$/, words[0] ?? '')] : words;
      for (const each of expected) expect(shown[index], line).toContain(each);
    }
  });
});
