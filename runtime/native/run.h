// One run of a vCPU: it repeats KVM_RUN until KVM_RUN returns with an exit, or until a request is delivered.
#pragma once

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "records.h"

namespace kvm_uapi {

// The exclusive use of a vCPU for one ioctl. If another thread makes an ioctl, the constructor waits, because an
// ioctl is short. If another thread is in a run, the constructor does not wait, and the object converts to false.
class Turn {
 public:
  Turn(Vcpu& vcpu, Vcpu::Use use) : vcpu_(vcpu) {
    for (;;) {
      Vcpu::Use before = Vcpu::Use::kNone;
      mine_ = vcpu.use.compare_exchange_strong(before, use);
      if (mine_ || before == Vcpu::Use::kRun) return;
      sched_yield();
    }
  }
  ~Turn() {
    if (mine_) vcpu_.use.store(Vcpu::Use::kNone, std::memory_order_release);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  explicit operator bool() const { return mine_; }

 private:
  Vcpu& vcpu_;
  bool mine_ = false;
};

struct RunOrder {
  int64_t timeout = 0;    // in nanoseconds; 0 for no timeout
  uint64_t number = 0;    // the number of the run for `abort`; 0 for no number
  bool complete = false;  // only completes the operation of the last exit
  int signal_pipe = -1;   // the run is interrupted while this pipe is readable; -1 for no pipe
};

// Returns whether a process signal waits for the event loop of this signal pipe, see process-signals.h.
inline bool is_signal_waiting(int signal_pipe) {
  pollfd file = {signal_pipe, POLLIN, 0};
  return poll(&file, 1, 0) > 0 && (file.revents & POLLIN) != 0;
}

// The result of a run with `complete` when the operation of the last exit is completed.
constexpr int completed = 0x100;

// Runs the vCPU once. Returns 0 for an exit, the number of an Interruption, `completed`, or -errno. Stray signals and
// EAGAIN do not end a run.
//
// If KVM_RUN has returned without an exit, and R7 finds no request, the run calls `may_continue` before it continues at
// R1. If that returns false, the result is -ECANCELED. The call may run any JavaScript. The vCPU stays in use, and
// requests stay until the next R2. If this JavaScript runs a vCPU on this thread, the result is -EBUSY.
template <typename MayContinue>
int run(Vcpu& vcpu, const RunOrder& order, MayContinue may_continue) {
  if (KickGate::is_running_here()) return -EBUSY;
  const Turn turn(vcpu, Vcpu::Use::kRun);
  if (!turn) return -EBUSY;
  KickGate& gate = vcpu.gate;
  const auto has_process_signal = [&] { return order.signal_pipe >= 0 && is_signal_waiting(order.signal_pipe); };
  gate.begin(order.number, order.complete || has_process_signal());
  int result = vcpu.claim();
  // Without this, the next run would assume that the thread has claimed the vCPU.
  if (result != 0) gate.forget_thread(this_thread());
  if (result == 0 && order.timeout > 0) result = gate.arm(order.timeout);
  while (result == 0) {
    gate.enter();
    const int status = ioctl(vcpu.fd, vcpu.run_request, 0);
    const int error = errno;
    gate.leave();
    if (status >= 0) break;
    if (error != EINTR && error != EAGAIN) {
      result = -error;
      break;
    }
    gate.take_back();
    result = order.complete ? completed : static_cast<int>(gate.deliver());
    // If another thread has got the signal, or if the signal came just before KVM_RUN, a tick makes KVM_RUN return.
    if (result == 0 && has_process_signal()) result = static_cast<int>(Interruption::kProcessSignal);
    if (result == 0 && !may_continue()) result = -ECANCELED;
  }
  if (order.timeout > 0) gate.disarm();
  gate.end();
  return result;
}

}  // namespace kvm_uapi
