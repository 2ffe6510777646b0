// The kick protocol: how a vCPU is got out of KVM_RUN by any thread, with nothing lost.
//
// Whoever wants the vCPU out writes a request, a word of this gate, and then sends the vCPU's thread a signal. The word
// is what counts. The signal carries nothing: it only makes the runner look again.
//
//   anyone                                  the runner, on the vCPU's thread
//   K1  write the request     (seq_cst)     R1  running_ = true             (seq_cst)
//   K2  running_?             (seq_cst)     R2  is anything asked for?      (seq_cst)
//   K3  if so, signal the thread            R3  if so, see that R4 comes back at once
//                                           R4  KVM_RUN
//                                           R5  running_ = false
//                                           R6  on EINTR or EAGAIN: take back what made R4 come back
//                                           R7  is anything asked for? If not, on with R1
//
// Nothing is lost. K1, K2, R1 and R2 are sequentially consistent, so in their single order either R1 comes before K2,
// and the signal is sent, or K1 comes before R2, and the runner sees the request. What is left to show is that a signal
// ends R4 although it may come before R4 has begun. There are two mechanisms for that.
//
//   immediate_exit (Linux 4.11). The signal's handler runs on the vCPU's thread and sets run->immediate_exit, which
//   KVM_RUN looks at when it enters: a signal before R4 has set the flag by then, and one that comes later ends KVM_RUN
//   itself. R3 sets the flag, R6 clears it. Nothing clears it between R2 and R4, where that would lose a kick. Of all
//   here, only the vCPU's own thread touches the mapping.
//
//   KVM_SET_SIGNAL_MASK. The thread keeps the signal blocked, and the kernel unblocks it inside of KVM_RUN only: a
//   signal before R4 is pending, and ends KVM_RUN as it enters. R3 sends the signal to its own thread, R6 takes what is
//   pending. The handler does nothing. Each KVM_RUN takes the lock of the process's signals twice for it.
//
// Nothing is swallowed. R2 and R7 compare requests with what was told, and only telling a request consumes it. A request
// that comes after R7 has looked is seen by the next R2. One that comes back with an exit is left for the next run.
//
// Of one entry one signal is in flight at most, because real-time signals queue and the queue is finite. Whoever finds
// one in flight need not send another: the handler, or R6, ends its flight before the next look at the requests, and by
// then K1 is done.
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

// Why a run came back without an exit. In this order they are told, when there are several.
enum class Interruption { kNone, kKick, kAbort, kTimeout, kHold };

class KickGate {
 public:
  KickGate(Mechanism mechanism, uint8_t* immediate_exit, int signal_number)
      : mechanism_(mechanism), immediate_exit_(immediate_exit), signal_(signal_number) {}
  KickGate(const KickGate&) = delete;
  KickGate& operator=(const KickGate&) = delete;
  ~KickGate() {
    if (has_timer_) timer_delete(timer_);
  }

  // From any thread

  // Sticky: the current run, or if there is none the next one, is interrupted, once.
  void kick() {
    STEP(K1) requested_.fetch_add(1);
    call_out();
  }

  // Of one run: that of this number is interrupted, be it in progress or yet to come, and with it those of lower numbers,
  // which are over: numbers rise from run to run.
  void abort(uint64_t run) {
    uint64_t highest = aborted_.load();
    while (highest < run && !aborted_.compare_exchange_weak(highest, run)) continue;
    call_out();
  }

  // Every run is interrupted for as long as anyone holds it.
  void hold(bool held) {
    held ? holders_.fetch_add(1) : holders_.fetch_sub(1);
    if (held) call_out();
  }

  // Asks for nothing: has the runner look around.
  void beat() {
    STEP(heartbeat) if (running_.load()) signal_thread();
  }

  // The thread is about to end: it must not be signalled any more.
  void forget_thread(pid_t thread) {
    std::lock_guard<std::mutex> lock(thread_mutex_);
    STEP(forget) if (thread_.load() == thread) thread_.store(0);
  }

  // On the vCPU's thread, in this order: claim, begin, enter, KVM_RUN, leave, and perhaps `interruption` and again from
  // enter on; end.

  // True when this is another thread than that of the last run.
  bool claim();

