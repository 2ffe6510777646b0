// One run of a vCPU: KVM_RUN, again and again, until it returns with an exit or a request is delivered.
#pragma once

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "records.h"

namespace kvm_uapi {

// The exclusive use of a vCPU for one ioctl. While another thread makes an ioctl, the constructor waits, because that
// is short. While another thread is in a run, the constructor does not wait, and the object is false.
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
  int64_t timeout = 0;  // nanoseconds; 0 for none
  uint64_t number = 0;  // for `abort`
  bool complete = false;
};

// A result besides the interruptions: the operation of the last exit is completed.
constexpr int completed = 0x100;

// Returns 0 for an exit, the number of an Interruption, `completed`, or -errno. Stray signals and EAGAIN do not end a
// run. `is_ending` tells whether the isolate of this thread ends; the result is -ECANCELED then.
template <typename IsEnding>
int run(Vcpu& vcpu, const RunOrder& order, IsEnding is_ending) {
  const Turn turn(vcpu, Vcpu::Use::kRun);
  if (!turn) return -EBUSY;
  KickGate& gate = vcpu.gate;
  gate.begin(order.number, order.complete);
  int result = vcpu.claim();
  // Otherwise the next run would assume that the thread has claimed the vCPU.
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
    if (result == 0 && is_ending()) result = -ECANCELED;
  }
  if (order.timeout > 0) gate.disarm();
  gate.end();
  return result;
}

}  // namespace kvm_uapi
