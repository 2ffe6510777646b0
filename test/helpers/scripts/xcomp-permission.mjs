// Requests the permission for the state component FEATURE, before the first vCPU of the process or after it. The permission is that of
// the process, so each program asks once.

import { KVM_X86_XCOMP_GUEST_SUPP } from '../../../dist/generated/x86_64/linux/kvm.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';

const feature = Number(process.env.FEATURE);
const kvm = Kvm.open();
const [supported] = new BigUint64Array(kvm.getDeviceAttr({ group: 0, attr: KVM_X86_XCOMP_GUEST_SUPP }).buffer);

function request() {
  try {
    kvm.requestXcompGuestPermission(feature);
    return null;
  } catch ({ name, code, errno, message }) {
    return { name, code, errno, message };
  }
}

const isLate = process.env.LATE === '1';
const early = isLate ? null : request();
const vm = kvm.createVm();
const vcpu = vm.createVcpu();
vcpu.setCpuid2(kvm.getSupportedCpuid());
const bytes = vcpu.getXsave2().$$view.byteLength;
const capability = vm.checkExtension('KVM_CAP_XSAVE2');
const isSupported = ((supported >> BigInt(feature)) & 1n) === 1n;
console.log(JSON.stringify({ isSupported, failure: isLate ? request() : early, bytes, capability }));
