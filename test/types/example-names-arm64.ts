/** The objects that the examples of the docstrings in runtime/arm64/ use and do not create. */

import type * as arm64 from 'kvm-uapi/arm64';

export declare const kvm: arm64.Kvm;
export declare const vm: arm64.Vm;
export declare const vcpu: arm64.Vcpu;
export declare function serve(exit: arm64.RunResult): 'stop' | undefined;
