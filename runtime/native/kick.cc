#include "kick.h"

#include <errno.h>
#include <string.h>

namespace kvm_uapi {

thread_local KickGate* volatile KickGate::current_ = nullptr;

namespace {

// A set of signals, as the kernel represents it: one bit for each signal.
uint64_t bit_of(int signal_number) { return uint64_t{1} << (signal_number - 1); }

uint64_t change_mask(int how, uint64_t signals) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, how, &signals, &before, sizeof signals);
  return before;
}

// The signals that this thread has blocked. A new thread inherits them from the thread that started it, which may run
// vCPUs too.
uint64_t& blocked_here() {
  static thread_local uint64_t signals __attribute__((tls_model("initial-exec"))) = change_mask(SIG_BLOCK, 0);
  return signals;
}

}  // namespace

pid_t this_thread() {
  static thread_local pid_t id = static_cast<pid_t>(syscall(SYS_gettid));
  return id;
}

bool KickGate::claim() {
  const pid_t thread = this_thread();
  // Only this thread writes its own id there, so no lock is needed to find that the id is equal.
  if (thread_.load(std::memory_order_relaxed) == thread) return false;
  // SIGEV_THREAD_ID stores a thread id. If that thread has exited and its id was reused, the timer would signal the
  // wrong thread, so the timer is created again.
  if (has_timer_) timer_delete(timer_);
  has_timer_ = false;
  std::lock_guard<std::mutex> lock(thread_mutex_);
  thread_.store(thread);
  return true;
}

// Sets the mask as the mechanism needs it. vCPUs with different mechanisms can run on one thread, one after the other.
void KickGate::set_thread_mask() const {
  const uint64_t bit = bit_of(signal_);
  const bool block = mechanism_ == Mechanism::kSignalMask;
  uint64_t& blocked = blocked_here();
  if (((blocked & bit) != 0) == block) return;
  change_mask(block ? SIG_BLOCK : SIG_UNBLOCK, bit);
  blocked ^= bit;
}

uint64_t KickGate::mask_inside() const { return blocked_here() & ~bit_of(signal_); }

void KickGate::signal_thread() {
  std::lock_guard<std::mutex> lock(thread_mutex_);
  const pid_t thread = thread_.load();
  if (thread == 0) return;
  STEP(one_in_flight) if (in_flight_.load()) return;
  // This comes before the signal is sent, because the handler ends the flight.
  in_flight_.store(true);
  if (!queue_signal(thread)) in_flight_.store(false);
}

// Returns false when it is not certain that the thread gets the signal.
bool KickGate::queue_signal(pid_t thread) {
  COUNT(sent);
  if (syscall(SYS_tgkill, getpid(), thread, signal_) == 0) return true;
  COUNT(refused);
  if (errno != EAGAIN) return false;
  // The user's queue of real-time signals is full. The kernel still accepts a signal that claims to come from kill():
  // it only drops the siginfo. A thread may send such a signal only to itself.
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = signal_;
  info.si_code = SI_USER;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal_, &info) == 0) return true;
  // kill() with the id of a thread signals the process, and the kernel prefers that thread. If another thread gets the
  // signal, the next tick of the teardown ticker sends one to the right thread.
  kill(thread, signal_);
  return false;
}

void KickGate::handle(int, siginfo_t* info, void*) {
  KickGate* const gate = current_;
  if (gate == nullptr) return;
  gate->take(*info);
  if (gate->mechanism_ == Mechanism::kImmediateExit) gate->set_flag(1);
}

void KickGate::take(const siginfo_t& info) {
  if (info.si_code != SI_TIMER) {
    in_flight_.store(false);
  } else if (armed_) {
    timed_out_ = true;
  }
}

void KickGate::take_pending() {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, signal_);
  const timespec at_once = {};
  siginfo_t info;
  while (sigtimedwait(&ours, &info, &at_once) > 0) take(info);
}

int KickGate::arm(int64_t nanoseconds) {
  if (!has_timer_) {
    sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal_;
    event._sigev_un._tid = this_thread();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return -errno;
    has_timer_ = true;
  }
  armed_ = true;
  itimerspec when;
  memset(&when, 0, sizeof when);
  when.it_value.tv_sec = nanoseconds / 1000000000;
  when.it_value.tv_nsec = nanoseconds % 1000000000;
  return timer_settime(timer_, 0, &when, nullptr) == 0 ? 0 : -errno;
}

void KickGate::disarm() {
  armed_ = false;
  // Without this check `timer_` would be 0, which is the id of another timer.
  if (!has_timer_) return;
  const itimerspec never = {};
  // This is a system call of the thread: if the timer's signal is pending and not blocked, the handler runs before the
  // call returns.
  timer_settime(timer_, 0, &never, nullptr);
  // This can also take the signal of a request. The request itself stays.
  if (mechanism_ == Mechanism::kSignalMask) take_pending();
}

namespace {

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == &KickGate::handle;
}

}  // namespace

bool has_handler(int signal_number) {
  struct sigaction now;
  return sigaction(signal_number, nullptr, &now) == 0 && is_ours(now);
}

int install_handler(int signal_number) {
  struct sigaction before;
  if (signal_number < SIGRTMIN || signal_number > SIGRTMAX) return -EINVAL;
  if (sigaction(signal_number, nullptr, &before) != 0) return -errno;
  if (is_ours(before)) return 0;
  if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL) return -EBUSY;
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = &KickGate::handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  return sigaction(signal_number, &ours, nullptr) == 0 ? 0 : -errno;
}

}  // namespace kvm_uapi
