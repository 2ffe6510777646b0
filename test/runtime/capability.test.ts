/** The checks of capabilities, without a kernel. */

import { describe, expect, it } from 'vitest';
import * as bindings from '../../generated/x86_64/linux/kvm.js';
import {
  capabilityValue,
  missingCapability,
  rememberedAnswers,
  requireCapability,
  requireExtension,
  requireIoctl,
} from '../../runtime/capability.js';
import type { CapabilityContext, IoctlTarget } from '../../runtime/context.js';
import { KvmArgumentError, KvmUnsupportedError } from '../../runtime/index.js';
import { readyVcpuOptions } from '../../runtime/vcpu.js';
import { thrownBy } from '../helpers/vcpus.js';

/** Returns a kernel that has these capabilities and no others. `asked` collects the arguments of its `checkExtension`. */
function kernelWith(values: Readonly<Record<number, number>>, asked: number[] = []): CapabilityContext {
  return {
    bindings,
    checkExtension(capability) {
      asked.push(capability);
      return values[capability] ?? 0;
    },
  };
}

/** Returns a vCPU of such a kernel. */
function vcpuOf(capabilities: CapabilityContext): Pick<IoctlTarget, 'kind' | 'capabilities'> {
  return { kind: 'vcpu', capabilities };
}

const unknown = 'KVM_CAP_OF_A_LATER_KERNEL' as 'KVM_CAP_USER_MEMORY';

describe('the capability of an ioctl', () => {
  it('missingCapability returns the capability that the kernel does not have', () => {
    expect(missingCapability(vcpuOf(kernelWith({})), bindings.KVM_GET_SREGS2)).toBe('KVM_CAP_SREGS2');
    expect(missingCapability(vcpuOf(kernelWith({ [bindings.KVM_CAP_SREGS2]: 1 })), bindings.KVM_GET_SREGS2)).toBeNull();
  });

  it('missingCapability does not ask the kernel about an ioctl that every kernel has', () => {
    const asked: number[] = [];
    expect(missingCapability(vcpuOf(kernelWith({}, asked)), bindings.KVM_GET_REGS)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('the error of requireIoctl names the capability', () => {
    expect(thrownBy(() => requireIoctl(vcpuOf(kernelWith({})), bindings.KVM_GET_SREGS2))).toMatchObject({
      name: 'KvmUnsupportedError',
      message: 'KVM_GET_SREGS2: this kernel does not have KVM_CAP_SREGS2',
      capability: 'KVM_CAP_SREGS2',
    });
  });
});

describe('a capability that the bindings do not have', () => {
  it('requireCapability accepts a capability that the bindings do not have, and does not ask the kernel', () => {
    const asked: number[] = [];
    expect(() => requireCapability(kernelWith({}, asked), unknown, 'KVM_SMI')).not.toThrow();
    expect(asked).toEqual([]);
  });

  it('capabilityValue returns 0 for a capability that the bindings do not have', () => {
    const asked: number[] = [];
    expect(capabilityValue(kernelWith({}, asked), unknown)).toBe(0);
    expect(asked).toEqual([]);
  });

  it('requireExtension refuses a capability that the bindings do not have', () => {
    expect(() => requireExtension(kernelWith({}), unknown)).toThrow(KvmArgumentError);
  });
});

describe('a required capability', () => {
  it('the error of requireExtension names the capability, also when the caller gives its number', () => {
    for (const capability of ['KVM_CAP_XSAVE2', bindings.KVM_CAP_XSAVE2] as const) {
      const error = thrownBy(() => requireExtension(kernelWith({}), capability));
      expect(error).toBeInstanceOf(KvmUnsupportedError);
      expect(error).toMatchObject({ operation: 'KVM_CHECK_EXTENSION', capability: 'KVM_CAP_XSAVE2' });
    }
  });

  it('capabilityValue returns the value that the kernel gives', () => {
    expect(capabilityValue(kernelWith({ [bindings.KVM_CAP_XSAVE2]: 4096 }), 'KVM_CAP_XSAVE2')).toBe(4096);
  });
});

describe('KVM_CAP_IMMEDIATE_EXIT', () => {
  it('the error of a vCPU with immediate_exit names KVM_CAP_IMMEDIATE_EXIT when the kernel does not have it', () => {
    expect(thrownBy(() => readyVcpuOptions({ mechanism: 'immediate_exit' }, kernelWith({})))).toMatchObject({
      name: 'KvmUnsupportedError',
      operation: 'KVM_CREATE_VCPU',
      capability: 'KVM_CAP_IMMEDIATE_EXIT',
    });
  });

  it('the default mechanism is signal_mask when the kernel does not have KVM_CAP_IMMEDIATE_EXIT', () => {
    expect(readyVcpuOptions({}, kernelWith({})).mechanism).toBe('signal_mask');
    expect(readyVcpuOptions({}, kernelWith({ [bindings.KVM_CAP_IMMEDIATE_EXIT]: 1 })).mechanism).toBe('immediate_exit');
  });
});

describe('the answers of /dev/kvm', () => {
  it('rememberedAnswers asks once for a capability, also for one that the kernel does not have', () => {
    const asked: number[] = [];
    const check = rememberedAnswers(bindings, kernelWith({ [bindings.KVM_CAP_IRQFD]: 1 }, asked).checkExtension);
    const ask = (): number[] => [bindings.KVM_CAP_IRQFD, bindings.KVM_CAP_S390_UCONTROL].map(check);
    expect([ask(), ask()]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(asked).toEqual([bindings.KVM_CAP_IRQFD, bindings.KVM_CAP_S390_UCONTROL]);
  });

  it('rememberedAnswers asks each time for a capability whose value can change', () => {
    const { KVM_CAP_NR_VCPUS, KVM_CAP_XSAVE2 } = bindings;
    let value = 0;
    const check = rememberedAnswers(bindings, () => ++value);
    expect([KVM_CAP_NR_VCPUS, KVM_CAP_NR_VCPUS, KVM_CAP_XSAVE2, KVM_CAP_XSAVE2].map(check)).toEqual([1, 2, 3, 4]);
  });

  it('rememberedAnswers does not remember an error', () => {
    const answers = [new Error('interrupted'), 1];
    const check = rememberedAnswers(bindings, () => {
      const answer = answers.shift();
      if (typeof answer !== 'number') throw answer;
      return answer;
    });
    expect(() => check(bindings.KVM_CAP_IRQFD)).toThrow('interrupted');
    expect(check(bindings.KVM_CAP_IRQFD)).toBe(1);
  });
});
