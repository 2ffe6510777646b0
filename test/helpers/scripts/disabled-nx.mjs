// Disables the protection of huge pages, and prints the error.

import { Kvm } from '../../../dist/runtime/x86_64.js';

try {
  Kvm.open().createVm().enableCap('KVM_CAP_VM_DISABLE_NX_HUGE_PAGES');
  console.log('null');
} catch ({ code, message, rule }) {
  console.log(JSON.stringify({ code, message, rule }));
}
