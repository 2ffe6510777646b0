// A program throws, and nothing waits for its thread.

import { VcpuThread } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';

const { vcpu } = realMode.outForEver.load(Kvm.open().createVm());
const thread = VcpuThread.start(vcpu, new URL('../programs/throw.mjs', import.meta.url), { data: { where: 'onExit' } });
thread.resume();
// Without the failure the process would not end.
setInterval(() => {}, 1000);
