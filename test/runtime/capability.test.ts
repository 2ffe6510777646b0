/** The one place that checks capabilities, without a kernel: what it asks for, and what it says when a capability is missing. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import {
  capabilityValue,
  missingCapability,
  requireCapability,
  requireExtension,
  requireIoctl,
} from '../../runtime/capability.js';
import type { CapabilityContext, IoctlTarget } from '../../runtime/context.js';
import { type CapabilityName, KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import { readyVcpuOptions } from '../../runtime/vcpu.js';
import { thrownBy } from '../helpers/vcpus.js';

/** A kernel that has these capabilities and no others. `asked` collects the numbers that it is asked for. */
function kernelWith(values: Readonly<Record<number, number>>, asked: number[] = []): CapabilityContext {
  return {
    bindings,
    checkExtension(capability) {
      asked.push(capability);
      return values[capability] ?? 0;
    },
  };
}

/** A vCPU of such a kernel, for what asks about an ioctl. */
function vcpuOf(capabilities: CapabilityContext): Pick<IoctlTarget, 'kind' | 'capabilities'> {
  return { kind: 'vcpu', capabilities };
}

const unknown = 'KVM_CAP_OF_A_LATER_KERNEL' as CapabilityName;

describe('the capability of an ioctl', () => {
  it('is missing when the kernel does not have it', () => {
    expect(missingCapability(vcpuOf(kernelWith({})), bindings.KVM_GET_SREGS2)).toBe('KVM_CAP_SREGS2');
    expect(missingCapability(vcpuOf(kernelWith({ [bindings.KVM_CAP_SREGS2]: 1 })), bindings.KVM_GET_SREGS2)).toBeNull();
  });

  it('is not asked for when every kernel has the ioctl', () => {
    const asked: number[] = [];
    expect(missingCapability(vcpuOf(kernelWith({}, asked)), bindings.KVM_GET_REGS)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('is named by the error of the ioctl', () => {
    expect(thrownBy(() => requireIoctl(vcpuOf(kernelWith({})), bindings.KVM_GET_SREGS2))).toMatchObject({
      name: 'KvmUnsupportedError',
      message: 'KVM_GET_SREGS2: absent: this kernel does not have KVM_CAP_SREGS2',
      capability: 'KVM_CAP_SREGS2',
    });
  });
});

describe('a capability whose name the bindings do not have', () => {
  it('is left to the kernel where the runtime needs it', () => {
    const asked: number[] = [];
    expect(() => requireCapability(kernelWith({}, asked), unknown, 'KVM_SMI')).not.toThrow();
    expect(asked).toEqual([]);
  });

  it('has the value 0', () => {
    const asked: number[] = [];
    expect(capabilityValue(kernelWith({}, asked), unknown)).toBe(0);
    expect(asked).toEqual([]);
  });

  it('is refused where the caller requires it', () => {
    expect(() => requireExtension(kernelWith({}), unknown)).toThrow(KvmArgumentError);
  });
});

describe('a capability that the caller requires', () => {
  it('is named by the error, also when the caller has given its number', () => {
    for (const capability of ['KVM_CAP_XSAVE2', bindings.KVM_CAP_XSAVE2] as const) {
      const error = thrownBy(() => requireExtension(kernelWith({}), capability));
      expect(error).toBeInstanceOf(KvmUnsupportedError);
      expect(error).toMatchObject({ operation: 'KVM_CHECK_EXTENSION', capability: 'KVM_CAP_XSAVE2' });
    }
  });

  it('has the value that the kernel says', () => {
    expect(capabilityValue(kernelWith({ [bindings.KVM_CAP_XSAVE2]: 4096 }), 'KVM_CAP_XSAVE2')).toBe(4096);
  });
});

describe('KVM_CAP_IMMEDIATE_EXIT', () => {
  it('is named by the error of a vCPU that needs it, when the kernel does not have it', () => {
    expect(thrownBy(() => readyVcpuOptions({ mechanism: 'immediate_exit' }, kernelWith({})))).toMatchObject({
      name: 'KvmUnsupportedError',
      operation: 'KVM_CREATE_VCPU',
      capability: 'KVM_CAP_IMMEDIATE_EXIT',
    });
  });

  it('is not needed for the other mechanism, which is the default without it', () => {
    expect(readyVcpuOptions({}, kernelWith({})).mechanism).toBe('signal_mask');
    expect(readyVcpuOptions({}, kernelWith({ [bindings.KVM_CAP_IMMEDIATE_EXIT]: 1 })).mechanism).toBe('immediate_exit');
  });
});
