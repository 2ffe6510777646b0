// Test hooks of the kick protocol. In the product they have no effect. With KVM_UAPI_TEST_HOOKS a test can leave out
// a step, and it can hold a thread in a gap between two steps.
//
//   STEP(name) statement;    executes the statement, unless a test has made the change of this name
//   WRONG(name) statement;   a known mistake: executes the statement only if a test has made the change of this name
//   GAP(name);               the gap before the step of this name: while a test holds the gap, a thread waits here
//   COUNT(name);             counts how often a thread arrives here
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

// The gaps. Each gap is before the step of the same name in kick.h.
#define KVM_UAPI_GAPS(each) each(K2) each(K3) each(R1) each(R2) each(R4) each(R5) each(R7)

// The changes. Each change leaves out the step of its name. The last change is different: it adds a mistake.
#define KVM_UAPI_CHANGES(each)                                                                                \
  each(K1) each(K2) each(K3) each(R1) each(R3) each(R5) each(R6) each(R7) each(flag) each(caller_flag)        \
      each(reset_in_flight) each(forget) each(one_in_flight) each(thread_mask) each(mask_inside) each(ticker) \
          each(clear_before_entry)

#define KVM_UAPI_ENUMERATOR(name) name,
#define KVM_UAPI_NAME(name) #name,
enum class Gap : int { none = -1, KVM_UAPI_GAPS(KVM_UAPI_ENUMERATOR) };
enum class Change : int { KVM_UAPI_CHANGES(KVM_UAPI_ENUMERATOR) };
constexpr const char* gap_names[] = {KVM_UAPI_GAPS(KVM_UAPI_NAME)};
constexpr const char* change_names[] = {KVM_UAPI_CHANGES(KVM_UAPI_NAME)};
#undef KVM_UAPI_ENUMERATOR
#undef KVM_UAPI_NAME

// Returns the index of a name in one of the lists above, or -1.
template <size_t count>
int index_of(const char* const (&names)[count], const char* name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return static_cast<int>(i);
  }
  return -1;
}

// Adds the functions of hooks.cc to the addon's exports.
void add_to(Napi::Object exports);

// The hooks of one vCPU.
class Points {
 public:
  bool changed(Change change) const { return (changes_.load() >> static_cast<int>(change) & 1) != 0; }

  void set_changed(Change change, bool changed) {
    const uint32_t bit = uint32_t{1} << static_cast<int>(change);
    changed ? changes_.fetch_or(bit) : changes_.fetch_and(~bit);
  }

  // Holds the gap: a thread that arrives at the gap waits there until the next call.
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

  // Waits until a thread is in the held gap, for at most this many milliseconds. Returns whether there is such a
  // thread.
  bool await_parked(int64_t milliseconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    return happened_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return parked_ > 0; });
  }

  // The number of threads of kickAside that have not returned yet.
  std::atomic<int> kicking_aside{0};

  // The number of signals that were sent to the thread, and the number of signals that the kernel refused.
  std::atomic<uint32_t> sent{0};
  std::atomic<uint32_t> refused{0};

 private:
  std::mutex mutex_;
  std::condition_variable happened_;
  std::atomic<Gap> held_{Gap::none};
  int parked_ = 0;
  uint64_t holds_ = 0;
  std::atomic<uint32_t> changes_{0};
};

}  // namespace kvm_uapi::hooks

#endif
