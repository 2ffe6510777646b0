/** Runs an untrusted program at the speed of the processor, with limits for time, memory and output. */

import { readdirSync, readFileSync } from 'node:fs';
import { Kvm } from 'kvm-uapi/x86_64';
import { readOptions, wholeNumber } from './lib/command.js';
import { readElf } from './lib/elf.js';
import { type Ending, type Limits, programStart, runSandboxed } from './lib/sandbox.js';
import { programNamed, programNames } from './lib/sandbox-programs.js';

const mebibyte = 2 ** 20;
const options = readOptions(
  `Runs an untrusted program in ring 3 of a virtual machine that has nothing else.

The program is one of ${programNames.join(', ')},
or a file. A file is a static ELF program without a C library, for example:
  cc -O2 -nostdlib -static -no-pie -Wl,-Ttext-segment=0x400000 program.c -o program
Its memory begins at 0x${programStart.toString(16)}. It may call
  ((void (*)(const void *text, unsigned long length))0x200000)("hello\\n", 6);
  ((void (*)(int status))0x200010)(0);`,
  {
    program: { description: 'the name of a program, or a path', default: 'hello' },
    time: { description: 'the time limit in milliseconds', default: '10000' },
    memory: { description: 'the memory limit in MiB, an even number', default: '16' },
    repeat: { description: 'how often the program runs, each time in a new machine', default: '1' },
  },
);
const limits: Limits = {
  milliseconds: wholeNumber('time', options.time, 1),
  memoryBytes: 2 * mebibyte * Math.ceil(wholeNumber('memory', options.memory, 4) / 2),
  outputBytes: mebibyte,
};
const repeat = wholeNumber('repeat', options.repeat, 1);

/** Describes how the program has ended. */
function textOf(ending: Ending): string {
  switch (ending.reason) {
    case 'exit':
      return `the program ended with status ${ending.status}`;
    case 'time limit':
      return `ended by the time limit: ${limits.milliseconds} ms`;
    case 'memory limit':
      return `ended by the memory limit: ${limits.memoryBytes / mebibyte} MiB`;
    case 'output limit':
      return `ended by the output limit: ${limits.outputBytes / mebibyte} MiB`;
    case 'forbidden address':
      return `ended because the program used the address 0x${ending.address.toString(16)}, which is not its own`;
    case 'forbidden port':
      return `ended because the program used the port 0x${ending.port.toString(16)}`;
    case 'exception':
      return `ended by exception ${ending.vector} of the processor`;
  }
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

try {
  const program = programNamed(options.program) ?? readElf(readFileSync(options.program));
  const begin = performance.now();
  let coldStart = 0;
  using kvm = Kvm.open();
  const run = (started?: () => void): Ending =>
    runSandboxed(kvm, program, limits, (bytes) => process.stdout.write(bytes), started);
  const ending = run(() => {
    coldStart = performance.now() - begin;
  });
  console.log(textOf(ending));
  console.log(`cold start: ${coldStart.toFixed(1)} ms from nothing to the first instruction`);
  if (repeat > 1) {
    const filesBefore = openFiles();
    const endings = new Set<string>();
    for (let count = 1; count < repeat; count++) endings.add(textOf(run()));
    console.log(`${repeat} machines: ${[...endings].join('; ')}`);
    console.log(`open files after all machines: ${openFiles() - filesBefore} more than after the first one`);
  }
  process.exitCode = ending.reason === 'exit' ? ending.status : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
