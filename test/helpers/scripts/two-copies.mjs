// Two copies of the package in one process. One thread runs their vCPUs in turn, with both mechanisms. FIRST and SECOND are the
// kick signals of the copies, or empty.

import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const load = async (root) => {
  const of = (file) => import(pathToFileURL(join(root, 'dist', file)).href);
  return {
    ...(await of('runtime/index.js')),
    ...(await of('runtime/x86_64.js')),
    ...(await of('tools/guests/index.js')),
  };
};

async function main() {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const copy = mkdtempSync(join(tmpdir(), 'copy-'));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  for (const part of ['dist', 'package.json']) cpSync(join(root, part), join(copy, part), { recursive: true });
  // With this variable both copies would use the same addon.
  delete process.env.KVM_UAPI_ADDON;
  cpSync(join(root, 'build/kvm_uapi.node'), join(copy, 'build/kvm_uapi.node'));
  const outcomes = [];
  const begin = async (of, kickSignal, mechanism) => {
    const { Kvm, realMode, places, kick } = await load(of);
    const options = { mechanism, ...(kickSignal ? { kickSignal: Number(kickSignal) } : {}) };
    const { vcpu, memory } = realMode.spin.load(Kvm.open().createVm(), options);
    const counter = memory.dataView(places.data, 4);
    return { of, vcpu, counter, kick: () => kick(vcpu.share()) };
  };
  const { FIRST, SECOND } = process.env;
  const machines = [];
  const [flag, mask] = ['immediate_exit', 'signal_mask'];
  // Each copy runs a vCPU after the other copy has changed the signals that the thread blocks.
  for (const mechanism of [flag, mask, flag]) machines.push(await begin(root, FIRST, mechanism));
  for (const [at, mechanism] of [flag, flag, mask].entries()) {
    machines.splice(2 * at + 1, 0, await begin(copy, SECOND, mechanism));
  }
  const workerData = machines.map(({ of, vcpu }) => ({ root: of, handle: vcpu.share() }));
  const worker = new Worker(new URL(import.meta.url), { workerData });
  for (const { counter, kick } of machines) {
    while (counter.getUint32(0, true) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const outcome = once(worker, 'message');
    kick();
    outcomes.push((await outcome)[0]);
  }
  const loaded = new Set(readFileSync('/proc/self/maps', 'utf8').match(/\S+\.node$/gm));
  console.log(JSON.stringify({ copies: loaded.size, outcomes }));
  process.exit();
}

async function work() {
  for (const { root, handle } of workerData) {
    const { Vcpu } = await load(root);
    const { cause } = Vcpu.attach(handle).run({ timeout: 20_000 });
    parentPort.postMessage(`interrupted by ${cause}`);
  }
}

if (isMainThread) await main();
else await work();
