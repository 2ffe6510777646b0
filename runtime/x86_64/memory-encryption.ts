/** The commands of KVM_MEMORY_ENCRYPT_OP: SEV, SEV-ES and SEV-SNP of AMD, and TDX of Intel. */

import { allocate, type CommandAddress, type IoctlCommand, type View, type ViewClass } from '../../support/index.js';
import {
  AddressedArgument,
  type AddressedData,
  type AddressPlace,
  type MemoryRange,
  type Place,
  placeIn,
} from '../addressed-ioctl.js';
import { describe, isBytes } from '../arguments.js';
import type { AddressTarget } from '../context.js';
import { firmwareError, KvmArgumentError, KvmUnsupportedError } from '../errors.js';
import { refused, requireView } from '../ioctl.js';
import { setMember } from '../numbers.js';
import { requireKnownKeys } from '../options.js';
import type { Bindings } from './bindings.js';
import { sevErrorName } from './sev-errors.js';

type Commands = Bindings['KVM_MEMORY_ENCRYPT_OP']['commands'];

/** The names of the commands of a VM or of a vCPU. */
export type EncryptCommand<Fd extends 'vm' | 'vcpu' = 'vm' | 'vcpu'> = {
  [Name in keyof Commands]: Commands[Name]['fd'] extends Fd ? Name : never;
}[keyof Commands];

/** The struct of a command. */
type StructOf<Name extends EncryptCommand> = Commands[Name]['argument'] extends ViewClass<infer T> ? T : never;

/** The data at the addresses in the struct of a command. */
type MemoryOf<Name extends EncryptCommand> = {
  readonly [Member in keyof Commands[Name]['addresses']]?: Commands[Name]['addresses'][Member] extends {
    readonly guest: true;
  }
    ? MemoryRange
    : AddressedData;
};

/** The commands whose struct ends in CPUID leaves. The caller says how many. */
type CountedCommand = 'KVM_TDX_CAPABILITIES' | 'KVM_TDX_INIT_VM' | 'KVM_TDX_GET_CPUID';

type ArgumentPart<Name extends EncryptCommand> = Name extends CountedCommand
  ? { readonly argument: StructOf<Name> }
  : Commands[Name]['passes'] extends 'pointer'
    ? { readonly argument?: StructOf<Name> }
    : Commands[Name]['passes'] extends 'value'
      ? { readonly argument: number | bigint }
      : { readonly argument?: never };

type MemoryPart<Name extends EncryptCommand> = keyof Commands[Name]['addresses'] extends never
  ? { readonly memory?: never }
  : { readonly memory?: MemoryOf<Name> };

type CarrierPart<Name extends EncryptCommand> = Name extends `KVM_SEV_${string}`
  ? { readonly sevFd?: number }
  : { readonly flags?: number };

/**
 * The options of a command: `argument`, its struct or value; `memory`, the data for the addresses in the struct, by the names
 * of the members; `sevFd`, the file descriptor of `/dev/sev` (SEV); `flags` (TDX).
 */
export type EncryptOptions<Name extends EncryptCommand> = ArgumentPart<Name> & MemoryPart<Name> & CarrierPart<Name>;

/** The names of the commands that need no options. */
export type EncryptCommandAlone<Fd extends 'vm' | 'vcpu' = 'vm' | 'vcpu'> = {
  [Name in EncryptCommand<Fd>]: Record<never, never> extends EncryptOptions<Name> ? Name : never;
}[EncryptCommand<Fd>];

/** What a command returns: its struct, which the kernel may have changed. */
export type EncryptResult<Name extends EncryptCommand> = Commands[Name]['passes'] extends 'pointer'
  ? StructOf<Name>
  : undefined;

/** The options as JavaScript can pass them. */
interface Given {
  readonly argument?: unknown;
  readonly memory?: Readonly<Record<string, AddressedData>>;
  readonly sevFd?: number;
  readonly flags?: number;
}

/** No file has this number, so the kernel fails with EBADF if a command needs the file. */
const noFile = 0xffff_ffff;

