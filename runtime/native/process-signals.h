// The signals that a program listens for with process.on('SIGINT', …).
//
// The handler of libuv runs on any thread. It writes to a pipe of each event loop that waits for the signal, and the event
// loop calls the listeners. While a thread is in KVM_RUN, its event loop does not turn.
#pragma once

#include <node_api.h>

namespace kvm_uapi {

// Returns the file descriptor of the pipe of this isolate's event loop. The pipe is readable from the handler of a signal
// until the event loop has called the listeners. Returns -1 if the pipe is not found.
int signal_pipe_of(napi_env env);

}  // namespace kvm_uapi
