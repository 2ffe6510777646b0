/** The machines of `examples/`: each is run by its command, with a pipe as its terminal. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf } from '../helpers/cli.js';
import { hasKvm, needsKvm, projectRoot, watchdogMs } from '../helpers/vcpus.js';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example with this input. */
async function example(name: string, args: readonly string[] = [], input: string = ''): Promise<Ended> {
  const path = join(projectRoot, 'dist', 'examples', `${name}.js`);
  const child = spawn(process.execPath, [path, ...args], { timeout: watchdogMs, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}

describe('the machines of examples/', () => {
  it.each(['serial', 'debugger', 'sandbox'])('%s prints its help, and refuses an unknown option', async (name) => {
    const help = await example(name, ['--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Options:$/m);
    const wrong = await example(name, ['--wrong']);
    expect([wrong.status, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain("'--wrong'");
  });
});

describe.skipIf(!hasKvm)(`the serial line of examples/ ${needsKvm}`, () => {
  const greeting = 'Type something. Ctrl-A X leaves.\r\n> ';

  it('Ctrl-A X leaves, and what comes after it is not read', async () => {
    const { status, stdout, stderr } = await example('serial', [], 'Hello\r\x01xnot read');
    expect([status, stderr]).toEqual([0, '']);
    // The program leaves at once, so the guest may not have answered.
    expect(`${greeting}HELLO\r\n> `.startsWith(stdout.slice(0, -'\r\n'.length)), stdout).toBe(true);
  });

  it('the guest gets each key as an interrupt, the end of the input leaves after the guest has read all of it, and Ctrl-A Ctrl-A is one Ctrl-A for the guest', async () => {
    const { status, stdout, stderr } = await example('serial', [], `${'abc\r'.repeat(500)}\x01\x01\x01y`);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`${greeting}${'ABC\r\n> '.repeat(500)}\x01Y\r\n`);
  });
});

describe.skipIf(!hasKvm)(`the debugger of examples/ ${needsKvm}`, () => {
  const debug = async (commands: readonly string[], args: readonly string[] = []): Promise<string[]> => {
    const { status, stdout, stderr } = await example('debugger', args, `${commands.join('\n')}\n`);
    expect([status, stderr]).toEqual([0, '']);
    return stdout.trimEnd().split('\n');
  };

  it('a step shows the registers that the instruction changes', async () => {
    expect(await debug(['step 6'])).toEqual([
      '0x1000  rcx 0x0 -> 0xa',
      '0x1003  no register changed',
      '0x1006  rbx 0x0 -> 0x1',
      '0x1009  rax 0x0 -> 0x1',
      '0x100b  no register changed',
      '0x100c  rcx 0xa -> 0x9',
    ]);
  });

  // QEMU's emulation of SVM ignores the breakpoints of the processor.
  const kinds = ['step', 'hardware'].filter(
    (kind) => kind === 'step' || !/QEMU TCG/.test(readFileSync('/proc/cpuinfo', 'utf8')),
  );
  it.each(kinds)('a breakpoint stops the guest at each pass, until it is deleted: %s', async (kind) => {
    const commands = [
      'break 0x100e',
      'b 0x100c',
      'continue',
      'c',
      'd 0x100c',
      'c',
      'step',
      'memory 0x2000 2',
      'c',
      's',
    ];
    expect(await debug(commands, ['--breakpoints', kind])).toEqual([
      'stopped at 0x100c',
      'stopped at 0x100c',
      'stopped at 0x100e',
      '0x100e  no register changed',
      '0x2000  37 00',
      'the guest halted',
      'the guest has halted; quit and start again',
    ]);
  });

  it('the debugger names a wrong number, refuses a fifth breakpoint, and ends at quit', async () => {
    const breaks = [1, 2, 3, 4, 5].map((address) => `break ${address}`);
    const commands = ['step 1x', ...breaks, 'memory 0xfffff', 'quit', 'step'];
    expect(await debug(commands, ['--breakpoints', 'hardware'])).toEqual([
      '1x: expected a number, such as 0x1009',
      'the processor has four breakpoints; delete one first',
      'GuestMemory: 16 bytes at 1048575 are not all inside the 65536 bytes',
    ]);
  });

  it('the debugger runs the machine code of a file', async () => {
    const file = join(folderOf({}), 'code');
    writeFileSync(file, Uint8Array.of(0xb0, 0x7f, 0x04, 0x01, 0xf4)); // mov al, 0x7f;  add al, 1;  hlt
    expect(await debug(['s 5'], ['--file', file])).toEqual([
      '0x1000  rax 0x0 -> 0x7f',
      '0x1002  rax 0x7f -> 0x80, flags none -> adjust sign overflow',
      'the guest halted',
    ]);
  });
});

/** A static ELF program that has one segment with its headers and this code. */
function elf(code: readonly number[], address: number): Uint8Array {
  const headers = 64 + 56;
  const file = new Uint8Array(headers + code.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, ...new TextEncoder().encode('ELF'), 2, 1, 1]);
  for (const [offset, value] of [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    view.setUint16(offset, value, true);
  for (const [offset, value] of [
    [20, 1],
    [64, 1],
    [68, 5],
  ] as const)
    view.setUint32(offset, value, true);
  const segment = [address, address, file.length, file.length, 0x1000].map(BigInt);
  view.setBigUint64(24, BigInt(address + headers), true);
  view.setBigUint64(32, 64n, true);
  for (const [index, value] of segment.entries()) view.setBigUint64(64 + 16 + 8 * index, value, true);
  file.set(code, headers);
  return file;
}

describe.skipIf(!hasKvm)(`the sandbox of examples/ ${needsKvm}`, () => {
  const run = async (...args: readonly string[]): Promise<[number | null, string, string]> => {
    const { status, stdout, stderr } = await example('sandbox', args);
    return [status, stdout.replace(/cold start: \d+\.\d ms/, 'cold start: N ms'), stderr];
  };
  const coldStart = 'cold start: N ms from nothing to the first instruction\n';

  it('a program writes, computes, and ends with its status', async () => {
    expect(await run()).toEqual([0, `hello from the sandbox\nthe program ended with status 0\n${coldStart}`, '']);
    expect((await run('--program', 'count', '--time', '100000'))[1]).toContain('the program ended with status 0\n');
  });

  it.each([
    ['spin', 'by the time limit: 50 ms', ['--time', '50']],
    ['eat', 'by the memory limit: 8 MiB', ['--memory', '8']],
    ['touch', 'because the program used the address 0x500, which is not its own', []],
    ['steal', 'because the program used the address 0x500, which is not its own', []],
    ['port', 'because the program used the port 0x1f0', []],
    ['crash', 'by exception 6 of the processor', []],
  ])('the program %s is ended %s', async (program, text, args) => {
    expect(await run('--program', program, '--time', '100000', ...args)).toEqual([
      1,
      `ended ${text}\n${coldStart}`,
      '',
    ]);
  });

  it('the sandbox runs an ELF file, and refuses one that does not fit or is not a program', async () => {
    const code = [0xbf, 7, 0, 0, 0, 0xb8, 0x10, 0, 0x20, 0, 0xff, 0xd0]; // mov edi, 7;  mov eax, exit;  call rax
    const path = join(folderOf({}), 'program');
    writeFileSync(path, elf(code, 0x40_0000));
    expect(await run('--program', path)).toEqual([7, `the program ended with status 7\n${coldStart}`, '']);
    writeFileSync(path, elf(code, 0x10_0000));
    expect(await run('--program', path)).toEqual([2, '', expect.stringContaining('the program needs 0x10')]);
    writeFileSync(path, '#!/bin/sh\n');
    expect(await run('--program', path)).toEqual([2, '', expect.stringContaining('not a static program for x86-64')]);
  });

  it('programs that spin, that eat memory and that touch what is not theirs leave nothing in the process', async () => {
    // An emulated machine is slow; it has a longer watchdog.
    const repeat = String(watchdogMs > 100_000 ? 20 : 1000);
    for (const program of ['spin', 'eat', 'touch']) {
      const [, stdout] = await run('--program', program, '--time', '5', '--repeat', repeat);
      expect(stdout).toContain(`${repeat} machines: ended b`);
      expect(stdout).toContain('open files after all machines: 0 more than');
    }
  });
});

describe.skipIf(!hasKvm)(`examples/README.md ${needsKvm}`, () => {
  it('each command prints the output that the document shows', async () => {
    const document = readFileSync(join(projectRoot, 'examples', 'README.md'), 'utf8');
    const sessions = [...document.matchAll(/^```console\n([^`]*)^```$/gm)].flatMap(([, text = '']) =>
      text.split(/^\$ /m).slice(1),
    );
    expect(sessions.length).toBeGreaterThan(5);
    for (const session of sessions) {
      const [line = '', ...shown] = session.split('\n');
      const [, input = '', name = '', args = ''] =
        /^(?:printf '(.*)' \| )?node dist\/examples\/(\w+)\.js ?(.*)$/.exec(line) ?? [];
      // The default is too short for an emulated machine that is busy.
      const time = name === 'sandbox' && !args.includes('--time') ? ['--time', '100000'] : [];
      const typed = input.replaceAll('\\r', '\r').replaceAll('\\n', '\n');
      const { stdout, stderr } = await example(name, [...args.split(' ').filter(Boolean), ...time], typed);
      const plain = (text: string): string =>
        text
          .replaceAll('\r', '')
          .replace(/start: \S+ ms/, 'start: N ms')
          .trimEnd();
      expect([stderr, plain(stdout)], line).toEqual(['', plain(shown.join('\n'))]);
    }
  });
});
