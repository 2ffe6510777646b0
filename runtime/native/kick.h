// The kick protocol gets a vCPU out of KVM_RUN from any thread. It loses no request.
//
// The runner is the thread that runs the vCPU. A kicker is a thread that wants the vCPU out of KVM_RUN. A kicker
// first writes a request to a variable of this gate. The request is a kick, an abort or a pause. Then the kicker
// sends a signal to the runner. Only the request counts. The signal of a kicker carries no information: it only makes
// the runner read the requests again. A timeout is a request that the runner itself writes when the signal of its timer
// arrives, which `si_code` identifies.
//
//   the kicker, on any thread                 the runner, on the vCPU's thread
//   K1  write the request      (seq_cst)      R1  running_ = true               (seq_cst)
//   K2  read running_          (seq_cst)      R2  read the requests             (seq_cst)
//   K3  if it is true, signal the runner      R3  if there is a request, make R4 return at once
//                                             R4  KVM_RUN
//                                             R5  running_ = false
//                                             R6  if R4 failed with EINTR or EAGAIN, undo what made R4 return
//                                             R7  read the requests; if there is none, continue at R1
//
// If R4 returns with an exit, the run ends after R5 and returns the exit. If R7 finds a request, the run delivers it.
// K1 is in `kick`, `abort` and `pause`; K2 and K3 are in `signal_if_running`; R1 to R3 are in `enter`; R4 is in
// run.h; R5 is `leave`; R6 is `take_back`; R7 is `deliver`.
//
// No request is lost. K1, K2, R1 and R2 are sequentially consistent, so there is a single order of all of them. In
// this order K1 comes before K2, and R1 comes before R2. There are two cases.
//
//   R1 comes before K2. Then the kicker reads true and sends the signal, or it reads the false that R5 has stored.
//   K2 comes before R1. Then K1 comes before R2, because K1 comes before K2, K2 before R1, and R1 before R2. So the
//   runner sees the request.
//
// If the kicker reads the false that R5 has stored, R4 has returned already, and K2 comes before the next R1. So the
// second case holds for the next R1 and R2.
//
// It remains to show that the signal ends R4 even if the signal arrives before R4 has begun. Two mechanisms ensure
// this.
//
//   immediate_exit (Linux 4.11). The handler of the signal runs on the vCPU's thread and sets run->immediate_exit.
//   KVM_RUN reads this flag when it enters. If the signal arrives before R4, the flag is set when R4 begins. If the
//   signal arrives during R4, the signal itself ends KVM_RUN. R3 sets the flag. R6 clears it, or `end` after an exit.
//   Nothing clears the flag between R2 and R4, because that would lose a kick. A kicker never accesses the mapping.
//
//   KVM_SET_SIGNAL_MASK. The thread keeps the signal blocked, and the kernel unblocks it only inside KVM_RUN. If the
//   signal arrives before R4, the signal is pending, and it ends KVM_RUN when KVM_RUN enters. R3 sends the signal to
//   its own thread, and R6 takes the pending signals. The handler does not set the flag. With this mechanism each
//   KVM_RUN takes the lock of the process's signals twice.
//
// No request is swallowed. R2 and R7 compare the requests with the requests that were delivered. Only the delivery of
// a request consumes it. If a request arrives after R7 has read the requests, the next R2 sees it. If a request
// arrives and KVM_RUN returns with an exit, the request stays for the next run.
//
// At most one signal is in flight for each entry of KVM_RUN, because real-time signals queue and the queue is finite.
// A kicker that finds a signal in flight does not need to send another one. The flight of that signal ends in the
// handler, in R6, in `end`, or in `enter` just before R1. After each of these the runner reads the requests before it
// enters KVM_RUN or returns an interruption. At that time K1 of this kicker is done, so the runner sees its request.
//
// The caller's flag. JavaScript can store a value into immediate_exit too, on any thread and with both mechanisms. This
// store is a kick: `begin`, R6 and `end` clear the flag, and if a caller has set it, they make it a request. The gate
// itself sets only one bit of the flag and leaves the other bits as they are. So a store by a caller during a run is
// distinguished from the handler's, unless the caller stores exactly this bit. Between two runs every value is the
// caller's.
//
// A release store suffices for R5. A kicker that reads the old value sends a signal, and a signal without a request has
// no effect.
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

// Why a run returned without an exit. If there are several causes, the run delivers the first one in this order.
// kProcessSignal is not a request: run.h looks for process signals if there is no request.
enum class Interruption { kNone, kKick, kAbort, kTimeout, kPause, kProcessSignal };

class KickGate {
 public:
  KickGate(Mechanism mechanism, uint8_t* immediate_exit, int signal_number)
      : mechanism_(mechanism), immediate_exit_(immediate_exit), signal_(signal_number) {}
  KickGate(const KickGate&) = delete;
  KickGate& operator=(const KickGate&) = delete;
  ~KickGate() {
    if (has_timer_) timer_delete(timer_);
  }

  // Any thread may call these functions.

  // Interrupts the current run once, or the next run if no run is in progress.
  void kick() {
    STEP(K1) requested_.fetch_add(1);
    signal_if_running();
  }

  // Interrupts the run with this number, whether the run is in progress or begins later. Runs with lower numbers are
  // interrupted too. Such runs are over, because numbers rise from run to run.
  void abort(uint64_t run) {
    uint64_t highest = aborted_.load();
    while (highest < run && !aborted_.compare_exchange_weak(highest, run)) continue;
    signal_if_running();
  }

  // Interrupts every run while at least one caller has paused the vCPU. Each call with true needs a call with false: class
  // Isolate counts the calls.
  void pause(bool paused) {
    paused ? pausers_.fetch_add(1) : pausers_.fetch_sub(1);
    if (paused) signal_if_running();
  }

