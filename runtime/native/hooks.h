// Test hooks, compiled out of the product: a vCPU's thread can be held in the gap between its last look at the request
// and KVM_RUN, where a kick that only signals would be lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace kvm_uapi::hooks {

struct Gap {
  std::mutex mutex;
  std::condition_variable changed;
  bool hold = false;
  bool parked = false;
};

inline Gap& gap() {
  static auto* const instance = new Gap;
  return *instance;
}

// The next run to reach the gap stays there.
inline void hold_gap(bool hold) {
  std::lock_guard<std::mutex> lock(gap().mutex);
  gap().hold = hold;
  gap().changed.notify_all();
}

inline void pass_gap() {
  std::unique_lock<std::mutex> lock(gap().mutex);
  if (!gap().hold) return;
  gap().parked = true;
  gap().changed.notify_all();
  gap().changed.wait(lock, [] { return !gap().hold; });
  gap().parked = false;
}

// Whether a run is in the gap, waiting so many milliseconds for one.
inline bool await_gap(int64_t milliseconds) {
  std::unique_lock<std::mutex> lock(gap().mutex);
  return gap().changed.wait_for(lock, std::chrono::milliseconds(milliseconds), [] { return gap().parked; });
}

inline void release_gap() { hold_gap(false); }

}  // namespace kvm_uapi::hooks
