// Maps a file in a copy of the package or in two, and makes the file shorter. Then it accesses the missing pages, or sends itself
// the signal of a bus error. ACTION says what to do.

import { closeSync, cpSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { ACTION, COPIES } = process.env;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'missing-pages-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function copyOfPackage() {
  const copy = join(folder, 'package');
  const parts = ['dist/runtime', 'dist/support', 'dist/generated/x86_64', 'package.json', 'build/kvm_uapi.node'];
  for (const part of parts) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  return copy;
}

// With this variable both copies would use the same addon.
if (COPIES === '2') delete process.env.KVM_UAPI_ADDON;
const roots = COPIES === '2' ? [root, copyOfPackage()] : [root];
const memories = [];
for (const [index, of] of roots.entries()) {
  const { GuestMemory } = await import(pathToFileURL(join(of, 'dist/runtime/index.js')).href);
  const path = join(folder, `${index}`);
  writeFileSync(path, Buffer.alloc(0x4000, 7));
  const file = openSync(path, 'r+');
  memories.push(GuestMemory.fromFile(file));
  closeSync(file);
  truncateSync(path, 0x1000);
}

if (ACTION === 'kill') {
  process.kill(process.pid, 'SIGBUS');
  await new Promise((done) => setTimeout(done, 10_000));
}
// The copy that has not installed the handler first.
const bytes = memories.toReversed().map((memory) => [memory.bytes(0, 1)[0], memory.bytes(0x3000, 1)[0]]);
console.log(JSON.stringify({ bytes, lost: memories.toReversed().map(({ lostPages }) => lostPages) }));
process.exit();
