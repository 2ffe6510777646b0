/** Devices that are not KVM's, through bindings that are generated here from the headers of this machine. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ts } from 'ts-morph';
import { beforeAll, describe, expect, it } from 'vitest';
import { emitFiles, installedHeaders, modulePath, supportText } from '../../../generator/index.js';
import { s390x } from '../../../generator/targets/s390x.js';
import {
  type AnyBindings,
  Device,
  DeviceArgumentError,
  DeviceClosedError,
  DeviceError,
  DeviceUnavailableError,
  DeviceUnsupportedError,
} from '../../../runtime/index.js';
import type { IoctlByPointer, View, ViewClass } from '../../../support/index.js';
import { folderOf } from '../../helpers/cli.js';
import { canOpen } from '../../helpers/vcpus.js';

/** What the members are called that are used here. */
type AnyView = View & { value: number; count: number };
type Class = ViewClass<AnyView>;

/** A module that no compiler has seen: its exports by name. */
interface Generated {
  readonly $target: AnyBindings['$target'];
  readonly [name: string]: unknown;
}

/** Generates bindings of a header of this machine and imports them. */
async function generated(header: string): Promise<Generated> {
  const model = installedHeaders().model(header);
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const folder = folderOf({ 'package.json': '{ "type": "module" }' });
  for (const { path, text } of emitFiles([model], { support: supportText })) {
    if (!path.endsWith('.ts')) continue;
    const file = join(folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, ts.transpileModule(text, { compilerOptions }).outputText);
  }
  return (await import(pathToFileURL(join(folder, `${modulePath(model, header)}.js`)).href)) as Generated;
}

const exported = (bindings: Generated, name: string): unknown => bindings[name];
const viewOf = (type: unknown, bytes = 4096): AnyView => new (type as Class)(new DataView(new ArrayBuffer(bytes)));
const ioctlCalled = (bindings: Generated, name: string): IoctlByPointer<View> => bindings[name] as IoctlByPointer<View>;
function memberOffset({ $layout }: Class, name: string): number {
  const member = $layout.members[name];
  if (!member) throw new Error(`no ${name}`);
  return member.offset;
}
/** The ioctl as JavaScript may call it, without a compiler. */
const untyped = (device: Device): ((request: unknown, argument?: unknown) => number) => device.ioctl as never;

let random: Generated;
let tun: Generated;

beforeAll(async () => {
  [random, tun] = await Promise.all([generated('linux/random.h'), generated('linux/if_tun.h')]);
});

describe('a device', () => {
  it('answers an ioctl of its header: /dev/random tells its entropy', () => {
    using device = Device.open('/dev/random', random);
    const count = viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument);
    count.value = -1;
    expect(device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), count)).toBe(0);
    expect(count.value).toBeGreaterThan(0);
    expect(count.value).toBeLessThanOrEqual(4096);
  });

  it('writes to the bytes of the view and to no others', () => {
    using device = Device.open('/dev/random', random);
    const bytes = new Uint8Array(64).fill(0xa5);
    const { argument } = ioctlCalled(random, 'RNDGETENTCNT');
    device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), new argument(new DataView(bytes.buffer), 32));
    expect([...bytes.subarray(0, 32), ...bytes.subarray(36)].every((byte) => byte === 0xa5)).toBe(true);
    expect(bytes.subarray(32, 36)).not.toEqual(new Uint8Array(4).fill(0xa5));
  });

  it('says which ioctls it does not have', () => {
    using device = Device.open('/dev/null', random);
    const call = (): number =>
      device.ioctl(ioctlCalled(random, 'RNDGETENTCNT'), viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument));
    expect(call).toThrow(DeviceUnsupportedError);
    expect(call).toThrow(DeviceError);
    expect(call).toThrow(/^RNDGETENTCNT: ENOTTY: this kernel or this device does not have it$/);
  });

  it('says why it cannot be opened', () => {
    const open = (): Device => Device.open('/dev/nothing', random);
    expect(open).toThrow(DeviceUnavailableError);
    expect(open).toThrow(/^open \/dev\/nothing: ENOENT: .*load the module of its driver/);
    expect(() => Device.open('/dev', random)).toThrow(/^open \/dev: EISDIR: \/dev is a folder$/);
  });

  it('is closed once, and then not there any more', () => {
    const device = Device.open('/dev/random', random);
    expect(existsSync(`/proc/self/fd/${device.fd}`)).toBe(true);
    const { fd } = device;
    device.close();
    device.close();
    expect(existsSync(`/proc/self/fd/${fd}`)).toBe(false);
    const call = (): number =>
      untyped(device)(exported(random, 'RNDGETENTCNT'), viewOf(ioctlCalled(random, 'RNDGETENTCNT').argument));
    expect(call).toThrow(DeviceClosedError);
    expect(call).toThrow('/dev/random: this device is closed');
  });
});

