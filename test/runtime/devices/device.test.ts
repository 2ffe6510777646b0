/** Devices that are not KVM's. The test generates their bindings from the headers of this machine. */

import { existsSync } from 'node:fs';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { s390x } from '../../../generator/targets/s390x.js';
import {
  Device,
  DeviceArgumentError,
  DeviceClosedError,
  DeviceError,
  DeviceUnavailableError,
  DeviceUnsupportedError,
} from '../../../runtime/index.js';
import type { IoctlByPointer, View, ViewClass } from '../../../support/index.js';
import { type InstalledBindings, installedBindings } from '../../helpers/installed-bindings.js';
import { canOpen } from '../../helpers/vcpus.js';

/** A view with the members that this test uses. */
type AnyView = View & { value: number; count: number };
type Class = ViewClass<AnyView>;

const exported = (bindings: InstalledBindings, name: string): unknown => bindings[name];
const viewOf = (type: unknown, bytes = 4096): AnyView => new (type as Class)(new DataView(new ArrayBuffer(bytes)));
const ioctlCalled = (bindings: InstalledBindings, name: string): IoctlByPointer<View> =>
  bindings[name] as IoctlByPointer<View>;
function memberOffset({ $layout }: Class, name: string): number {
  const member = $layout.members[name];
  if (!member) throw new Error(`no ${name}`);
  return member.offset;
}
/** The ioctl as JavaScript can call it, without a compiler. */
const untyped = (device: Device): ((request: unknown, argument?: unknown) => number) => device.ioctl as never;

let random: InstalledBindings;
let tun: InstalledBindings;

beforeAll(async () => {
  [random, tun] = await Promise.all([installedBindings('linux/random.h'), installedBindings('linux/if_tun.h')]);
});

describe('a device', () => {
  it('ioctl returns the entropy of /dev/random', () => {
    using device = Device.open('/dev/random', random);
    const count = viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument);
    count.value = -1;
    expect(device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), count)).toBe(0);
    expect(count.value).toBeGreaterThan(0);
    expect(count.value).toBeLessThanOrEqual(4096);
  });

  it('ioctl writes to the bytes of the view and to no others', () => {
    using device = Device.open('/dev/random', random);
    const bytes = new Uint8Array(64).fill(0xa5);
    const { argument } = ioctlCalled(random, 'RNDGETENTCNT');
    device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), new argument(new DataView(bytes.buffer), 32));
    expect([...bytes.subarray(0, 32), ...bytes.subarray(36)].every((byte) => byte === 0xa5)).toBe(true);
    expect(bytes.subarray(32, 36)).not.toEqual(new Uint8Array(4).fill(0xa5));
  });

  it('the error of ioctl says that the device does not have the ioctl', () => {
    using device = Device.open('/dev/null', random);
    const call = (): number =>
      device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument));
    expect(call).toThrow(DeviceUnsupportedError);
    expect(call).toThrow(DeviceError);
    expect(call).toThrow(/^RNDGETENTCNT: ENOTTY: this kernel or this device does not have this ioctl$/);
  });

  it('the error of open says why the device cannot be opened', () => {
    const open = (): Device => Device.open('/dev/nothing', random);
    expect(open).toThrow(DeviceUnavailableError);
    expect(open).toThrow(/^open \/dev\/nothing: ENOENT: .*load the module of its driver/);
    expect(() => Device.open('/dev', random)).toThrow(/^open \/dev: EISDIR: it is a folder, not a device$/);
  });

  it('close closes the device once, and ioctl refuses a closed device', () => {
    const device = Device.open('/dev/random', random);
    expect(existsSync(`/proc/self/fd/${device.fd}`)).toBe(true);
    const { fd } = device;
    device.close();
    device.close();
    expect(existsSync(`/proc/self/fd/${fd}`)).toBe(false);
    const call = (): number =>
      untyped(device)(exported(random, 'RNDGETENTCNT'), viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument));
    expect(call).toThrow(DeviceClosedError);
    expect(call).toThrow('/dev/random: this object is closed');
  });
});

