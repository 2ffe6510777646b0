/** The code of guests for other processors equals the assembler's output for its text. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arm64 } from '../../../generator/targets/arm64.js';
import { riscv64 } from '../../../generator/targets/riscv64.js';
import type { Target } from '../../../generator/targets/target.js';
import * as arm64Guests from '../../../tools/guests/arm64.js';
import * as riscv64Guests from '../../../tools/guests/riscv64.js';
import { lackingCompilers } from '../../../tools/lib/compilers.js';
import { run } from '../../../tools/lib/programs.js';
import { inTemporaryFolder } from '../../../tools/lib/temporary-folder.js';

interface Assembled {
  readonly name: string;
  readonly code: Uint32Array;
  readonly text: string;
}

const { spin, store, loadAndTurnOff, startAnotherAndReset } = arm64Guests;
const all: readonly {
  readonly target: Target;
  readonly option: string;
  readonly guests: readonly Assembled[];
}[] = [
  { target: arm64, option: '-march=armv8-a', guests: [spin, store, loadAndTurnOff, startAnotherAndReset] },
  {
    target: riscv64,
    option: '-march=rv64imafd',
    guests: [riscv64Guests.spin, riscv64Guests.store, riscv64Guests.callAndTurnOff, riscv64Guests.breakAndReadCsr],
  },
];
const missing = new Set<string>(lackingCompilers([arm64, riscv64]).map(({ name }) => name));

for (const { target, option, guests } of all) {
  const suffix = missing.has(target.name) ? ` (there is no ${target.compiler.command[0]})` : '';
  describe.skipIf(suffix !== '')(`the guests for ${target.name}${suffix}`, () => {
    it.each(guests)("the code of '$name' equals the output of the assembler", ({ code, text }) => {
      expect(code.length).toBeGreaterThan(3);
      expect([...code]).toEqual(assembled(target.compiler.command[0], option, text));
    });
  });
}

function assembled(cc: string, option: string, text: string): number[] {
  const tool = (name: string): string => cc.replace(/gcc.*$/, name);
  return inTemporaryFolder({ 'guest.s': `${text.replaceAll('; ', '\n')}\n` }, (folder) => {
    run(tool('as'), [option, '-o', 'guest.o', 'guest.s'], { cwd: folder });
    run(tool('objcopy'), ['-O', 'binary', '-j', '.text', 'guest.o', 'guest.bin'], { cwd: folder });
    const bytes = readFileSync(join(folder, 'guest.bin'));
    return [...new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
  });
}
