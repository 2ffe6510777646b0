/** The loop over `vcpu.exits()`. */

import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KVM_EXIT_IO } from '../../../generated/x86_64/linux/kvm.js';
import { KvmError } from '../../../runtime/index.js';
import { places, protectedMode, realMode, userMode } from '../../../tools/guests/index.js';
import {
  counterOf,
  hasKvm,
  load,
  mechanisms,
  needsKvm,
  run,
  until,
  untilCounting,
  within,
} from '../../helpers/vcpus.js';
import { expectFree } from './expect-free.js';

describe.skipIf(!hasKvm).each(mechanisms)(`exits with %s ${needsKvm}`, (mechanism) => {
  const options = { mechanism };

  // Shows: statement 21
  it('exits yields every exit, and the loop serves them', async () => {
    using machine = load(realMode.print('hello'), options);
    const { vcpu } = machine;
    let text = '';
    for await (const exit of vcpu.exits()) {
      if (exit.reason !== KVM_EXIT_IO) break;
      text += String.fromCharCode(...exit.data);
    }
    expect(text).toBe('hello');
  });

  it('exits waits until the loop has served an exit, and the guest reads the data of the loop', async () => {
    using machine = load(realMode.input, options);
    const { vcpu, memory } = machine;
    for await (const exit of vcpu.exits()) {
      if (exit.reason !== KVM_EXIT_IO) break;
      // The vCPU is not busy during the loop's body.
      expect(vcpu.getRegs().rip).toBeLessThanOrEqual(BigInt(places.code + 4));
      vcpu.shared.setUint8(vcpu.kvmRun.io.$data_offset, 0x55);
    }
    expect([...memory.bytes(places.data, 1)]).toEqual([0x55]);
  });

  it('exits ends its Worker when the loop breaks or throws, and the vCPU is free', async () => {
    using machine = load(realMode.outForEver, options);
    let count = 0;
    for await (const _ of machine.vcpu.exits()) if (++count === 3) break;
    const thrown = new Error('from the loop');
    const loop = async (): Promise<void> => {
      for await (const _ of machine.vcpu.exits()) throw thrown;
    };
    await expect(loop()).rejects.toBe(thrown);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  // Shows: statement 20
  it('exits ends when the loop breaks, and the operation that was not served stays pending', async () => {
    using spinner = load(realMode.outForEver, options);
    for await (const _ of spinner.vcpu.exits()) {
      spinner.vcpu.kick();
      break;
    }
    using fragments = load(protectedMode.mmioInFragments, options);
    for await (const _ of fragments.vcpu.exits()) break;
    // The operation is served now.
    using input = load(realMode.input, options);
    for await (const _ of input.vcpu.exits()) break;
    input.vcpu.shared.setUint8(input.vcpu.kvmRun.io.$data_offset, 0x55);
    input.vcpu.completeExit(() => expect.unreachable('a byte is one operation'));
    expect(input.vcpu.getRegs().rax & 0xffn).toBe(0x55n);
  });

  it('exits yields an interruption for each kick', async () => {
    using machine = load(userMode.spin, options);
    const results = machine.vcpu.exits();
    for (let round = 0; round < 3; round++) {
      const next = results.next();
      await untilCounting(machine);
      machine.vcpu.kick();
      expect(await within(next, 'the interruption')).toEqual({
        done: false,
        value: { reason: 'interrupted', cause: 'kick' },
      });
    }
    await results.return();
    expectFree(machine);
  });

  it('exits throws the reason of an AbortSignal that aborts while the guest runs', async () => {
    using machine = load(userMode.spin, options);
    const controller = new AbortController();
    const next = machine.vcpu.exits(controller).next();
    await untilCounting(machine);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(within(next, 'the end')).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expectFree(machine);
  });

  it('exits throws the reason of an AbortSignal that aborts during the body of the loop', async () => {
    using machine = load(realMode.outForEver, options);
    const controller = new AbortController();
    const reason = new Error('enough');
    let count = 0;
    const loop = async (): Promise<void> => {
      for await (const _ of machine.vcpu.exits(controller)) {
        count++;
        const threads = (): number => readdirSync('/proc/self/task').length;
        const before = threads();
        controller.abort(reason);
        // The loop does not wait for the Worker now, so the error of the Worker must not become an unhandled rejection.
        await until(() => threads() < before, 'the end of the Worker');
      }
    };
    await expect(loop()).rejects.toBe(reason);
    expect(count).toBe(1);
    expect(run(machine)).toBe(`exit ${KVM_EXIT_IO}`);
  });

  it('exits yields nothing and throws the reason when the AbortSignal is aborted already', async () => {
    using machine = load(userMode.spin, options);
    const reason = new Error('too late');
    await expect(machine.vcpu.exits({ signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason);
    expect(counterOf(machine)).toBe(0);
    expectFree(machine);
  });

  it('exits throws the error of KVM_RUN', async () => {
    using machine = load(userMode.spin, options);
    const { vcpu } = machine;
    vcpu.kvmRun.kvm_valid_regs = 1n << 60n;
    const refused = await vcpu
      .exits()
      .next()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KvmError);
    expect(refused).toMatchObject({ name: 'KvmError', operation: 'KVM_RUN', code: 'EINVAL' });
    vcpu.kvmRun.kvm_valid_regs = 0n;
    expectFree(machine);
  });
});
