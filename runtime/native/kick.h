// The kick protocol gets a vCPU out of KVM_RUN from any thread, and it loses no request.
//
// A kicker is a thread that wants the vCPU out of KVM_RUN. It first writes a request, which is a word of this gate.
// Then it sends a signal to the vCPU's thread. Only the request counts. The signal carries no information: it only
// makes the runner read the requests again.
//
//   the kicker, on any thread                 the runner, on the vCPU's thread
//   K1  write the request      (seq_cst)      R1  running_ = true               (seq_cst)
//   K2  read running_          (seq_cst)      R2  read the requests             (seq_cst)
//   K3  if it is true, signal the thread      R3  if there is one, make R4 return at once
//                                             R4  KVM_RUN
//                                             R5  running_ = false
//                                             R6  on EINTR or EAGAIN: take back what made R4 return
//                                             R7  read the requests; if there is none, continue at R1
//
// No request is lost. K1, K2, R1 and R2 are sequentially consistent, so there is a single order of them. In that order
// either R1 comes before K2, and then the kicker sends the signal; or K2 comes before R1. In the second case K1 comes
// before R2, because K1 comes before K2 and R1 before R2, and then the runner sees the request. It remains to show that
// the signal ends R4 even if it arrives before R4 has begun. Two mechanisms ensure that.
//
//   immediate_exit (Linux 4.11). The handler of the signal runs on the vCPU's thread and sets run->immediate_exit.
//   KVM_RUN reads this flag when it enters. A signal before R4 has set the flag by then, and a signal during R4 ends
//   KVM_RUN itself. R3 sets the flag, and R6 clears it. Nothing clears the flag between R2 and R4, because that would
//   lose a kick. Only the vCPU's own thread accesses the mapping; a kicker never does.
//
//   KVM_SET_SIGNAL_MASK. The thread keeps the signal blocked, and the kernel unblocks it only inside KVM_RUN. A signal
//   before R4 is pending, and it ends KVM_RUN when KVM_RUN enters. R3 sends the signal to its own thread, and R6 takes
//   the pending signals. The handler does nothing. With this mechanism each KVM_RUN takes the lock of the process's
//   signals twice.
//
// No request is swallowed. R2 and R7 compare the requests with the requests that were delivered, and only the delivery
// of a request consumes it. If a request arrives after R7 has read the requests, the next R2 sees it. If a request
// arrives and KVM_RUN returns with an exit, the request stays for the next run.
//
// For each entry of KVM_RUN at most one signal is in flight, because real-time signals queue and the queue is finite. A
// kicker that finds a signal in flight need not send another one: the handler, or R6, ends the flight of that signal
// before the runner reads the requests the next time, and K1 of this kicker is done by then.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "hooks.h"

namespace kvm_uapi {

enum class Mechanism { kImmediateExit, kSignalMask };

// The cause of a run that returned without an exit. If there are several causes, the first one in this order is
// delivered.
enum class Interruption { kNone, kKick, kAbort, kTimeout, kPause };

class KickGate {
 public:
  KickGate(Mechanism mechanism, uint8_t* immediate_exit, int signal_number)
      : mechanism_(mechanism), immediate_exit_(immediate_exit), signal_(signal_number) {}
  KickGate(const KickGate&) = delete;
  KickGate& operator=(const KickGate&) = delete;
  ~KickGate() {
    if (has_timer_) timer_delete(timer_);
  }

  // Any thread may call these.

  // Sticky: the current run is interrupted once, or the next run if there is no current one.
  void kick() {
    STEP(K1) requested_.fetch_add(1);
    signal_if_running();
  }

  // Interrupts the run with this number, whether it is in progress or begins later. It also interrupts runs with lower
  // numbers: these are over, because numbers rise from run to run.
  void abort(uint64_t run) {
    uint64_t highest = aborted_.load();
    while (highest < run && !aborted_.compare_exchange_weak(highest, run)) continue;
    signal_if_running();
  }

  // While at least one caller has paused the vCPU, every run is interrupted. Each call with true needs one with false.
  void pause(bool paused) {
    paused ? pausers_.fetch_add(1) : pausers_.fetch_sub(1);
    if (paused) signal_if_running();
  }

  // A tick of the teardown ticker. It requests nothing: the runner only checks whether its thread has to end.
  void tick() {
    STEP(ticker) if (running_.load()) signal_thread();
  }

  // Called when the thread is about to end: nobody may signal it after this.
  void forget_thread(pid_t thread) {
    std::lock_guard<std::mutex> lock(thread_mutex_);
    STEP(forget) if (thread_.load() == thread) thread_.store(0);
  }

  // Only the vCPU's thread may call these, in this order: begin, claim, enter, KVM_RUN, leave, end. After `leave` it
  // may call `take_back` and `deliver`, and continue at `enter`.

  // Returns true when the last run was on another thread.
  bool claim();

