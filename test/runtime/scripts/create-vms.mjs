// Makes VMs while signals arrive all the time.

import { Kvm } from '../../../dist/runtime/index.js';

const kvm = Kvm.open();
let created = 0;
for (; created < 300; created++) kvm.createVm().close();
console.log(JSON.stringify({ created }));
