/** Memory encryption. This kernel has none, so it refuses every command. `recorded-ioctls.test.ts` compares the bytes. */

import { describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { installedHeaders } from '../../generator/index.js';
import { GuestMemory, KvmArgumentError, KvmFirmwareError, KvmUnsupportedError } from '../../runtime/index.js';
import { sevErrorName } from '../../runtime/x86_64/sev-errors.js';
import type { Vcpu, Vm } from '../../runtime/x86_64.js';
import { allocate } from '../../support/index.js';
import { headerSet } from '../../tools/lib/header-sets.js';
import { createVm, hasKvm, needsKvm, thrownBy } from '../helpers/vcpus.js';

/** The method as JavaScript can call it, without a compiler. */
type Untyped = (...given: unknown[]) => unknown;
const untyped = (on: Vm | Vcpu): Untyped => (on.memoryEncryptOp as Untyped).bind(on);

const { commands } = kvm.KVM_MEMORY_ENCRYPT_OP;
const counted = ['KVM_TDX_CAPABILITIES', 'KVM_TDX_INIT_VM', 'KVM_TDX_GET_CPUID'];

/** Right options of a command. */
function optionsOf(name: string): object {
  if (name === 'KVM_TDX_INIT_VCPU') return { argument: 1n };
  if (!counted.includes(name)) return {};
  const { argument } = commands[name as 'KVM_TDX_INIT_VM'];
  return { argument: allocate(argument) };
}

describe.skipIf(!hasKvm)(`the commands of memory encryption ${needsKvm}`, () => {
  // Shows: KVM_MEMORY_ENCRYPT_OP, kvm-ioctls vm::test_encrypt_op_sev
  it.each(Object.entries(commands))('%s is unsupported on a machine without memory encryption', (name, { fd }) => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    expect(vm.memoryEncryptOp()).toBe(false);
    const error = thrownBy(() => untyped(fd === 'vm' ? vm : vcpu)(name, optionsOf(name)));
    expect(error).toBeInstanceOf(KvmUnsupportedError);
    expect(error).toMatchObject({ code: 'ENOTTY', ioctl: 'KVM_MEMORY_ENCRYPT_OP', syscall: 'ioctl' });
    expect((error as Error).message).toMatch(/^KVM_MEMORY_ENCRYPT_OP: ENOTTY: this VM has no memory encryption; /);
  });

  // Shows: KVM_MEMORY_ENCRYPT_REG_REGION, KVM_MEMORY_ENCRYPT_UNREG_REGION
  // Shows: kvm-ioctls vm::test_register_unregister_enc_memory_region
  it('the methods for regions are unsupported on a machine without memory encryption', () => {
    using vm = createVm();
    using memory = GuestMemory.create(0x1000);
    expect(() => vm.registerEncryptedRegion(memory)).toThrow(KvmUnsupportedError);
    expect(() => vm.registerEncryptedRegion(memory)).toThrow(/^KVM_MEMORY_ENCRYPT_REG_REGION: ENOTTY: /);
    expect(() => vm.unregisterEncryptedRegion(memory)).toThrow(/^KVM_MEMORY_ENCRYPT_UNREG_REGION: ENOTTY: /);
    expect(() => vm.registerEncryptedRegion(memory, 0, 0x2000)).toThrow(KvmArgumentError);
  });

  it('a command of another kind of file descriptor, and an unknown command, are refused', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    expect(() => untyped(vcpu)('KVM_SEV_INIT')).toThrow(
      'KVM_MEMORY_ENCRYPT_OP: KVM_SEV_INIT is not a command of a vCPU; use Vm.memoryEncryptOp',
    );
    expect(() => untyped(vm)('KVM_TDX_GET_CPUID')).toThrow(
      'KVM_MEMORY_ENCRYPT_OP: KVM_TDX_GET_CPUID is not a command of a VM; use Vcpu.memoryEncryptOp',
    );
    for (const wrong of ['KVM_SEV_CERT_EXPORT', 'toString', '', 0, 22, null, undefined, Symbol('x'), {}]) {
      expect(() => untyped(vm)(wrong)).toThrow(KvmArgumentError);
      expect(() => untyped(vm)(wrong)).toThrow(
        /^KVM_MEMORY_ENCRYPT_OP: command .*; these bindings do not have a command/s,
      );
    }
  });

  it.each([Object.create(Uint8Array.prototype), new Proxy(new Uint8Array(16), {})])(
    'an object that only looks like a Uint8Array is not the data of a command, nor of Xen',
    (data) => {
      using vm = createVm();
      const xen = { blob_addr_64: data };
      expect(() => untyped(vm)('KVM_SEV_LAUNCH_MEASURE', { memory: { uaddr: data } })).toThrow(KvmArgumentError);
      expect(() => vm.xenHvmConfig(allocate(kvm.KvmXenHvmConfig), xen)).toThrow(KvmArgumentError);
      expect(() => vm.xenHvmConfig(allocate(kvm.KvmXenHvmConfig), xen)).toThrow(/; it must be a Uint8Array or /);
    },
  );

  it('wrong options of a command are refused before the kernel gets them', () => {
    using vm = createVm();
    using vcpu = vm.createVcpu();
    using memory = GuestMemory.create(0x2000);
    const refused = (on: Vm | Vcpu, name: string, options: unknown, message: string): void => {
      const error = thrownBy(() => untyped(on)(name, options));
      expect(error).toBeInstanceOf(KvmArgumentError);
      expect((error as Error).message).toBe(`KVM_MEMORY_ENCRYPT_OP ${name}: ${message}`);
    };
    refused(vm, 'KVM_SEV_INIT', { flags: 1 }, "unknown option 'flags'; expected one of argument, memory, sevFd");
    refused(vm, 'KVM_TDX_FINALIZE_VM', { sevFd: 1 }, "unknown option 'sevFd'; expected one of argument, memory, flags");
    refused(vm, 'KVM_SEV_INIT', { argument: allocate(kvm.KvmSevInit) }, 'this command takes no argument');
    refused(vm, 'KVM_SEV_INIT', { sevFd: -1 }, 'sevFd -1; it must be a file descriptor of /dev/sev');
    refused(
      vm,
      'KVM_SEV_INIT2',
      { argument: allocate(kvm.KvmSevDbg) },
      'the argument must be a view of struct kvm_sev_init',
    );
    refused(vm, 'KVM_TDX_INIT_VM', {}, 'the argument is missing; it must be a view of struct kvm_tdx_init_vm');
    const start = { memory: { uaddr: new Uint8Array(4) } };
    refused(vm, 'KVM_SEV_LAUNCH_START', start, "unknown option 'uaddr'; expected one of dh_uaddr, session_uaddr");
    const inPlace = 'the command uses memory of the guest in place, so it must be { memory, offset?, length? }';
    const bytes = { memory: { uaddr: new Uint8Array(16) } };
    refused(vm, 'KVM_SEV_LAUNCH_UPDATE_DATA', bytes, `uaddr an object of Uint8Array; ${inPlace}`);
    const far = { memory: { uaddr: { memory, offset: 0x1000, length: 0x2000 } } };
    const rule = 'the length of uaddr 8192; it must be an integer from 0 to 4096';
    refused(vm, 'KVM_SEV_LAUNCH_UPDATE_DATA', far, rule);
    const twoLengths = { memory: { src_uaddr: new Uint8Array(16), dst_uaddr: { memory, length: 32 } } };
    const both = 'src_uaddr has 16 bytes and dst_uaddr has 32; len is the length of both';
    refused(vm, 'KVM_SEV_DBG_ENCRYPT', twoLengths, both);
    const block = { memory: { id_block_uaddr: new Uint8Array(95) } };
    refused(vm, 'KVM_SEV_SNP_LAUNCH_FINISH', block, 'id_block_uaddr has 95 bytes; it must have 96');
    const page = { memory: { source_addr: new Uint8Array(100) } };
    refused(
      vcpu,
      'KVM_TDX_INIT_MEM_REGION',
      page,
      `source_addr has 100 bytes; it must have a multiple of 4096, at most ${2 ** 53 - 1} of them`,
    );
    const none = { memory: { uaddr: new Uint8Array(0) } };
    refused(vm, 'KVM_SEV_LAUNCH_MEASURE', none, 'uaddr has 0 bytes; leave it out instead');
    const count = allocate(kvm.KvmCpuid2, 1);
    count.nent = 2;
    refused(vcpu, 'KVM_TDX_GET_CPUID', { argument: count }, 'the struct kvm_cpuid2 has 88 bytes, and its view has 48');
  });

  it('the bindings of an older header have no commands that it does not have', () => {
    const { KVM_MEMORY_ENCRYPT_OP: op } = kvm;
    const { KVM_SEV_INIT } = op.commands;
    const older = { ...kvm, KVM_MEMORY_ENCRYPT_OP: { ...op, commands: { KVM_SEV_INIT } } };
    using vm = createVm(older as unknown as typeof kvm);
    expect(() => vm.memoryEncryptOp('KVM_SEV_INIT')).toThrow(KvmUnsupportedError);
    expect(() => vm.memoryEncryptOp('KVM_SEV_INIT2')).toThrow(/these bindings do not have a command of this name/);
  });
});