describe('a device refuses, before the kernel sees it,', () => {
  const refused = (path: string, bindings: Generated, request: unknown, argument?: unknown): unknown => {
    using device = Device.open(path, bindings);
    try {
      return untyped(device)(request, argument);
    } catch (error) {
      return error;
    }
  };

  it('bindings of another architecture', () => {
    const open = (): Device => Device.open('/dev/random', { ...random, $target: s390x });
    expect(open).toThrow(DeviceArgumentError);
    expect(open).toThrow(/^the bindings are of s390x, and this process is of x86_64; generate them for x86_64$/);
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
      /^TUNGETFEATURES: .*it is not of the bindings that the device was opened with$/,
    ],
    [
      'one that somebody has changed',
      () => refused('/dev/random', random, { ...ioctlCalled(random, 'RNDGETENTCNT'), size: 0 }, undefined),
      /it is not of the bindings/,
    ],
    [
      'a view of something else',
      () => refused('/dev/random', random, exported(random, 'RNDGETENTCNT'), viewOf(exported(tun, 'TunPi'))),
      /^RNDGETENTCNT: takes a view of int, not of struct tun_pi$/,
    ],
    [
      'a view that is too short for what the kernel writes',
      () => {
        const short = Object.create((exported(tun, 'Ifreq') as Class).prototype) as object;
        Object.assign(short, { $$view: new DataView(new ArrayBuffer(4)), $$offset: 0 });
        return refused('/dev/null', tun, exported(tun, 'TUNSETIFF'), short);
      },
      /^TUNSETIFF: needs 40 bytes at offset 0, the view has 4/,
    ],
    [
      'a struct with pointers',
      () => refused('/dev/null', tun, exported(tun, 'TUNATTACHFILTER'), viewOf(exported(tun, 'SockFprog'))),
      /^TUNATTACHFILTER: .*its struct carries addresses of this process$/,
    ],
    [
      'a struct of which nothing says how long it is',
      () => refused('/dev/random', random, exported(random, 'RNDADDENTROPY'), viewOf(exported(random, 'RandPoolInfo'))),
      /^RNDADDENTROPY: .*ends in an array, and nothing says how long that is$/,
    ],
    [
      'more elements than there is room for',
      () => {
        const filter = viewOf(exported(tun, 'TunFilter'), 4 + 2 * 6);
        filter.count = 3;
        return refused('/dev/null', tun, exported(tun, 'TUNSETTXFILTER'), filter);
      },
      /^TUNSETTXFILTER: needs 22 bytes at offset 0, the view has 16/,
    ],
    [
      'a value where none is taken',
      () => refused('/dev/null', tun, exported(tun, 'TUNGETDEVNETNS'), 1),
      /takes no argument/,
    ],
    [
      'what is no value',
      () => refused('/dev/null', tun, exported(tun, 'TUNSETPERSIST'), -1),
      /takes an unsigned long, not -1/,
    ],
  ])('%s', (_what, call, message) => {
    const error = call();
    expect(error).toBeInstanceOf(DeviceArgumentError);
    expect((error as Error).message).toMatch(message);
  });
});

const hasTun = canOpen('/dev/net/tun');

describe.skipIf(!hasTun)('/dev/net/tun (needs one that opens, and CAP_NET_ADMIN)', () => {
  /** The request for an interface, by its name and flags. */
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

  it('makes an interface, tells of it, and takes it away', () => {
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
