// The main module ends while a thread's guest still has something to print.

import { realMode } from '../../../../dist/guests/index.js';
import { Kvm, VcpuThread } from '../../../../dist/runtime/index.js';

const { vcpu } = realMode.print('"printed"').load(Kvm.open().createVm());
const thread = VcpuThread.start(vcpu, new URL('print.mjs', import.meta.url));
if (process.env.AGAIN) thread.unref().ref();
