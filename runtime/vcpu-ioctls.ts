/** The ioctls of a vCPU that get or set a struct, or have no argument. The first use of an ioctl asks whether the kernel has it. */

import { allocate, type IoctlAlone, type IoctlByPointer, type PartialOf, type View } from '../support/index.js';
import { type AnnouncedIoctl, requireIoctl } from './capability.js';
import type { Bindings, VcpuContext } from './context.js';
import { KvmUnsupportedError } from './errors.js';
import { wholeStruct } from './struct-values.js';

/** The ioctls of a vCPU whose argument is a struct, and the views of their structs. */
export type VcpuStructs<B> = {
  [Name in keyof B as B[Name] extends IoctlByPointer<View, 'vcpu'> ? Name : never]: B[Name] extends IoctlByPointer<
    infer T
  >
    ? T
    : never;
};

/** The names of the ioctls of a vCPU without an argument. */
type Plain<B> = { [Name in keyof B]: B[Name] extends IoctlAlone<'vcpu'> ? Name : never }[keyof B];

/** The ioctls of a vCPU, by their names in the bindings. */
export class VcpuIoctls<B extends Bindings> {
  readonly #vcpu: VcpuContext<B>;
  /** The ioctls that the kernel is known to have. */
  readonly #found = new Set<string>();

  constructor(vcpu: VcpuContext<B>) {
    this.#vcpu = vcpu;
  }

  /** Returns an ioctl. @throws KvmUnsupportedError when the bindings or the kernel do not have it. */
  supported<Name extends keyof B & string>(name: Name): B[Name] {
    const { bindings } = this.#vcpu;
    const { [name]: ioctl } = bindings as Partial<B>;
    if (ioctl === undefined) {
      throw new KvmUnsupportedError(name, `the bindings of ${bindings.$target.name} do not have this ioctl`);
    }
    if (!this.#found.has(name)) {
      requireIoctl(this.#vcpu.target, ioctl as AnnouncedIoctl);
      this.#found.add(name);
    }
    return ioctl as B[Name];
  }

  /** Makes an ioctl without an argument. Returns the result of the system call. */
  do(name: Plain<B> & string): number {
    return this.#vcpu.ioctl(this.supported(name) as IoctlAlone<'vcpu'>);
  }

  /** Makes an ioctl that writes a struct. `current` returns the struct for the members that `values` does not have. */
  set<Name extends keyof VcpuStructs<B> & string>(
    name: Name,
    values: PartialOf<VcpuStructs<B>[Name]>,
    current: () => VcpuStructs<B>[Name] = () => values as VcpuStructs<B>[Name],
  ): void {
    const request = this.#request(name);
    this.#vcpu.ioctl(request, wholeStruct(name, values as PartialOf<View>, current as () => View));
  }

  /** Makes an ioctl that reads a struct into `view` or a new view, and returns this view. */
  get<Name extends keyof VcpuStructs<B> & string>(
    name: Name,
    view: VcpuStructs<B>[Name] | undefined,
  ): VcpuStructs<B>[Name] {
    const request = this.#request(name);
    const into = (view as View | undefined) ?? allocate(request.argument);
    this.#vcpu.ioctl(request, into);
    return into as VcpuStructs<B>[Name];
  }

  #request(name: string): IoctlByPointer<View, 'vcpu'> {
    return this.supported(name as keyof B & string) as unknown as IoctlByPointer<View, 'vcpu'>;
  }
}
