// A run of a vCPU, from the order to what there is to tell of it.
#pragma once

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "records.h"

namespace kvm_uapi {

// The vCPU for one ioctl. Another one is waited for, which is short; a run is not: empty then.
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

// Beside the Interruptions: all that was pending is completed.
constexpr int completed = 0x100;

// 0 for an exit, the Interruption for one, else -errno. Stray signals and EAGAIN never come out. `is_ending` says whether
// this thread has to come back for good: -ECANCELED.
template <typename IsEnding>
int run(Vcpu& vcpu, const RunOrder& order, IsEnding is_ending) {
  const Turn turn(vcpu, Vcpu::Use::kRun);
  if (!turn) return -EBUSY;
  KickGate& gate = vcpu.gate;
  gate.begin(order.number, order.complete);
  int result = vcpu.claim();
  // So that the next run does not take it for claimed.
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
    result = order.complete ? completed : static_cast<int>(gate.tell());
    if (result == 0 && is_ending()) result = -ECANCELED;
  }
  if (order.timeout > 0) gate.disarm();
  gate.end();
  return result;
}

}  // namespace kvm_uapi
