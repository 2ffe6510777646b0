// Teardown: how an isolate can be ended whose thread is inside of KVM_RUN.
//
// Node tells nobody that it is about to end a Worker, be it by worker.terminate() or by the end of the process: it only
// waits for the Worker's thread. So one thread of ours signals every vCPU that is being run, some times a second. Its
// runner comes out, looks whether its isolate may still run JavaScript, and goes on, or comes back for good. Kicks do
// not rely on it.
#pragma once

namespace kvm_uapi {

// Beats from now on, for as long as there are vCPUs. 0, or -errno where no thread is to be had.
int keep_heart_beating();

// An isolate is being ended: others may be soon.
void hasten_heart();

}  // namespace kvm_uapi
