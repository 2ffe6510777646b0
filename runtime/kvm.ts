/** `/dev/kvm`: the system file descriptor. */

import { inspectable } from '../support/inspect.js';
import { addon, type FileRecord } from './addon.js';
import { requirePath } from './arguments.js';
import { type CapabilityOf, checkExtension, rememberedAnswers, requireExtension } from './capability.js';
import type { Creator } from './construction.js';
import type { Architecture, Bindings, CapabilityContext, GenericIoctl, IoctlTarget } from './context.js';
import { registerKvm } from './creators.js';
import { adopted, requireCloexec, requireFd } from './descriptors.js';
import { KvmUnsupportedError, openKvmError } from './errors.js';
import { type ArchitectureName, checkBindings, checkEntry } from './host-bindings.js';
import { created, genericIoctl, ioctlsOfFile, requireValue } from './ioctl.js';
import { fileRecord, KernelFile } from './kernel-file.js';
import type { OpenVm } from './open-vm.js';
import { requireKnownKeys } from './options.js';
import { defineAbsent } from './other-architectures.js';
import { printBy } from './printing.js';
import { openedVm } from './vm.js';

let targetOf: <B extends Bindings, Vm>(kvm: KvmBase<B, Vm>) => IoctlTarget<'system'>;

/** The options of `Kvm.open`. */
export interface KvmOptionsOf<B extends Bindings> {
  /** By default `/dev/kvm`. */
  readonly path?: string;
  /** Bindings that were generated from other headers than those of the package. */
  readonly bindings?: B;
  /** Whether the file descriptor is closed in programs that this process starts. The default is true. */
  readonly cloexec?: boolean;
}

/** An open `/dev/kvm` before it has an object. */
export interface KvmFile<B extends Bindings> {
  readonly record: FileRecord;
  readonly architecture: Architecture<B>;
}

/** The methods of `Kvm` that every architecture has. */
export abstract class KvmBase<B extends Bindings, Vm> extends KernelFile {
  /** The bindings that `open` was given. */
  readonly bindings: B;
  readonly #system: CapabilityContext;
  readonly #target: IoctlTarget<'system'>;
  readonly #architecture: Architecture<B>;
  readonly #makeVm: (vm: OpenVm<B>) => Vm;
  /** Makes any ioctl of the system file descriptor. */
  readonly ioctl: GenericIoctl<'system'>;