  // Up to `end` the handler belongs to this vCPU, and the thread's mask is as the mechanism needs it. `number` is that of `abort`, or 0. At once: R4 is to come back before
  // the guest has done anything, whatever is asked for.
  void begin(uint64_t number, bool at_once) {
    STEP(thread_mask) set_thread_mask();
    number_ = number;
    at_once_ = at_once;
    timed_out_ = false;
    current_ = this;
  }

  void enter() {
    GAP(kBeforeR1);
    // A signal whose flight ended between two runs has not told anybody. R1 publishes this.
    STEP(landing) in_flight_.store(false, std::memory_order_relaxed);
    STEP(R1) running_.store(true);
    GAP(kBeforeR2);
    const bool asked = at_once_ || interruption() != Interruption::kNone;  // R2
    STEP(R3) if (asked) mechanism_ == Mechanism::kImmediateExit ? set_flag(1) : signal_thread();
    GAP(kBeforeR4);
    WRONG(clear_before_entry) set_flag(0);
  }

  void leave() {
    GAP(kBeforeR5);
    // Seen late, it only brings a signal that nobody needs.
    STEP(R5) running_.store(false, std::memory_order_release);
  }

  // Behind `leave`, when KVM_RUN said EINTR or EAGAIN.
  void take_back() {
    STEP(R6) mechanism_ == Mechanism::kImmediateExit ? set_flag(0) : take_pending();
    GAP(kBeforeR7);
  }

  // What is asked for: R2 and R7.
  Interruption interruption() const {
    if (requested_.load() != told_) return Interruption::kKick;
    if (number_ != 0 && aborted_.load() >= number_) return Interruption::kAbort;
    if (timed_out_) return Interruption::kTimeout;
    return holders_.load() > 0 ? Interruption::kHold : Interruption::kNone;
  }

  // Tells what is asked for. Kicks that come before they are told are one.
  Interruption tell() {
    WRONG(R7) return Interruption::kNone;
    const Interruption asked = interruption();
    if (asked == Interruption::kKick) told_ = requested_.load();
    return asked;
  }

  void end() {
    current_ = nullptr;
    if (mechanism_ == Mechanism::kImmediateExit) {
      set_flag(0);
    } else if (in_flight_.load()) {
      // Left pending by an exit. What it was sent for is looked at by the next R2.
      take_pending();
    }
  }

  // Between `begin` and `end`: the run's timer, whose signal comes to this thread only. When `disarm` returns it can
  // come no more, so no later run sees it.
  int arm(int64_t nanoseconds);
  void disarm();

  static void handle(int, siginfo_t* info, void*);

  // The signals that are blocked on this thread inside of KVM_RUN, as the kernel numbers them: all that are blocked
  // outside of it, but for the vCPU's own.
  uint64_t mask_inside() const;

#ifdef KVM_UAPI_TEST_HOOKS
  void stray() { signal_thread(); }
  hooks::Points points;
#endif

 private:
  void call_out() {
    GAP(kBeforeK2);
    STEP(K2) if (!running_.load()) return;
    GAP(kBeforeK3);
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

  // The requests, and what is told of them.
  std::atomic<uint64_t> requested_{0};
  std::atomic<uint64_t> aborted_{0};
  std::atomic<int> holders_{0};
  uint64_t told_ = 0;
  uint64_t number_ = 0;
  bool at_once_ = false;

  std::atomic<bool> running_{false};

  // To whom the signal goes. Under the mutex the thread cannot end, nor its id become another's.
  std::mutex thread_mutex_;
  std::atomic<pid_t> thread_{0};
  std::atomic<bool> in_flight_{false};

  // Written by the handler on the thread that reads them.
  static thread_local KickGate* volatile current_ __attribute__((tls_model("initial-exec")));
  volatile bool timed_out_ = false;
  volatile bool armed_ = false;

  // Of the thread that last claimed the vCPU.
  timer_t timer_{};
  bool has_timer_ = false;
};

// The calling thread's id, asked of the kernel once.
pid_t this_thread();

// Installs the handler of KickGate for a real-time signal. 0, or -EINVAL when the signal is not a real-time signal, or
// -EBUSY when the process already handles it in another way.
int install_handler(int signal_number);

// Whether the handler of KickGate is installed for this signal.
bool has_handler(int signal_number);

}  // namespace kvm_uapi