describe('a wrong argument', () => {
  const refused = (path: string, bindings: InstalledBindings, request: unknown, argument?: unknown): unknown => {
    using device = Device.open(path, bindings);
    try {
      return untyped(device)(request, argument);
    } catch (error) {
      return error;
    }
  };

  it('open refuses bindings of another architecture', () => {
    const open = (): Device => Device.open('/dev/random', { ...random, $target: s390x });
    expect(open).toThrow(DeviceArgumentError);
    expect(open).toThrow(
      /^Device\.open: the bindings are of s390x, and this process is of x86_64; generate bindings for x86_64$/,
    );
  });

  it.each<[what: string, call: () => unknown, message: RegExp]>([
    [
      'an ioctl of other bindings',
      () =>
        refused(
          '/dev/random',
          random,
          exported(tun, 'TUNGETFEATURES'),
          viewOf(ioctlCalled(tun, 'TUNGETFEATURES').argument),
        ),
      /^TUNGETFEATURES: .*the device was opened with other bindings$/,
    ],
    [
      'a changed ioctl',
      () => refused('/dev/random', random, { ...ioctlCalled(random, 'RNDGETENTCNT'), size: 0 }, undefined),
      /the device was opened with other bindings$/,
    ],
    [
      'a view of another struct',
      () => refused('/dev/random', random, exported(random, 'RNDGETENTCNT'), viewOf(exported(tun, 'TunPi'))),
      /^RNDGETENTCNT: the argument must be a view of int, not of struct tun_pi$/,
    ],
    [
      'a view that is too short for what the kernel writes',
      () => {
        const short = Object.create((exported(tun, 'Ifreq') as Class).prototype) as object;
        Object.assign(short, { $$view: new DataView(new ArrayBuffer(4)), $$offset: 0 });
        return refused('/dev/null', tun, exported(tun, 'TUNSETIFF'), short);
      },
      /^TUNSETIFF: the kernel accesses 40 bytes at offset 0, and the view has 4/,
    ],
    [
      'a struct with pointers',
      () => refused('/dev/null', tun, exported(tun, 'TUNATTACHFILTER'), viewOf(exported(tun, 'SockFprog'))),
      /^TUNATTACHFILTER: .*its struct has addresses of this process; pass the memory as the last argument$/,
    ],
    [
      'a struct of unknown length',
      () => refused('/dev/random', random, exported(random, 'RNDADDENTROPY'), viewOf(exported(random, 'RandPoolInfo'))),
      /^RNDADDENTROPY: .*ends in an array of unknown length$/,
    ],
    [
      'more elements than the view has',
      () => {
        const filter = viewOf(exported(tun, 'TunFilter'), 4 + 2 * 6);
        filter.count = 3;
        return refused('/dev/null', tun, exported(tun, 'TUNSETTXFILTER'), filter);
      },
      /^TUNSETTXFILTER: the kernel accesses 22 bytes at offset 0, and the view has 16/,
    ],
    [
      'a value for an ioctl that takes none',
      () => refused('/dev/null', tun, exported(tun, 'TUNGETDEVNETNS'), 1),
      /this ioctl takes no argument/,
    ],
    [
      'a negative value',
      () => refused('/dev/null', tun, exported(tun, 'TUNSETPERSIST'), -1),
      /the argument must be an unsigned long, not -1/,
    ],
  ])('ioctl refuses %s', (_what, call, message) => {
    const error = call();
    expect(error).toBeInstanceOf(DeviceArgumentError);
    expect((error as Error).message).toMatch(message);
  });
});

const hasTun = canOpen('/dev/net/tun');

describe.skipIf(!hasTun)('/dev/net/tun (needs one that opens, and CAP_NET_ADMIN)', () => {
  /** Returns a request for a TUN interface with this name. */
  function interfaceRequest(name: string): View {
    const request = viewOf(exported(tun, 'Ifreq'), 40);
    const offset = memberOffset(exported(tun, 'Ifreq') as Class, 'ifr_ifru');
    new Uint8Array(request.$$view.buffer).set(new TextEncoder().encode(name));
    request.$$view.setInt16(
      offset,
      (exported(tun, 'IFF_TUN') as number) | (exported(tun, 'IFF_NO_PI') as number),
      true,
    );
    return request;
  }
  const nameIn = ({ $$view }: View): string =>
    new TextDecoder().decode(new Uint8Array($$view.buffer, 0, 16)).replace(/\0+$/, '');

  it('the views of the bindings print their members', () => {
    using _device = Device.open('/dev/net/tun', tun);
    expect(inspect(viewOf(exported(tun, 'TunPi')))).toBe('TunPi { flags: 0x0, proto: 0x0 }');
  });

  it('a TUN device creates an interface, returns its name, and removes it when the device is closed', () => {
    const device = Device.open('/dev/net/tun', tun);
    const features = viewOf(ioctlCalled(tun, 'TUNGETFEATURES').argument);
    device.ioctl(ioctlCalled(tun, 'TUNGETFEATURES'), features);
    expect((features.value as number) & (exported(tun, 'IFF_TUN') as number)).toBe(exported(tun, 'IFF_TUN'));

    const request = interfaceRequest('kvmuapi%d');
    device.ioctl(ioctlCalled(tun, 'TUNSETIFF'), request);
    const name = nameIn(request);
    expect(name).toMatch(/^kvmuapi\d+$/);
    expect(existsSync(`/sys/class/net/${name}`)).toBe(true);

    const answer = viewOf(exported(tun, 'Ifreq'), 40);
    device.ioctl(ioctlCalled(tun, 'TUNGETIFF'), answer);
    expect(nameIn(answer)).toBe(name);

    const again = (): number => device.ioctl(ioctlCalled(tun, 'TUNSETIFF'), interfaceRequest('kvmuapi%d'));
    expect(again).toThrow(DeviceError);
    expect(again).toThrow(/^TUNSETIFF: E\w+: /);

    device.close();
    expect(existsSync(`/sys/class/net/${name}`)).toBe(false);
  });
});
