// The kick protocol: how a vCPU is got out of KVM_RUN by any thread, with nothing lost.
//
// A kick is a request that outlives the moment: the run in progress, or if there is none the next one, comes back
// interrupted. The kicker writes only `requested_`; run->immediate_exit is written only on the vCPU's own thread, by
// the runner before it enters and by its signal handler.
//
//   kicker                                  runner
//   K1  requested_ += 1      (seq_cst)      R1  running_ = true        (seq_cst)
//   K2  running_?            (seq_cst)      R2  requested_ moved?      (seq_cst)
//   K3  if so, signal the thread            R3  if so, immediate_exit = 1
//                                           R4  KVM_RUN
//
// All four accesses are sequentially consistent, so in their single order either R1 comes before K2, and the kicker
// sends the signal, or K1 comes before R2, and the runner sees the request. A signal that arrives before R4 runs the
// handler, which sets immediate_exit, and KVM_RUN looks at it when it enters; one that arrives later ends KVM_RUN with
// EINTR. After EINTR the runner clears the flag first and reads `requested_` only then: a request that comes between
// the two is seen by that read, one that comes after it by the next R2.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace kvm_uapi {

// Why a run came back without an exit.
enum class Interruption { kNone, kKick, kTimeout };

class KickGate {
 public:
  KickGate(uint8_t* immediate_exit, int signal_number) : immediate_exit_(immediate_exit), signal_(signal_number) {}
  KickGate(const KickGate&) = delete;
  KickGate& operator=(const KickGate&) = delete;
  ~KickGate() {
    if (has_timer_) timer_delete(timer_);
  }

  // From any thread: the current run, or else the next one, is interrupted.
  void kick() {
    requested_.fetch_add(1);                                     // K1
    if (!running_.load() || in_flight_.exchange(true)) return;   // K2
    // The lock keeps the thread from ending, and its id from being another's, until the signal is sent.
    std::lock_guard<std::mutex> lock(thread_mutex_);
    if (thread_ == 0 || !queue_signal()) in_flight_.store(false);  // K3
  }

  // On the vCPU's thread, around everything below: from here to `end` the handler belongs to this vCPU.
  void begin() {
    claim_thread();
    timed_out_ = false;
    current_ = this;
  }

  void end() {
    current_ = nullptr;
    set_flag(0);
  }

  // Right before KVM_RUN. What the runner does from here to `leave` may be cut short by the handler.
  void enter() {
    set_flag(0);
    // Before R1: a kicker that sees this run as running also sees this, and one that does not was before R2.
    in_flight_.store(false, std::memory_order_relaxed);
    running_.store(true);                                                    // R1
    if (requested_.load() != consumed_ || timed_out_) set_flag(1);           // R2, R3
  }

  // Right behind KVM_RUN.
  void leave() {
    // Seen late, it only brings a signal that is taken for a stray one.
    running_.store(false, std::memory_order_release);
    set_flag(0);
  }

  // Behind `leave`, when KVM_RUN said EINTR or EAGAIN: what interrupted it. A request is consumed by being told.
  Interruption consume() {
    const uint64_t requested = requested_.load();
    if (requested != consumed_) {
      consumed_ = requested;
      return Interruption::kKick;
    }
    return timed_out_ ? Interruption::kTimeout : Interruption::kNone;
  }

  // Between `begin` and `end`: the run's timer. Its signal comes to this thread only. `disarm` is a system call of this
  // thread, so a signal that is already on its way is taken before it returns, and no later run ever sees it.
  int arm(int64_t nanoseconds);
  void disarm();

  // The vCPU's thread is about to end: it must not be signalled any more.
  void forget_thread(pid_t thread) {
    std::lock_guard<std::mutex> lock(thread_mutex_);
    if (thread_ == thread) thread_ = 0;
  }

  static void handle(int, siginfo_t* info, void*);

#ifdef KVM_UAPI_TEST_HOOKS
  // Without the flag: what a kick by signal alone, with an empty handler, loses.
  std::atomic<bool> without_flag{false};
#endif

 private:
  void claim_thread();
  bool queue_signal() const;

  void set_flag(uint8_t value) {
#ifdef KVM_UAPI_TEST_HOOKS
    if (without_flag.load(std::memory_order_relaxed)) value = 0;
#endif
    __atomic_store_n(immediate_exit_, value, __ATOMIC_RELAXED);
  }

  // Both are read by the handler on the thread that writes them.
  static thread_local KickGate* current_ __attribute__((tls_model("initial-exec")));
  volatile bool timed_out_ = false;
  volatile bool armed_ = false;

  uint8_t* const immediate_exit_;
  const int signal_;
  std::atomic<uint64_t> requested_{0};
  std::atomic<bool> running_{false};
  std::atomic<bool> in_flight_{false};
  uint64_t consumed_ = 0;

  std::mutex thread_mutex_;
  pid_t thread_ = 0;

  // Of the thread that last claimed the vCPU.
  timer_t timer_{};
  bool has_timer_ = false;
};

// The calling thread's id, asked of the kernel once.
pid_t this_thread();

// Installs the handler for a real-time signal; -EBUSY when somebody else handles it.
int install_handler(int signal_number);

}  // namespace kvm_uapi