  // From here to `end` the handler works for this vCPU, and the signal mask of the thread is as the mechanism needs it.
  // `number` is the number for `abort`, or 0. With `at_once` R4 returns before the guest has executed anything, also
  // when there is no request.
  void begin(uint64_t number, bool at_once) {
    STEP(thread_mask) set_thread_mask();
    number_ = number;
    at_once_ = at_once;
    timed_out_ = false;
    current_ = this;
  }

  void enter() {
    GAP(R1);
    // A signal that arrived between two runs may have left this set. R1 publishes the reset.
    STEP(reset_in_flight) in_flight_.store(false, std::memory_order_relaxed);
    STEP(R1) running_.store(true);
    GAP(R2);
    const bool returns = at_once_ || interruption() != Interruption::kNone;  // R2
    STEP(R3) if (returns) mechanism_ == Mechanism::kImmediateExit ? set_flag(1) : signal_thread();
    GAP(R4);
    WRONG(clear_before_entry) set_flag(0);
  }

  void leave() {
    GAP(R5);
    // A kicker that reads this late sends a signal that has no effect.
    STEP(R5) running_.store(false, std::memory_order_release);
  }

  // After `leave`, when KVM_RUN has failed with EINTR or EAGAIN.
  void take_back() {
    STEP(R6) mechanism_ == Mechanism::kImmediateExit ? set_flag(0) : take_pending();
    GAP(R7);
  }

  // The request that is delivered next. R2 and R7 read the requests with this.
  Interruption interruption() const {
    if (requested_.load() != delivered_) return Interruption::kKick;
    if (number_ != 0 && aborted_.load() >= number_) return Interruption::kAbort;
    if (timed_out_) return Interruption::kTimeout;
    return pausers_.load() > 0 ? Interruption::kPause : Interruption::kNone;
  }

  // Delivers a request. All kicks that arrive before the delivery are delivered as one.
  Interruption deliver() {
    WRONG(R7) return Interruption::kNone;
    const Interruption next = interruption();
    if (next == Interruption::kKick) delivered_ = requested_.load();
    return next;
  }

  void end() {
    current_ = nullptr;
    if (mechanism_ == Mechanism::kImmediateExit) {
      set_flag(0);
    } else if (in_flight_.load()) {
      // KVM_RUN returned with an exit and left the signal pending. The next R2 reads the request that it was sent for.
      take_pending();
    }
  }

  // The timer of a run, between `begin` and `end`. Its signal goes to this thread only. After `disarm` has returned,
  // the signal cannot arrive any more, so no later run sees it. `arm` returns 0 or -errno.
  int arm(int64_t nanoseconds);
  void disarm();

  static void handle(int, siginfo_t* info, void*);

  // The signals that are blocked on this thread inside KVM_RUN, as a set of the kernel: all that are blocked outside of
  // it, except the kick signal of this vCPU.
  uint64_t mask_inside() const;

#ifdef KVM_UAPI_TEST_HOOKS
  // Sends a signal without a request.
  void stray() { signal_thread(); }
  hooks::Points points;
#endif

 private:
  void signal_if_running() {
    GAP(K2);
    STEP(K2) if (!running_.load()) return;
    GAP(K3);
    STEP(K3) signal_thread();
  }

  void set_thread_mask() const;
  void signal_thread();
  bool queue_signal(pid_t thread);
  void take_pending();
  void take(const siginfo_t& info);

  void set_flag(uint8_t value) {
    STEP(flag) __atomic_store_n(immediate_exit_, value, __ATOMIC_RELAXED);
  }

  const Mechanism mechanism_;
  uint8_t* const immediate_exit_;
  const int signal_;

  // The requests, and how many kicks were delivered.
  std::atomic<uint64_t> requested_{0};
  std::atomic<uint64_t> aborted_{0};
  std::atomic<int> pausers_{0};
  uint64_t delivered_ = 0;
  uint64_t number_ = 0;
  bool at_once_ = false;

  std::atomic<bool> running_{false};

  // The thread that the signal goes to. While the mutex is locked, the thread cannot end, so its id cannot be reused.
  std::mutex thread_mutex_;
  std::atomic<pid_t> thread_{0};
  std::atomic<bool> in_flight_{false};

  // The handler writes these on the same thread that reads them.
  static thread_local KickGate* volatile current_ __attribute__((tls_model("initial-exec")));
  volatile bool timed_out_ = false;
  volatile bool armed_ = false;

  // The timer belongs to the thread that last claimed the vCPU.
  timer_t timer_{};
  bool has_timer_ = false;
};

// The id of the calling thread. It asks the kernel once.
pid_t this_thread();

// Installs the handler of KickGate for a real-time signal. 0, or -EINVAL when the signal is not a real-time signal, or
// -EBUSY when the process already handles it in another way.
int install_handler(int signal_number);

// Whether the handler of KickGate is installed for this signal.
bool has_handler(int signal_number);

}  // namespace kvm_uapi