/** Makes KVM_MEMORY_ENCRYPT_OP with a command. Returns the struct of the command. */
export function memoryEncryptOp<Name extends EncryptCommand>(
  on: AddressTarget<'vm' | 'vcpu', Bindings>,
  name: Name,
  options: EncryptOptions<Name> | undefined,
): EncryptResult<Name> {
  const command = commandOf(on, name);
  const operation = `KVM_MEMORY_ENCRYPT_OP ${name}`;
  const carrier = allocate<View>(command.carrier);
  const given = checkedOptions(operation, command, options === undefined ? {} : options);
  setCarrier(operation, carrier, command, given);
  const call = new AddressedArgument(operation, carrier, command.carrier);
  const struct = addStruct(operation, call, command, given);
  invoke(on, call, name, command, carrier);
  // The type of the struct is that of the command, which has been checked.
  return struct as EncryptResult<Name>;
}

/** Returns a command of this kind of file descriptor. */
function commandOf({ bindings, target }: AddressTarget<'vm' | 'vcpu', Bindings>, name: string): IoctlCommand {
  const { KVM_MEMORY_ENCRYPT_OP: ioctl, $target } = bindings as Partial<Bindings> & Bindings;
  if (ioctl === undefined) {
    throw new KvmUnsupportedError('KVM_MEMORY_ENCRYPT_OP', `the bindings of ${$target.name} do not have this ioctl`);
  }
  const { commands = {} }: { readonly commands?: Readonly<Record<string, IoctlCommand>> } = ioctl;
  const command = typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const rule = 'these bindings do not have a command of this name; such as KVM_SEV_INIT2 or KVM_TDX_INIT_VM';
    throw new KvmArgumentError(ioctl.name, `command ${describe(name)}; ${rule}`);
  }
  if (command.fd === target.kind) return command;
  const [right, wrong] = command.fd === 'vm' ? ['Vm', 'vCPU'] : ['Vcpu', 'VM'];
  throw new KvmArgumentError(ioctl.name, `${name} is not a command of a ${wrong}; use ${right}.memoryEncryptOp`);
}

function isOfSev(command: IoctlCommand): boolean {
  return 'sev_fd' in membersOf(command.carrier);
}

function checkedOptions(operation: string, command: IoctlCommand, options: object): Given {
  const shared = { argument: true, memory: true } as const;
  if (isOfSev(command)) requireKnownKeys<Omit<Given, 'flags'>>(operation, options, { ...shared, sevFd: true });
  else requireKnownKeys<Omit<Given, 'sevFd'>>(operation, options, { ...shared, flags: true });
  const { argument, memory, sevFd, flags }: Given = options;
  return {
    argument,
    ...(memory === undefined ? {} : { memory }),
    ...(sevFd === undefined ? {} : { sevFd }),
    ...(flags === undefined ? {} : { flags }),
  };
}

/** Writes the members of the struct that the ioctl takes. The native layer writes the address of the struct of the command. */
function setCarrier(operation: string, carrier: View, command: IoctlCommand, given: Given): void {
  const { id, passes } = command;
  const set = (member: string, what: string, value: number | bigint): void =>
    setMember<View & Record<string, never>>(operation, carrier as View & Record<string, never>, member, what, value);
  set('id', 'id', id);
  if (isOfSev(command)) {
    if (given.sevFd !== undefined) setFile(operation, set, given.sevFd);
    else set('sev_fd', 'sevFd', noFile);
  } else {
    set('flags', 'flags', given.flags === undefined ? 0 : given.flags);
  }
  if (passes === 'value') set('data', 'argument', given.argument as number | bigint);
}

function setFile(operation: string, set: (...of: [string, string, number]) => void, file: number): void {
  if (!(Number.isInteger(file) && file >= 0 && file < 2 ** 31)) {
    throw new KvmArgumentError(operation, `sevFd ${describe(file)}; it must be a file descriptor of /dev/sev`);
  }
  set('sev_fd', 'sevFd', file);
}

/** Adds the struct of the command and the data at its addresses. Returns the struct, or undefined if there is none. */
function addStruct(
  operation: string,
  call: AddressedArgument,
  command: IoctlCommand,
  { argument, memory = {} }: Given,
): View | undefined {
  const type = structOf(command);
  requireKnownKeys<Record<string, AddressedData>>(operation, memory, namesOf(command));
  if (type === null) {
    if (command.passes === 'value' || argument === undefined) return undefined;
    throw new KvmArgumentError(operation, 'this command takes no argument');
  }
  if (argument === undefined && command.tail !== undefined) {
    throw new KvmArgumentError(operation, `the argument is missing; it must be a view of ${type.$layout.name}`);
  }
  const struct = (argument === undefined ? allocate(type) : argument) as View;
  requireView(operation, struct, type);
  const number = call.struct(struct, type, command.tail);
  call.link(0, { at: placeIn(command.carrier.$layout, 'data'), unit: type.$size }, number);
  addMemory(operation, call, number, type, command, memory);
  return struct;
}

