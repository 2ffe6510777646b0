// Test hooks of the kick protocol. In the product they are nothing; built with KVM_UAPI_TEST_HOOKS they let a test leave
// a step out, and hold a thread in a gap between two steps.
//
//   STEP(name) statement;    the statement is left out when a test says so
//   WRONG(name) statement;   a known mistake: done only when a test says so
//   GAP(name);               a thread that comes here stays while a test holds the gap
//   COUNT(name);             counts how often it comes here
#pragma once

#ifndef KVM_UAPI_TEST_HOOKS

#define STEP(name)
#define WRONG(name) if constexpr (false)
#define GAP(name)
#define COUNT(name)

#else

#include <stdint.h>
#include <string.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#define STEP(name) if (!points.changed(::kvm_uapi::hooks::Change::name))
#define WRONG(name) if (points.changed(::kvm_uapi::hooks::Change::name))
#define GAP(name) points.pass(::kvm_uapi::hooks::Gap::name)
#define COUNT(name) points.name.fetch_add(1)

namespace Napi {
class Object;
}

namespace kvm_uapi::hooks {

enum class Gap : int { kNone, kBeforeK2, kBeforeK3, kBeforeR1, kBeforeR2, kBeforeR4, kBeforeR5, kBeforeR7 };
enum class Change : int {
  K1, K2, K3, R1, R3, R5, R6, R7, flag, landing, forget, one_in_flight, thread_mask, mask_inside, heartbeat, clear_before_entry
};

constexpr const char* gap_names[] = {"", "K2", "K3", "R1", "R2", "R4", "R5", "R7"};
constexpr const char* change_names[] = {"K1",     "K2",            "K3",          "R1",          "R3",
                                        "R5",     "R6",            "R7",          "flag",        "landing",
                                        "forget", "one_in_flight", "thread_mask", "mask_inside", "heartbeat",
                                        "clear_before_entry"};

// The place of a name in one of the lists above, or -1.
template <size_t count>
int index_of(const char* const (&names)[count], const char* name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return static_cast<int>(i);
  }
  return -1;
}

// Gives the addon's exports the functions of hooks.cc.
void add_to(Napi::Object exports);

// Of one vCPU.
class Points {
 public:
  bool changed(Change change) const { return (changes_.load() >> static_cast<int>(change) & 1) != 0; }

  void set_changed(Change change, bool changed) {
    const uint32_t bit = uint32_t{1} << static_cast<int>(change);
    changed ? changes_.fetch_or(bit) : changes_.fetch_and(~bit);
  }

  // Whoever comes to the gap from now on stays there until the next call.
  void hold(Gap gap) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_.store(gap);
    parked_ = 0;
    holds_++;
    happened_.notify_all();
  }

  void pass(Gap gap) {
    if (held_.load() != gap) return;
    std::unique_lock<std::mutex> lock(mutex_);
    if (held_.load() != gap) return;
    parked_++;
    happened_.notify_all();
    happened_.wait(lock, [this, hold = holds_] { return holds_ != hold; });
  }

  // Whether somebody is in the gap that is held, waiting so many milliseconds for it.
  bool await_parked(int64_t milliseconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    return happened_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return parked_ > 0; });
  }

  // Threads that kick aside.
  std::atomic<int> kicking_aside{0};

  // Signals for the thread, and those of them that the kernel did not take.
  std::atomic<uint32_t> sent{0};
  std::atomic<uint32_t> refused{0};

 private:
  std::mutex mutex_;
  std::condition_variable happened_;
  std::atomic<Gap> held_{Gap::kNone};
  int parked_ = 0;
  uint64_t holds_ = 0;
  std::atomic<uint32_t> changes_{0};
};

}  // namespace kvm_uapi::hooks

#endif
