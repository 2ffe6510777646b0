// The teardown ticker lets Node end a Worker whose thread is inside KVM_RUN, and lets other threads reach such a Worker.
//
// Node does not announce that it ends a Worker, neither for worker.terminate() nor at the end of the process. Node
// only waits for the Worker's thread. Reports, heap snapshots and debuggers wait for the thread in the same way. So one
// native thread signals every vCPU that is in a run, 50 times a second. The signal makes KVM_RUN return, and the runner
// lets V8 handle its requests. If the isolate ends, the run ends. The kick protocol does not depend on the ticker.
#pragma once

namespace kvm_uapi {

// Starts the ticker, unless it runs already. The ticker runs as long as there are vCPUs. Returns 0, or -errno if no
// thread can be created.
int start_ticker();

// Makes the next ticks follow at shorter intervals. Called when an isolate ends, because other isolates may end soon.
void hasten_ticker();

}  // namespace kvm_uapi
