/**
 * The methods that only some architectures have. TypeScript does not know them on another architecture. A JavaScript program that
 * calls one there gets an error that names the architectures of the method.
 */

import { KvmUnsupportedError } from './errors.js';
import type { ArchitectureName } from './host-bindings.js';

type ClassName = 'Kvm' | 'Vm' | 'Vcpu';
/** Architectures, and the names of the methods that these have and the others do not have. */
type Methods = readonly (readonly [architectures: readonly ArchitectureName[], names: string])[];

const table: Readonly<Record<ClassName, Methods>> = {
  Kvm: [
    [
      ['x86_64'],
      `
      getDeviceAttr getEmulatedCpuid getMceCapSupported getMsrFeatureIndexList getMsrIndexList getMsrs
      getSupportedCpuid getSupportedHvCpuid hasDeviceAttr requestXcompGuestPermission setDeviceAttr
      `,
    ],
  ],
  Vm: [
    [
      ['x86_64'],
      `
      createPit createPit2 getClock getDeviceAttr getIrqchip getNrMmuPages getPit getPit2 getTscKhz
      memoryEncryptOp registerEncryptedRegion registerHypervEventfd reinjectControl setBootCpuId setClock
      setIdentityMapAddr setIrqLineStatus setIrqchip setMsrFilter setNrMmuPages setPit setPit2 setPmuEventFilter
      setTscKhz setTssAddr unregisterEncryptedRegion unregisterHypervEventfd xenHvmConfig xenHvmEvtchnSend
      xenHvmGetAttr xenHvmSetAttr
      `,
    ],
    [
      ['x86_64', 'arm64'],
      `
      createIrqchip hasDeviceAttr setDeviceAttr
      `,
    ],
    [
      ['arm64'],
      `
      getPreferredTarget setCounterOffset setSmcccFilter
      `,
    ],
  ],
  Vcpu: [
    [
      ['x86_64'],
      `
      enableCap getCpuid2 getDebugregs getFpu getLapic getMsrs getNestedState getSregs getSregs2
      getSupportedHvCpuid getTscKhz getXcrs getXsave getXsave2 interrupt kvmclockCtrl memoryEncryptOp
      nmi setCpuid setCpuid2 setDebugregs setFpu setLapic setMce setMsrs setNestedState setSregs
      setSregs2 setTprAccessReporting setTscKhz setVapicAddr setXcrs setXsave setupMce smi syncRegs
      translate xenVcpuGetAttr xenVcpuSetAttr
      `,
    ],
    [
      ['x86_64', 'arm64'],
      `
      getDeviceAttr getRegs getVcpuEvents hasDeviceAttr setDeviceAttr setRegs setVcpuEvents
      `,
    ],
    [
      ['arm64'],
      `
      vcpuFinalize vcpuInit
      `,
    ],
  ],
};

/** The architectures of each method that not all have. A test compares this with the classes. */
export function methodsOfSome(className: ClassName): ReadonlyMap<string, readonly ArchitectureName[]> {
  const rows = table[className].flatMap(([architectures, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, architectures] as const),
  );
  return new Map(rows);
}

const absent = new WeakSet<object>();

/** Whether a value is the function that stands for a method of other architectures. */
export function isAbsent(value: unknown): boolean {
  return typeof value === 'function' && absent.has(value);
}

/** Defines the methods that not all architectures have on their common base class. The class of an architecture replaces its own. */
export function defineAbsent({ prototype }: { readonly prototype: object }, className: ClassName): void {
  for (const [name, architectures] of methodsOfSome(className)) {
    const value = (): never => {
      const entries = architectures.map((entry) => `'kvm-uapi/${entry}'`).join(' and ');
      throw new KvmUnsupportedError(
        `${className}.${name}`,
        `this architecture does not have the method; ${entries} ${architectures.length === 1 ? 'has' : 'have'} it`,
      );
    };
    absent.add(value);
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
