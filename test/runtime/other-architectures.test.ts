/** The methods that only some architectures have, and the error of a JavaScript program that calls one on another architecture. */

import { describe, expect, it } from 'vitest';
import * as arm64 from '../../runtime/arm64.js';
import { KvmUnsupportedError } from '../../runtime/index.js';
import { isAbsent, methodsOfSome } from '../../runtime/other-architectures.js';
import * as riscv64 from '../../runtime/riscv64.js';
import * as x86_64 from '../../runtime/x86_64.js';

const architectures = { x86_64, arm64, riscv64 };
type ArchitectureName = keyof typeof architectures;
const names = Object.keys(architectures) as ArchitectureName[];
const classNames = ['Kvm', 'Vm', 'Vcpu'] as const;

/** Returns all functions of a class and its parents, by name. The one of a subclass counts. */
function functionsOf({ prototype }: { readonly prototype: object }): Map<string, object> {
  const found = new Map<string, object>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !found.has(name)) found.set(name, value);
    }
  }
  return found;
}

/** The architectures that have a method. */
function having(className: (typeof classNames)[number], method: string): ArchitectureName[] {
  return names.filter((name) => {
    const value = functionsOf(architectures[name][className]).get(method);
    return value !== undefined && !isAbsent(value);
  });
}

describe.each(classNames)('the class %s', (className) => {
  it('the table has the methods that not all architectures have, with the architectures that have them', () => {
    const methods = new Set(names.flatMap((name) => [...functionsOf(architectures[name][className]).keys()]));
    const some = [...methods].map((method) => [method, having(className, method)] as const);
    const expected = some.filter(([, those]) => those.length < names.length);
    expect(expected.length).toBeGreaterThan(10);
    expect(new Map(methodsOfSome(className))).toEqual(new Map(expected));
  });

  it('a method of another architecture throws an error that names the architectures that have the method', () => {
    let calls = 0;
    for (const name of names) {
      for (const [method, value] of functionsOf(architectures[name][className])) {
        if (!isAbsent(value)) continue;
        calls++;
        const entries = having(className, method).map((other) => `'kvm-uapi/${other}'`);
        const text = `${className}.${method}: this architecture does not have the method; ${entries.join(' and ')} ${entries.length > 1 ? 'have' : 'has'} it`;
        expect(() => Reflect.apply(value as () => void, undefined, [])).toThrow(text);
      }
    }
    expect(calls).toBeGreaterThan(10);
  });
});

describe.each(names.filter((name) => name !== (process.arch === 'x64' ? 'x86_64' : process.arch)))(
  'the entry of %s',
  (name) => {
    it('Kvm.open on another machine throws KvmUnsupportedError, which names the entry to import', () => {
      const { Kvm } = architectures[name];
      expect(() => Kvm.open()).toThrow(KvmUnsupportedError);
      expect(() => Kvm.open()).toThrow(/Kvm\.open: this is the method of 'kvm-uapi\/\w+'.*; import 'kvm-uapi\/\w+'$/);
      expect(() => Kvm.fromFd(0)).toThrow(KvmUnsupportedError);
    });
  },
);
