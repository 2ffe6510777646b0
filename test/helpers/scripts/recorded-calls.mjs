/** Makes the calls of `recorded/calls.ts` by the methods of the library, and prints what `recorded/programs.ts` prints. */

import { readFileSync } from 'node:fs';
import * as kvm from '../../../dist/generated/x86_64/linux/kvm.js';
import { EventFd, GuestMemory, KvmFirmwareError } from '../../../dist/runtime/index.js';
import { Kvm } from '../../../dist/runtime/x86_64.js';

const calls = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// The recorder answers these ioctls. The kernel does not have to have them.
const bindings = {
  ...kvm,
  KVM_CAP_XEN_HVM: kvm.KVM_CAP_USER_MEMORY,
  KVM_CAP_HYPERV_EVENTFD: kvm.KVM_CAP_USER_MEMORY,
};
const vm = Kvm.open({ bindings }).createVm();
const objects = { vm, vcpu: vm.createVcpu() };
const hex = (name, bytes) => console.log(`  ${name} ${Buffer.from(bytes).toString('hex')}`);

const types = new Map(Object.entries(kvm));

const className = (tag) => tag.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());

/** Sets a member by its path, as `cpuid.entries[0].eax`. */
function set(view, path, value) {
  const names = path.split('.');
  let at = view;
  for (const [index, name] of names.entries()) {
    const [, member, element] = /^(\w+)(?:\[(\d+)\])?$/.exec(name);
    const isLast = index === names.length - 1;
    const write = (old, store) => store(typeof old === 'bigint' ? BigInt(value) : value);
    if (isLast && element === undefined) write(at[member], (of) => (at[member] = of));
    else if (isLast) write(at[member].get(Number(element)), (of) => at[member].set(Number(element), of));
    else at = element === undefined ? at[member] : at[member].get(Number(element));
  }
}

function structOf({ struct, leaves = 0, values = {} }) {
  if (struct === undefined) return undefined;
  const type = types.get(className(struct));
  const view = new type(new DataView(new ArrayBuffer(type.$size + leaves * kvm.KvmCpuidEntry2.$size)));
  for (const [member, value] of Object.entries(values)) set(view, member, value);
  return view;
}

/** The bytes of each piece of data, as a Uint8Array or in a guest memory that has other bytes around them. */
function dataOf({ data = [] }, call) {
  return data.map(({ at, length, guest }, index) => {
    const bytes = Uint8Array.from({ length }, (_, byte) => call * 31 + index * 7 + byte * 3);
    if (!guest) return { at, given: bytes, now: () => bytes };
    const memory = GuestMemory.create(0x8000);
    memory.bytes(0, 0x8000).fill(0xee);
    memory.write(0x1000, bytes);
    const now = () => memory.bytes(0x1000, length);
    return { at, given: { memory, offset: 0x1000, length }, now };
  });
}

function parametersOf(call, struct, data) {
  const { memory, offset, length } = data[0]?.given ?? {};
  const values = call.values ?? {};
  switch (call.ioctl) {
    case 'KVM_MEMORY_ENCRYPT_OP': {
      const parts = Object.fromEntries(data.map(({ at, given }) => [at, given]));
      const argument = struct ?? call.value;
      return [
        call.command,
        {
          ...(call.command.startsWith('KVM_SEV_') ? { sevFd: call.sevFile } : {}),
          ...(call.flags === undefined ? {} : { flags: call.flags }),
          ...(argument === undefined ? {} : { argument }),
          ...(data.length === 0 ? {} : { memory: parts }),
        },
      ];
    }
    case 'KVM_MEMORY_ENCRYPT_REG_REGION':
      return [memory, offset, length];
    case 'KVM_XEN_HVM_CONFIG':
      return [struct, Object.fromEntries(data.map(({ at, given }) => [at, given]))];
    case 'KVM_XEN_HVM_SET_ATTR':
    case 'KVM_XEN_VCPU_SET_ATTR':
      return data.length === 0 ? [struct] : [struct, data[0].given];
    case 'KVM_XEN_HVM_GET_ATTR':
    case 'KVM_XEN_VCPU_GET_ATTR':
      return [values.type, struct];
    case 'KVM_XEN_HVM_EVTCHN_SEND':
      return [values];
    case 'KVM_HYPERV_EVENTFD':
      return call.eventfd === undefined ? [values.conn_id] : [EventFd.create(), values.conn_id];
    default:
      throw new Error(call.ioctl);
  }
}

const camelCase = (ioctl) =>
  ioctl
    .replace('KVM_', '')
    .toLowerCase()
    .replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

for (const [index, call] of calls.entries()) {
  console.log(`${call.ioctl} ${call.command ?? ''}`);
  const struct = structOf(call);
  const data = dataOf(call, index);
  const on = objects[call.on];
  try {
    on[call.method ?? camelCase(call.ioctl)](...parametersOf(call, struct, data));
    console.log('  result 0');
  } catch (error) {
    if (!(error instanceof KvmFirmwareError)) throw error;
    console.log(`  result -1 errno ${-error.errno} firmware 0x${error.firmwareError.toString(16)}`);
  }
  if (struct !== undefined && !call.isInner) {
    hex('struct', new Uint8Array(struct.$$view.buffer));
  }
  for (const { at, now } of data) hex(at, now());
}
