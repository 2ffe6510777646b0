/**
 * The bytes that the library hands to the kernel, in the structs and at their addresses, compared with those of a C program that
 * includes the header. A preloaded `ioctl` records both, and answers in the place of hardware with memory encryption.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { headerSet } from '../../tools/lib/header-sets.js';
import { temporaryFolder } from '../helpers/cli.js';
import { type Call, encryptCalls, otherCalls, sevFile } from '../helpers/recorded/calls.js';
import { callerSource, recorderSource } from '../helpers/recorded/programs.js';
import { hasKvm, needsKvm, projectRoot, watchdogMs } from '../helpers/vcpus.js';

const calls: readonly Call[] = [...encryptCalls, ...otherCalls];

/** The lines of each call: what the preloaded `ioctl` got, and what the program saw afterwards. */
interface Recorded {
  readonly handed: readonly string[];
  readonly seen: readonly string[];
}

/** Splits the lines of all calls. The first line of a call names it. */
function byCall(text: string): string[] {
  return text.split(/^(?=KVM_)/m).filter((part) => part !== '');
}

describe.skipIf(!hasKvm)(`recorded ioctls ${needsKvm}`, () => {
  let folder: string;
  let c: Recorded;
  let library: Recorded;

  function recorded(name: string, command: string, args: readonly string[]): Recorded {
    const file = join(folder, `${name}.record`);
    // The sanitizers are preloaded too, and come first.
    const { LD_PRELOAD: others = '' } = process.env;
    const preloaded = `${others} ${join(folder, 'recorder.so')}`;
    const env = { ...process.env, LD_PRELOAD: preloaded, RECORD: file };
    const seen = execFileSync(command, args, { encoding: 'utf8', env, timeout: watchdogMs, maxBuffer: 2 ** 26 });
    return { handed: byCall(readFileSync(file, 'utf8')), seen: byCall(seen) };
  }

  beforeAll(async () => {
    folder = temporaryFolder();
    const set = await headerSet('newest');
    const includes = set.includeFolders({ kernelArchitecture: 'x86' }).flatMap((each) => ['-isystem', each]);
    const options = ['-O1', '-Wall', '-Wextra', '-Werror', ...includes];
    writeFileSync(join(folder, 'recorder.c'), recorderSource(calls));
    writeFileSync(join(folder, 'caller.c'), callerSource(calls));
    const compile = (...args: readonly string[]): unknown => execFileSync('cc', [...options, ...args], { cwd: folder });
    compile('-shared', '-fPIC', '-o', 'recorder.so', 'recorder.c', '-ldl');
    compile('-o', 'caller', 'caller.c');
    writeFileSync(join(folder, 'calls.json'), JSON.stringify(calls.map((call) => ({ ...call, sevFile }))));
    c = recorded('c', join(folder, 'caller'), []);
    const script = join(projectRoot, 'test/helpers/scripts/recorded-calls.mjs');
    library = recorded('library', process.execPath, [script, join(folder, 'calls.json')]);
  });

  // Shows: KVM_MEMORY_ENCRYPT_OP
  it('the calls have every command of the bindings', () => {
    const commands = encryptCalls.map(({ command }) => command);
    expect(commands.toSorted()).toEqual(Object.keys(kvm.KVM_MEMORY_ENCRYPT_OP.commands).toSorted());
    expect(c.handed).toHaveLength(calls.length);
    expect(library.handed).toHaveLength(calls.length);
  });

  // Shows: KVM_MEMORY_ENCRYPT_OP, KVM_MEMORY_ENCRYPT_REG_REGION, KVM_XEN_HVM_CONFIG, KVM_XEN_HVM_GET_ATTR
  // Shows: KVM_XEN_HVM_SET_ATTR, KVM_XEN_VCPU_GET_ATTR, KVM_XEN_VCPU_SET_ATTR, KVM_XEN_HVM_EVTCHN_SEND, KVM_HYPERV_EVENTFD
  it.each(calls.map(({ ioctl, command }, index) => ({ name: command ?? ioctl, index })))(
    'the library hands over the same bytes as a C program, and returns what the kernel has written: $index $name',
    ({ index }) => {
      expect(library.handed[index]).toBe(c.handed[index]);
      expect(library.seen[index]).toBe(c.seen[index]);
    },
  );
});
