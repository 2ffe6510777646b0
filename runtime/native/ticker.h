// The teardown ticker lets Node end a Worker whose thread is inside KVM_RUN.
//
// Node does not announce that it ends a Worker, neither for worker.terminate() nor at the end of the process: it only
// waits for the Worker's thread. So one native thread signals every vCPU that is in a run, several times a second. The
// runner comes out of KVM_RUN and checks whether its isolate may still run JavaScript. If not, the run ends. The kick
// protocol does not depend on the ticker.
#pragma once

namespace kvm_uapi {

// Starts the ticker, unless it runs already. It runs as long as there are vCPUs. Returns 0, or -errno when no thread
// can be created.
int start_ticker();

// Called when an isolate ends: others may end soon, so the next ticks follow at shorter intervals.
void hasten_ticker();

}  // namespace kvm_uapi
