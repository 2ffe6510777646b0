/** `npm start`: bindings of this machine's kvm.h, held against its C compiler, and the head of `struct kvm_run`. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../generator/commands/generate.js';
import type { HeaderOptions } from '../generator/commands/headers.js';
import { layout } from '../generator/commands/layout.js';
import { verify } from '../generator/commands/verify.js';
import { GeneratorError } from '../generator/errors.js';

const headers: HeaderOptions = { header: ['linux/kvm.h'], arch: 'x86_64', include: [] };
const { CC } = process.env;
const headLines = 7;

async function main(): Promise<number> {
  const out = mkdtempSync(join(tmpdir(), 'kvm-uapi-'));
  try {
    console.log(`Generating bindings\n${generate({ ...headers, out })}\n`);
    const { good, report } = await verify({ ...headers, cc: CC || 'cc' });
    console.log(`Verifying against the C compiler\n${report}\n`);
    const text = layout(['kvm_run'], { ...headers, json: false, colour: false });
    console.log(`The head of struct kvm_run\n${text.split('\n').slice(0, headLines).join('\n')}`);
    return good ? 0 : 1;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof GeneratorError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
