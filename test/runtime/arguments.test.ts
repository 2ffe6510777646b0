/**
 * Every argument of every public method. The methods and the types of their parameters come from the compiler, so that a new
 * method is in this test. Each parameter, and each member of an object in a parameter, gets each wrong value in turn.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as kvm from '../../generated/x86_64/linux/kvm.js';
import { type Addon, addon } from '../../runtime/addon.js';
import * as shared from '../../runtime/index.js';
import { Device, EventFd, GuestMemory, UapiError } from '../../runtime/index.js';
import * as x86_64 from '../../runtime/x86_64.js';
import type { View, ViewClass } from '../../support/index.js';
import { realMode } from '../../tools/guests/index.js';
import { type Method, type Parameter, publicMethods, type Shape } from '../helpers/public-methods.js';
import { hasKvm, needsKvm } from '../helpers/vcpus.js';

// --- what is passed --------------------------------------------------------------------------------------------------

const integers: readonly (number | bigint)[] = [-1, -1n, 2 ** 32, 2n ** 32n, 2 ** 53, 2n ** 53n, 2 ** 64, 2n ** 64n];

/** Values that no number can be, as functions, because some of them are used up. */
const others: readonly (readonly [name: string, make: () => unknown])[] = [
  ['0.5', () => 0.5],
  ['NaN', () => Number.NaN],
  ['Infinity', () => Number.POSITIVE_INFINITY],
  ["'5'", () => '5'],
  ["''", () => ''],
  ['{}', () => ({})],
  ['[]', () => []],
  ['true', () => true],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a symbol', () => Symbol('5')],
  ['a function', () => () => 5],
  ['an object without a prototype', () => Object.create(null)],
  ['an object with valueOf', () => ({ valueOf: () => 0 })],
  [
    'an object that cannot be shown',
    () => ({
      toString: () => {
        throw new Error('toString was called');
      },
    }),
  ],
];

/** The numbers that the type of a parameter does not show as wrong, and that are right nevertheless. */
const rightNumbers = new Map<string, (value: unknown) => boolean>([
  // A timeout is a number of milliseconds. 0 or less interrupts the run before the guest runs.
  [
    'Vcpu.run options.timeout',
    (value) => typeof value === 'number' && (value < 2 ** 53 || value === Number.POSITIVE_INFINITY),
  ],
  ['EventFd.readSync options.timeout', (value) => typeof value === 'number' && !Number.isNaN(value)],
  // The value is in memory whose address the kernel gets.
  ['Vcpu.setOneReg value', (value) => typeof value === 'bigint' && BigInt.asUintN(64, value) === value],
]);

// The presets write these addresses and sizes to guest memory.
const isAddress = (value: unknown): boolean =>
  (typeof value === 'bigint' || Number.isSafeInteger(value)) && BigInt(value as number | bigint) >> 52n === 0n;
for (const name of [
  ...['identityMapBytes mapped', 'enterLongMode options.mapped', 'enterLinux64 options.mapped'],
  ...['enterPvh options.rsdp', 'enterLinux64 options.rsdp'],
  ...['enterPvh options.modules.0', 'enterPvh options.memoryMap.0', 'enterLinux64 options.memoryMap.0']
    .concat('enterLinux64 options.initrd')
    .flatMap((path) => [`${path}.address`, `${path}.size`]),
]) {
  rightNumbers.set(name, isAddress);
}

/** Calls of these start a Worker. test/runtime/thread/vcpu-thread.test.ts has their arguments. */
const startWorkers = new Set(['VcpuThread.start', 'Vcpu.exits']);

// --- the objects and the arguments -----------------------------------------------------------------------------------

class Objects implements Disposable {
  readonly #stack = new DisposableStackLike();
  readonly kvm = this.#stack.use(x86_64.Kvm.open());
  readonly vm = this.#stack.use(this.kvm.createVm());
  readonly #loaded = realMode.halt.load(this.vm);
  readonly vcpu = this.#stack.use(this.#loaded.vcpu);
  readonly memory = this.#stack.use(this.#loaded.memory);
  readonly other = this.#stack.use(GuestMemory.create(0x1_0000));
  readonly event = this.#stack.use(EventFd.create());
  readonly device = this.#stack.use(Device.open('/dev/kvm', kvm));
  #device: Disposable | undefined;
  #stats: Disposable | undefined;
  #memfd: (Disposable & { readonly fd: number }) | undefined;

