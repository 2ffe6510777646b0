/** The objects that the examples of the docstrings in runtime/riscv64/ use and do not create. */

import type * as riscv64 from 'kvm-uapi/riscv64';

export declare const kvm: riscv64.Kvm;
export declare const vm: riscv64.Vm;
export declare const vcpu: riscv64.Vcpu;
export declare function serve(exit: riscv64.RunResult): 'stop' | undefined;
