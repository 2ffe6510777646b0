#include "kick.h"

#include <errno.h>
#include <string.h>

namespace kvm_uapi {

thread_local KickGate* volatile KickGate::current_ = nullptr;

namespace {

// Signals as the kernel numbers them, in one word.
uint64_t bit_of(int signal_number) { return uint64_t{1} << (signal_number - 1); }

uint64_t change_mask(int how, uint64_t signals) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, how, &signals, &before, sizeof signals);
  return before;
}

// The signals that this thread has blocked. At first they are those of the thread that has started it, which may run
// vCPUs of its own.
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
  // Only this thread can have written its own id there, so an equal id needs no lock.
  if (thread_.load(std::memory_order_relaxed) == thread) return false;
  // A timer signals the thread it was made for, be that long gone and this one its successor of the same id.
  if (has_timer_) timer_delete(timer_);
  has_timer_ = false;
  std::lock_guard<std::mutex> lock(thread_mutex_);
  thread_.store(thread);
  return true;
}

// As the mechanism needs it; vCPUs of both may take turns on a thread.
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
  // Before it is sent: the handler ends the flight.
  in_flight_.store(true);
  if (!queue_signal(thread)) in_flight_.store(false);
}

// False when it is not certain that the thread takes the signal.
bool KickGate::queue_signal(pid_t thread) {
  COUNT(sent);
  if (syscall(SYS_tgkill, getpid(), thread, signal_) == 0) return true;
  COUNT(refused);
  if (errno != EAGAIN) return false;
  // The user's queue of real-time signals is full. What says that it comes from kill() gets through all the same: the
  // kernel then drops only the siginfo. A thread may say so to itself.
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = signal_;
  info.si_code = SI_USER;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal_, &info) == 0) return true;
  // With a thread's id kill() signals the process, and prefers that thread. Should another one take it, the next
  // heartbeat does for it.
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
  // Where no timer could be made, 0 would name somebody else's.
  if (!has_timer_) return;
  const itimerspec never = {};
  // A system call of this thread: a signal that is on its way and not blocked is handled before it returns.
  timer_settime(timer_, 0, &never, nullptr);
  // What is taken with it is only a signal; requests stay.
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