  /** The object whose methods are called. */
  of(owner: string): unknown {
    switch (owner) {
      case 'Kvm':
        return this.kvm;
      case 'Vm':
        return this.vm;
      case 'Vcpu':
        return this.vcpu;
      case 'GuestMemory':
        return this.other;
      case 'EventFd':
        return this.event;
      case 'Device':
        return this.device;
      case 'VmDevice':
        this.#device ??= this.#stack.use(this.vm.createDevice(kvm.KVM_DEV_TYPE_VFIO));
        return this.#device;
      case 'Stats':
        this.#stats ??= this.#stack.use(this.vm.stats());
        return this.#stats;
      case 'GuestMemfd':
        this.#memfd ??= this.#stack.use(this.vm.createGuestMemfd(0x4000, kvm.GUEST_MEMFD_FLAG_MMAP));
        return this.#memfd;
      case 'CoalescedMmioRing':
        return this.vm.coalescedMmioRing(this.vcpu);
      default:
        throw new Error(`no object of ${owner}; add one to this test`);
    }
  }

  /** A right value for a type that has a name. */
  named(name: string): unknown {
    switch (name) {
      case 'GuestMemory':
        return this.other;
      case 'EventFd':
        return this.event;
      case 'Vcpu':
        return this.vcpu;
      case 'KvmObject':
        return this.kvm;
      case 'VmObject':
        return this.vm;
      case 'GuestMemfd':
        // Most kernels have none.
        return undefined;
      case 'ViewClass':
        return kvm.KvmRegs;
      case 'AbortSignal':
        return new AbortController().signal;
      default: {
        if (name.includes('generated/')) return kvm;
        const type = (kvm as Readonly<Record<string, unknown>>)[name];
        if (typeof type !== 'function') throw new Error(`no value of ${name}; add one to this test`);
        return new (type as ViewClass<View>)(new DataView(new ArrayBuffer(0x2000)));
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** DisposableStack, which Node 20 does not have. */
class DisposableStackLike {
  readonly #used: Disposable[] = [];
  use<T extends Disposable>(object: T): T {
    this.#used.push(object);
    return object;
  }
  dispose(): void {
    for (const object of this.#used.toReversed()) object[Symbol.dispose]();
  }
}

/** Right values of parameters whose type does not say which values are right. */
const rightValues: Readonly<Record<string, (objects: Objects) => unknown>> = {
  'Vm.addMemory slot.guestAddress': () => 0x10_0000,
  'Vm.addMemory slot.slot': () => 9,
  'Vm.addMemory slot.length': () => 0x1000,
  'Vm.addMemory slot.offset': () => 0,
  'Vm.moveMemory guestAddress': () => 0x10_0000,
  'Vm.setMemoryAttributes pages.size': () => 0x1000,
  'Vcpu.preFaultMemory size': () => 0x1000,
  'Vm.createVcpu id': () => 1,
  'Vm.createVcpu options.kickSignal': () => addon().SIGRTMAX - 1,
  'Vm.setMsrFilter filter.ranges.0.count': () => 8,
  'GuestMemory.create size': () => 0x1000,
  'GuestMemory.create options.memfd': () => 'test',
  'GuestMemory.create options.hugePageSize': () => 2 ** 21,
  'GuestMemfd.map options.offset': () => 0,
  'GuestMemfd.map options.length': () => 0x1000,
  'GuestMemfd.allocate offset': () => 0,
  'GuestMemfd.allocate length': () => 0x1000,
  'GuestMemfd.discard offset': () => 0,
  'GuestMemfd.discard length': () => 0x1000,
  'GuestMemory.fromFile fd': ({ memory }) => memory.fd,
  'GuestMemory.fromFile options.offset': () => 0,
  'GuestMemory.fromFile options.length': () => 0x1000,
  'GuestMemory.discard offset': () => 0,
  'GuestMemory.discard length': () => 0x1000,
  'GuestMemory.advise offset': () => 0,
  'GuestMemory.advise length': () => 0x1000,
  'GuestMemory.bindToNodes nodes.0': () => 0,
  'GuestMemory.bindToNodes offset': () => 0,
  'GuestMemory.bindToNodes length': () => 0x1000,
  'GuestMemory.attach handle': ({ other }) => other.share(),
  'GuestMemory.bytes length': () => 8,
  'Vm.attach from': ({ vm }) => vm.share(),
  'Vcpu.attach handle': ({ vcpu }) => vcpu.share(),
  'kick vcpu': ({ vcpu }) => vcpu.share(),
  'abort vcpu': ({ vcpu }) => vcpu.share(),
  'abort runId': () => 1,
  'Vcpu.run options.timeout': () => 1,
  'Vcpu.run options.runId': () => 1,
  'Vcpu.getOneReg id': () => kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64,
  'Vcpu.setOneReg id': () => kvm.KVM_REG_X86 | kvm.KVM_REG_SIZE_U64,
  'Device.open path': () => '/dev/null',
  'Device.fromFd fd': ({ device }) => device.fd,
  'Kvm.fromFd fd': ({ kvm: system }) => system.fd,
  'Vm.fromFd fd': ({ vm }) => vm.fd,
  'Vcpu.fromFd fd': ({ vcpu }) => vcpu.fd,
  'Vcpu.fromFd options.kickSignal': () => addon().SIGRTMAX - 1,
  'VmDevice.fromFd fd': (objects) => (objects.of('VmDevice') as { readonly fd: number }).fd,
  'VmDevice.fromFd options.type': () => kvm.KVM_DEV_TYPE_VFIO,
  'EventFd.fromFd fd': ({ event }) => event.fd,
  'GuestMemfd.fromFd fd': (objects) => (objects.of('GuestMemfd') as { readonly fd: number }).fd,
  'Vm.memoryEncryptOp command': () => 'KVM_SEV_LAUNCH_MEASURE',
  'Vm.memoryEncryptOp options': () => ({ sevFd: 1 }),
  'Vcpu.memoryEncryptOp command': () => 'KVM_TDX_INIT_VCPU',
  'Vcpu.memoryEncryptOp options': () => ({ argument: 1 }),
  'Kvm.open options.path': () => '/dev/kvm',
};
for (const preset of ['enterProtectedMode', 'enterLongMode', 'enterPvh', 'enterLinux64']) {
  const path = `${preset} options`;
  Object.assign(rightValues, {
    [`${path}.guestAddress`]: () => 0,
    [`${path}.gdt`]: () => 0x500,
    [`${path}.tables`]: () => 0x1000,
    [`${path}.mapped`]: () => 0x20_0000,
    [`${path}.startInfo`]: () => 0x6000,
    [`${path}.zeroPage`]: () => 0x7000,
    [`${path}.commandLineAddress`]: () => 0x8000,
    [`${path}.bzImage`]: () => undefined,
  });
}
for (const name of ['Kvm', 'Vm', 'Vcpu']) {
  for (const method of ['checkExtension', 'requireExtension', 'enableCap']) {
    Object.assign(rightValues, { [`${name}.${method} capability`]: () => kvm.KVM_CAP_MAX_VCPU_ID });
  }
}

function rightValue(objects: Objects, path: string, shape: Shape): unknown {
  const known = rightValues[path];
  if (known) return known(objects);
  switch (shape.is) {
    case 'number':
      return 1;
    case 'bigint':
      return 1n;
    case 'boolean':
      return true;
    case 'string':
      return 'text';
    case 'bytes':
      return new Uint8Array(8);
    case 'function':
      return () => undefined;
    case 'literal':
      return shape.value;
    case 'array':
      return [rightValue(objects, `${path}.0`, shape.of)];
    case 'object':
      return rightObject(objects, path, shape.members);
    case 'named':
      return objects.named(shape.name);
    case 'union':
      return rightValue(objects, path, rightOf(shape.of));
    default:
      return undefined;
  }
}

/** The part of a union that has the right value: a view, or the first part. */
function rightOf(shapes: readonly Shape[]): Shape {
  return shapes.find(({ is }) => is === 'named') ?? shapes.find(({ is }) => is !== 'undefined') ?? { is: 'undefined' };
}

/** An object with all its members, because each of them gets wrong values. */
function rightObject(objects: Objects, path: string, members: readonly Parameter[]): object {
  const values = members.map(({ name, shape }) => [name, rightValue(objects, `${path}.${name}`, shape)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

// --- the places of the wrong values ----------------------------------------------------------------------------------

/** A parameter, or a member of an object in a parameter. */
interface Place {
  readonly method: Method;
  /** `Vm.addMemory slot.guestAddress`. */
  readonly name: string;
  readonly index: number;
  readonly keys: readonly string[];
  readonly shape: Shape;
  readonly isOptional: boolean;
}

const nameOf = ({ owner, name }: Method): string => (owner === null ? name : `${owner}.${name}`);

function placesOf(method: Method): Place[] {
  const within = (index: number, path: string, keys: readonly string[], shape: Shape, isOptional: boolean): Place[] => {
    const place: Place = { method, name: `${nameOf(method)} ${path}`, index, keys, shape, isOptional };
    return [
      place,
      ...insideOf(shape).flatMap((member) =>
        within(index, `${path}.${member.name}`, [...keys, member.name], member.shape, member.isOptional),
      ),
    ];
  };
  return method.parameters.flatMap(({ name, shape, isOptional, isRest }, index) =>
    isRest && shape.is === 'array'
      ? within(index, `${name}.0`, ['0'], shape.of, true)
      : within(index, name, [], shape, isOptional),
  );
}

function insideOf(shape: Shape): readonly Parameter[] {
  if (shape.is === 'object') return shape.members;
  if (shape.is === 'array') return [{ name: '0', isOptional: false, isRest: false, shape: shape.of }];
  if (shape.is !== 'union') return [];
  // A struct can be a view or a plain object. The right value is the view. struct-values.test.ts has wrong plain objects.
  if (shape.of.some(({ is }) => is === 'named')) return [];
  // Of several objects, the first one is the right value.
  return insideOf(shape.of.find(({ is }) => is === 'object' || is === 'array') ?? { is: 'undefined' });
}

const takes = (shape: Shape, ...kinds: readonly Shape['is'][]): boolean =>
  kinds.includes(shape.is) || (shape.is === 'union' && shape.of.some((each) => takes(each, ...kinds)));

/** Whether the parameter is a number: also one of some numbers, such as 1, 2 or 4. */
const isNumeric = (shape: Shape): boolean =>
  takes(shape, 'number', 'bigint') ||
  (shape.is === 'literal' && typeof shape.value === 'number') ||
  (shape.is === 'union' && shape.of.some(isNumeric));

/** The arguments with a wrong value at a place. */
function argumentsWith(objects: Objects, { method, index, keys }: Place, wrong: unknown): unknown[] {
  const args = method.parameters.map(({ name, shape, isRest }) => {
    const path = `${nameOf(method)} ${name}`;
    return isRest && shape.is === 'array'
      ? [rightValue(objects, `${path}.0`, shape.of)]
      : rightValue(objects, path, shape);
  });
  if (keys.length === 0) args[index] = wrong;
  let at = args[index];
  for (const [depth, key] of keys.entries()) {
    const values = at as Record<string, unknown>;
    if (depth === keys.length - 1) values[key] = wrong;
    at = values[key];
  }
  const rest = method.parameters.at(-1)?.isRest === true ? (args.pop() as unknown[]) : [];
  return [...args, ...rest];
}

// --- what the native layer gets --------------------------------------------------------------------------------------

/** All numbers that a call of the native layer gets: its arguments, and the integers in the bytes of views. */
class NativeCalls {
  readonly #functions = new Map<string, unknown>();
  #numbers: Set<bigint> | undefined;
  #count = 0;

  constructor() {
    const native = addon() as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(native)) {
      if (typeof value !== 'function') continue;
      this.#functions.set(name, value);
      native[name] = (...args: readonly unknown[]): unknown => {
        this.#note(name as keyof Addon, args);
        return (value as (...all: readonly unknown[]) => unknown)(...args);
      };
    }
  }

  restore(): void {
    Object.assign(addon(), Object.fromEntries(this.#functions));
  }

  /** Returns the number of ioctls that `call` made, and the numbers that all calls of the native layer got. */
  during(call: () => void): { readonly ioctls: number; readonly numbers: ReadonlySet<bigint> } {
    const numbers = new Set<bigint>();
    this.#numbers = numbers;
    this.#count = 0;
    try {
      call();
    } finally {
      this.#numbers = undefined;
    }
    return { ioctls: this.#count, numbers };
  }

  #note(name: keyof Addon, args: readonly unknown[]): void {
    if (!this.#numbers) return;
    // The runtime asks for capabilities to explain a refusal.
    if (args.includes(kvm.KVM_CHECK_EXTENSION.request)) return;
    if (/ioctl|SetMemory|vmIoctl/i.test(name)) this.#count++;
    const visit = (value: unknown): void => {
      if (typeof value === 'bigint' || Number.isInteger(value)) this.#numbers?.add(BigInt(value as number | bigint));
      else if (value instanceof DataView) this.#noteBytes(value);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    args.forEach(visit);
  }

  #noteBytes(view: DataView): void {
    for (let at = 0; at + 2 <= view.byteLength; at += 2) this.#numbers?.add(BigInt(view.getUint16(at, true)));
    for (let at = 0; at + 4 <= view.byteLength; at += 4) this.#numbers?.add(BigInt(view.getUint32(at, true)));
    for (let at = 0; at + 8 <= view.byteLength; at += 8) this.#numbers?.add(view.getBigUint64(at, true));
  }
}

// --- the test --------------------------------------------------------------------------------------------------------

const methods = publicMethods();
const places = methods.flatMap(placesOf);

function calling(objects: Objects, { method }: Place): (...args: readonly unknown[]) => unknown {
  const { owner, name, isStatic } = method;
  const exports: Readonly<Record<string, unknown>> = { ...shared, ...x86_64 };
  const target = owner === null ? exports : isStatic ? exports[owner] : objects.of(owner);
  const called = (target as Readonly<Record<string, unknown>>)[name] as (...args: readonly unknown[]) => unknown;
  return (...args) => called.apply(target, [...args]);
}

/** What a call threw, or what its promise was rejected with. Both are undefined after success. */
interface Outcome {
  readonly thrown?: unknown;
  readonly rejected?: Promise<unknown>;
}

/** Calls a method. Closes what it returns. */
function outcome(call: () => unknown): Outcome {
  try {
    const result = call();
    if (typeof result !== 'object' || result === null) return {};
    if (result instanceof Promise)
      return {
        rejected: result.then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      };
    // A generator runs when it is asked for values.
    if (Symbol.iterator in result && !ArrayBuffer.isView(result)) for (const _ of result as Iterable<unknown>);
    if ('close' in result && typeof result.close === 'function') result.close();
    return {};
  } catch (thrown) {
    return { thrown };
  }
}

describe('the public methods', () => {
  it('the compiler finds the methods and their numbers', () => {
    expect(methods.length).toBeGreaterThan(130);
    const numeric = places.filter(({ shape }) => isNumeric(shape)).map(({ name }) => name);
    expect(numeric).toEqual(
      expect.arrayContaining([
        'Vm.addMemory slot.guestAddress',
        'Vm.registerIoeventfd writes.datamatch',
        'Vm.setGsiRouting routes.0.pin',
        'Vcpu.setMsrs msrs.0.data',
        'Vcpu.setGuestDebug debug.hardwareBreakpoints.0.address',
        'Vcpu.enableCap args.0',
        'GuestMemory.create size',
        'abort runId',
      ]),
    );
  });
});

describe.skipIf(!hasKvm)(`a wrong argument ${needsKvm}`, () => {
  let native: NativeCalls;
  beforeAll(() => {
    native = new NativeCalls();
  });
  afterAll(() => native.restore());

  const tested = places.filter(({ method }) => !startWorkers.has(nameOf(method)));

  // Shows: security 21
  it.each(tested.map((place) => [place.name, place] as const))(
    'is refused with an error of the runtime, or reaches the kernel unchanged: %s',
    async (name, place) => {
      using objects = new Objects();
      const problems: string[] = [];
      const isRight = rightNumbers.get(name) ?? (() => false);
      const attempt = async (shown: string, wrong: unknown, isInteger: boolean): Promise<void> => {
        const call = calling(objects, place);
        const args = argumentsWith(objects, place, wrong);
        // A run ends before the guest runs, and a read of the eventfd does not wait.
        objects.vcpu.kick();
        objects.event.signal();
        let result: Outcome = {};
        const { ioctls, numbers } = native.during(() => {
          result = outcome(() => call(...args));
        });
        const thrown = result.thrown ?? (await result.rejected);
        if (thrown !== undefined && !(thrown instanceof UapiError)) problems.push(`${shown}: threw ${String(thrown)}`);
        if (!isNumeric(place.shape) || isRight(wrong) || (wrong === undefined && place.isOptional)) return;
        const isThere = isInteger && numbers.has(BigInt(wrong as number | bigint));
        if (thrown === undefined && !isThere) problems.push(`${shown}: was accepted`);
        if (ioctls > 0 && !isThere) problems.push(`${shown}: the kernel got another value`);
      };
      for (const value of integers) await attempt(typeof value === 'bigint' ? `${value}n` : `${value}`, value, true);
      for (const [shown, make] of others) await attempt(shown, make(), false);
      expect(problems).toEqual([]);
    },
  );
});