  protected constructor(given: Creator, { record, architecture }: KvmFile<B>, makeVm: (vm: OpenVm<B>) => Vm) {
    super(given, 'Kvm.open or Kvm.fromFd', record);
    const { bindings, rules } = architecture;
    this.bindings = bindings;
    this.#architecture = architecture;
    this.#makeVm = makeVm;
    const answerTo = rememberedAnswers(bindings, (capability) => this.ioctl(bindings.KVM_CHECK_EXTENSION, capability));
    const check = (capability: number): number => {
      fileRecord(this); // Throws if this Kvm is closed.
      return answerTo(capability);
    };
    this.#system = { bindings, checkExtension: check };
    this.#target = { ...ioctlsOfFile(() => fileRecord(this)), kind: 'system', capabilities: this.#system, rules };
    this.ioctl = genericIoctl(this.#target);
    const vcpuMmapSize = (): number => this.ioctl(bindings.KVM_GET_VCPU_MMAP_SIZE);
    registerKvm(this, { architecture, vcpuMmapSize });
  }

  /**
   * KVM_GET_API_VERSION: returns the API version, which is 12 on every kernel since Linux 2.6.22.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_API_VERSION"
   */
  getApiVersion(): number {
    return this.ioctl(this.bindings.KVM_GET_API_VERSION);
  }

  // Capabilities

  /**
   * KVM_CHECK_EXTENSION: returns 0 if the kernel does not have the capability, and otherwise 1 or a number that the
   * capability defines. The kernel is asked once for each capability, except for those whose number can change.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmArgumentError for a name that the bindings do not have.
   * @example
   * const most = kvm.checkExtension('KVM_CAP_MAX_VCPUS');
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  checkExtension(capability: CapabilityOf<B>): number {
    return checkExtension(this.#system, capability);
  }

  /**
   * KVM_CHECK_EXTENSION: throws an error if the kernel does not have a capability.
   *
   * @param capability a name such as `KVM_CAP_IRQFD`, or a number.
   * @throws KvmUnsupportedError, which names the capability, when the kernel does not have it, KvmArgumentError for a
   * name that the bindings do not have.
   * @see api.rst, "KVM_CHECK_EXTENSION"
   */
  requireExtension(capability: CapabilityOf<B>): void {
    requireExtension(this.#system, capability);
  }

  // VMs

  /**
   * KVM_GET_VCPU_MMAP_SIZE: returns the number of bytes that a vCPU shares with user space.
   *
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_GET_VCPU_MMAP_SIZE"
   */
  getVcpuMmapSize(): number {
    return this.ioctl(this.bindings.KVM_GET_VCPU_MMAP_SIZE);
  }

  /**
   * KVM_CREATE_VM: creates a VM.
   *
   * @param type the machine type, `KVM_VM_…` or 0. On x86 0 is the type that guests expect.
   * @throws KvmError when the kernel refuses.
   * @see api.rst, "KVM_CREATE_VM"
   */
  createVm(type: number | bigint = 0): Vm {
    const { KVM_CREATE_VM: request } = this.bindings;
    const value = requireValue(request, type);
    const record = addon().vmCreate(fileRecord(this), request.request, value);
    const made = created(this.#target, request, record, value);
    return this.#makeVm(openedVm(made, this.#architecture, this.getVcpuMmapSize()));
  }

  static {
    printBy({ name: 'Kvm', prototype: KvmBase.prototype as KvmBase<Bindings, unknown> }, ({ fd }) => ({ fd }));
    defineAbsent(KvmBase, 'Kvm');
    targetOf = (kvm) => kvm.#target;
  }
}

/** The file of a `Kvm`, for the ioctls of one architecture. */
export function kvmTarget<B extends Bindings, Vm>(kvm: KvmBase<B, Vm>): IoctlTarget<'system'> {
  return targetOf(kvm);
}

/** Implements `Kvm.open`. `entry` is the architecture of the class, and `standard` its own bindings. */
export function openedKvm<B extends Bindings>(
  entry: ArchitectureName,
  options: KvmOptionsOf<B>,
  standard: B,
  architectureOf: (bindings: B) => Architecture<B>,
): KvmFile<B> {
  requireKnownKeys<KvmOptionsOf<B>>('Kvm.open', options, { path: true, bindings: true, cloexec: true });
  const { path = '/dev/kvm', bindings = standard, cloexec = true } = options;
  requirePath('Kvm.open', path);
  requireCloexec('Kvm.open', cloexec);
  checkEntry('Kvm.open', entry);
  checkBindings('Kvm.open', bindings);
  inspectable(bindings);
  const record = addon().open(path, cloexec);
  if (typeof record === 'number') throw openKvmError(path, record);
  return withRightVersion(path, { record, architecture: architectureOf(bindings) });
}

/** Implements `Kvm.fromFd`. `entry` is the architecture of the class, and `standard` its own bindings. */
export function kvmFromFd<B extends Bindings>(
  entry: ArchitectureName,
  fd: number,
  options: Pick<KvmOptionsOf<B>, 'bindings'>,
  standard: B,
  architectureOf: (bindings: B) => Architecture<B>,
): KvmFile<B> {
  const operation = 'Kvm.fromFd';
  requireKnownKeys<Pick<KvmOptionsOf<B>, 'bindings'>>(operation, options, { bindings: true });
  const { bindings = standard } = options;
  const number = requireFd(operation, fd);
  checkEntry(operation, entry);
  checkBindings(operation, bindings);
  inspectable(bindings);
  const record = adopted(operation, '/dev/kvm', number, addon().systemFromFd(number));
  return withRightVersion(`fd ${number}`, { record, architecture: architectureOf(bindings) });
}

/** Returns the file. @throws KvmUnsupportedError when the kernel has another API version, after the file is closed. */
function withRightVersion<B extends Bindings>(path: string, file: KvmFile<B>): KvmFile<B> {
  const { bindings } = file.architecture;
  const version = addon().fileIoctl(file.record, bindings.KVM_GET_API_VERSION.request, 0);
  if (version === bindings.KVM_API_VERSION) return file;
  addon().fileRelease(file.record);
  if (version < 0) throw openKvmError(path, version);
  throw new KvmUnsupportedError(
    'KVM_GET_API_VERSION',
    `the kernel has version ${version}, and the bindings have version ${bindings.KVM_API_VERSION}, which every kernel has since Linux 2.6.22`,
  );
}
