// Closes memory while native code of Node reads and writes it in other threads. ACTION 'kill' then sends this process the signal of a
// wrong access.

import { randomFill } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate, inflateSync } from 'node:zlib';
import { GuestMemory } from '../../../dist/runtime/index.js';

const MiB = 2 ** 20;

/** Starts an operation on all bytes of new memory, and closes the memory in between. */
async function during(size, start) {
  const memory = GuestMemory.create(size);
  const { address } = memory;
  const done = start(memory.bytes(0, size));
  await new Promise((next) => setImmediate(next));
  memory.close();
  globalThis.gc();
  // What is mapped next must not get the addresses.
  const others = Array.from({ length: 8 }, () => GuestMemory.create(size));
  const reused = others.some((other) => other.address === address);
  const result = await done;
  for (const other of others) other.close();
  return { reused, result };
}

const filled = await during(64 * MiB, (bytes) => promisify(randomFill)(bytes).then(() => 'filled'));
// The output fits into one chunk, because Node cannot continue with a detached buffer.
const deflated = await during(8 * MiB, (bytes) =>
  promisify(deflate)(bytes).then((output) => inflateSync(output).length),
);

/** A module of WebAssembly whose function reads beyond the end of its memory. V8 finds that by a signal, too. */
const outside = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00,
  0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, 0x0a, 0x0b, 0x01, 0x09, 0x00, 0x41, 0x80,
  0x80, 0x04, 0x28, 0x02, 0x00, 0x0b,
]);
let trap = '';
try {
  new WebAssembly.Instance(new WebAssembly.Module(outside)).exports.f();
} catch (error) {
  trap = `${error.name}: ${error.message}`;
}
if (process.env.ACTION === 'kill') {
  process.kill(process.pid, 'SIGSEGV');
  await new Promise((done) => setTimeout(done, 10_000));
}
console.log(JSON.stringify({ filled, deflated, trap }));