function structOf({ argument }: IoctlCommand): ViewClass<View> | null {
  return argument as ViewClass<View> | null;
}

function namesOf({ addresses }: IoctlCommand): Readonly<Record<string, true>> {
  return Object.fromEntries(Object.keys(addresses).map((name) => [name, true] as const));
}

function membersOf(type: ViewClass<View>) {
  return type.$layout.members;
}

/** Adds the data at the addresses in the struct of a command. An address without data is a null pointer. */
function addMemory(
  operation: string,
  call: AddressedArgument,
  struct: number,
  type: ViewClass<View>,
  { addresses }: IoctlCommand,
  memory: Readonly<Record<string, AddressedData | undefined>>,
): void {
  const lengths = new Map<string, { readonly name: string; readonly length: number }>();
  for (const [name, address] of Object.entries(addresses)) {
    const { at, count, countedBy, unit } = addressIn(type, name);
    const data = memory[name];
    if (data === undefined) {
      call.link(struct, { at, unit }, 0);
      continue;
    }
    requireRightKind(operation, name, data, address);
    const { number, length } = call.data(name, data, address.transfer !== 'write');
    requireUnits(operation, name, length, unit, count);
    const other = lengths.get(countedBy ?? name);
    if (other !== undefined && other.length !== length) {
      const both = `${other.name} has ${other.length} bytes and ${name} has ${length}`;
      throw new KvmArgumentError(operation, `${both}; ${countedBy} is the length of both`);
    }
    lengths.set(countedBy ?? name, { name, length });
    call.link(struct, { at, count, unit }, number);
  }
}

/** What the layout of a struct says about a member that is an address. */
function addressIn(type: ViewClass<View>, name: string): AddressPlace & { readonly countedBy: string | null } {
  const { [name]: member } = type.$layout.members;
  if (!member?.address || member.address.elementSize === null) throw new Error(`${name}: no length is known`);
  const { countedBy, elementSize } = member.address;
  const count = countedBy === null ? undefined : placeIn(type.$layout, countedBy);
  return { at: member, count, countedBy, unit: elementSize };
}

function requireRightKind(operation: string, name: string, data: AddressedData, { guest }: CommandAddress): void {
  if (!guest || !isBytes(data)) return;
  const rule = 'the command uses memory of the guest in place, so it must be { memory, offset?, length? }';
  throw new KvmArgumentError(operation, `${name} ${describe(data)}; ${rule}`);
}

/** @throws KvmArgumentError unless the bytes are whole units, and as many as the member that counts can state. */
function requireUnits(operation: string, name: string, length: number, unit: number, count: Place | undefined): void {
  const most = count === undefined ? 1 : 2 ** Math.min(8 * count.size, 53) - 1;
  if (length % unit === 0 && length / unit <= most) return;
  const rule =
    count === undefined ? `it must have ${unit}` : `it must have a multiple of ${unit}, at most ${most} of them`;
  throw new KvmArgumentError(operation, `${name} has ${length} bytes; ${rule}`);
}

/** @throws KvmFirmwareError when the firmware refuses, KvmError when the kernel does. */
function invoke(
  on: AddressTarget<'vm' | 'vcpu', Bindings>,
  call: AddressedArgument,
  name: string,
  command: IoctlCommand,
  carrier: View,
): void {
  const { KVM_MEMORY_ENCRYPT_OP: ioctl } = on.bindings;
  const result = call.call(on, ioctl.request);
  if (result >= 0) return;
  const { [command.error]: code = 0 } = carrier as unknown as Readonly<Record<string, number | bigint>>;
  if (BigInt(code) === 0n) throw refused(on.target, ioctl, result, undefined);
  throw firmwareError(ioctl.name, result, name, BigInt(code), isOfSev(command) ? sevErrorName(Number(code)) : null);
}