  // A tick of the teardown ticker. A tick is not a request: it only makes the runner check whether its thread must
  // end.
  void tick() { STEP(ticker) if (running_.load()) signal_thread(); }

  // Call this when the thread is about to end. No thread signals it after this.
  void forget_thread(pid_t thread) {
    std::lock_guard<std::mutex> lock(thread_mutex_);
    STEP(forget) if (thread_.load() == thread) thread_.store(0);
  }

  // Only the vCPU's thread may call these functions, in this order: begin, claim, enter, KVM_RUN, leave, end. After
  // `leave` the thread may call `take_back` and `deliver`, and continue at `enter`.

  // Returns true when the last run was on another thread.
  bool claim();

  // From this call to `end`, the handler acts on this vCPU, and the thread has the signal mask of the mechanism.
  // `number` is the number of the run for `abort`, or 0. If `at_once` is true, R4 returns before the guest executes
  // an instruction, even if there is no request.
  void begin(uint64_t number, bool at_once) {
    clear_flag(0);
    STEP(thread_mask) set_thread_mask();
    number_ = number;
    at_once_ = at_once;
    timed_out_ = false;
    current_ = this;
  }

  void enter() {
    GAP(R1);
    // This can still be true after a signal that arrived between two runs. R1 publishes the reset.
    STEP(reset_in_flight) in_flight_.store(false, std::memory_order_relaxed);
    STEP(R1) running_.store(true);
    GAP(R2);
    const bool returns = at_once_ || interruption() != Interruption::kNone;  // R2
    STEP(R3) if (returns) mechanism_ == Mechanism::kImmediateExit ? set_flag() : signal_thread();
    GAP(R4);
    WRONG(clear_before_entry) __atomic_store_n(immediate_exit_, 0, __ATOMIC_RELAXED);
  }

  void leave() {
    GAP(R5);
    // If a kicker reads this value late, it sends a signal that has no effect.
    STEP(R5) running_.store(false, std::memory_order_release);
  }

  // Call this after `leave` if KVM_RUN has failed with EINTR or EAGAIN.
  void take_back() {
    STEP(R6) undo_return();
    GAP(R7);
  }

  // Returns the request that is delivered next. R2 and R7 read the requests with this function.
  Interruption interruption() const {
    if (requested_.load() != delivered_) return Interruption::kKick;
    if (number_ != 0 && aborted_.load() >= number_) return Interruption::kAbort;
    if (timed_out_) return Interruption::kTimeout;
    return pausers_.load() > 0 ? Interruption::kPause : Interruption::kNone;
  }

  // Delivers a request, and returns it. All kicks that arrive before the delivery are delivered as one.
  Interruption deliver() {
    WRONG(R7) return Interruption::kNone;
    const Interruption next = interruption();
    if (next == Interruption::kKick) delivered_ = requested_.load();
    return next;
  }

  void end() {
    current_ = nullptr;
    clear_flag(gates_bit);
    if (mechanism_ == Mechanism::kSignalMask && in_flight_.load()) {
      // KVM_RUN returned with an exit and left the signal pending. The next R2 reads the request of this signal.
      take_pending();
    }
  }

  // Start and stop the timer of a run, between `begin` and `end`. The signal of the timer goes only to this thread.
  // After `disarm` has returned, the signal cannot arrive any more, so no later run sees it. `arm` returns 0 or
  // -errno.
  int arm(int64_t nanoseconds);
  void disarm();

  static void handle(int, siginfo_t* info, void*);

  // Returns whether this thread is between `begin` and `end` of a vCPU.
  static bool is_running_here() { return current_ != nullptr; }

  // Returns the signals that this thread blocks inside KVM_RUN, as a set of the kernel: all signals that the thread
  // blocks outside of KVM_RUN, except the kick signal of this vCPU.
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

  void undo_return() {
    clear_flag(gates_bit);
    if (mechanism_ == Mechanism::kSignalMask) take_pending();
  }

  // The bit of immediate_exit that the gate sets. Callers usually store 1.
  static constexpr uint8_t gates_bit = 0x80;

  void set_flag() { STEP(flag) __atomic_fetch_or(immediate_exit_, gates_bit, __ATOMIC_RELAXED); }

  // Clears the flag. If it has bits other than `ours`, a caller has set it.
  void clear_flag(uint8_t ours) {
    if (__atomic_load_n(immediate_exit_, __ATOMIC_RELAXED) == 0) return;
    const uint8_t flag = __atomic_exchange_n(immediate_exit_, 0, __ATOMIC_RELAXED);
    STEP(caller_flag) if ((flag & ~ours) != 0) requested_.fetch_add(1);
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

  // The thread that gets the signal. While the mutex is locked, this thread cannot end, so its id cannot be reused.
  std::mutex thread_mutex_;
  std::atomic<pid_t> thread_{0};
  std::atomic<bool> in_flight_{false};

  // The handler writes these variables on the same thread that reads them.
  static thread_local KickGate* volatile current_ __attribute__((tls_model("initial-exec")));
  volatile bool timed_out_ = false;
  volatile bool armed_ = false;

  // The timer belongs to the thread that last claimed the vCPU.
  timer_t timer_{};
  bool has_timer_ = false;
};

// Returns the id of the calling thread. Each thread asks the kernel only once.
pid_t this_thread();

// Installs the handler of KickGate for a real-time signal. Other copies of the addon in this process can use the same
// signal. Returns 0, -EINVAL if the signal is not a real-time signal, or -EBUSY if the process already handles the signal
// in another way.
int install_handler(int signal_number);

// Returns whether the handler of KickGate is installed for this signal.
bool has_handler(int signal_number);

}  // namespace kvm_uapi