describe('the errors of the firmware', () => {
  it('every error of the header has its name', async () => {
    const { root } = await headerSet('newest');
    const { enums } = installedHeaders({ from: root }).model('linux/psp-sev.h');
    const errors = enums.flatMap(({ enumerators }) => enumerators).filter(({ name }) => name.startsWith('SEV_RET_'));
    expect(errors.length).toBeGreaterThan(50);
    // The header keeps a misspelled name, and has a name for the largest error and one for no error.
    const others = ['SEV_RET_INAVLID_CONFIG', 'SEV_RET_MAX', 'SEV_RET_SUCCESS'];
    for (const { name, value } of errors) {
      if (!others.includes(name)) expect([name, sevErrorName(Number(value) >>> 0)]).toEqual([name, name]);
    }
  });

  it('the error has the command, the number and the name', () => {
    const details = { code: 'EIO', errno: -5, syscall: 'ioctl', ioctl: 'KVM_MEMORY_ENCRYPT_OP' };
    const error = new KvmFirmwareError('KVM_MEMORY_ENCRYPT_OP', 'KVM_SEV_INIT2', 4n, sevErrorName(4), details);
    expect(error.message).toBe(
      'KVM_MEMORY_ENCRYPT_OP: EIO: KVM_SEV_INIT2: error of the firmware: SEV_RET_INVALID_LEN (0x4)',
    );
    expect(error).toMatchObject({ ...details, command: 'KVM_SEV_INIT2', firmwareError: 4n });
    expect(sevErrorName(0x1234)).toBeNull();
  });
});
