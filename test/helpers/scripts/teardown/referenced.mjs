// The main module ends while a thread's guest still has something to print.

import { VcpuThread } from '../../../../dist/runtime/index.js';
import { Kvm } from '../../../../dist/runtime/x86_64.js';
import { realMode } from '../../../../dist/tools/guests/index.js';

const { vcpu } = realMode.print('"printed"').load(Kvm.open().createVm());
const thread = VcpuThread.start(vcpu, new URL('print.mjs', import.meta.url));
if (process.env.AGAIN) thread.unref().ref();
