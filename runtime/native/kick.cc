#include "kick.h"

#include <errno.h>
#include <string.h>

namespace kvm_uapi {

thread_local KickGate* KickGate::current_ = nullptr;

pid_t this_thread() {
  static thread_local pid_t id = static_cast<pid_t>(syscall(SYS_gettid));
  return id;
}

void KickGate::claim_thread() {
  const pid_t thread = this_thread();
  // Only this thread can have written its own id there, so an equal id needs no lock.
  if (__atomic_load_n(&thread_, __ATOMIC_RELAXED) == thread) return;
  // A timer signals the thread it was made for, be that long gone and this one its successor of the same id.
  if (has_timer_) timer_delete(timer_);
  has_timer_ = false;
  std::lock_guard<std::mutex> lock(thread_mutex_);
  __atomic_store_n(&thread_, thread, __ATOMIC_RELAXED);
}

// Signals the thread, with `thread_mutex_` held. False when it is not certain to be the one that takes the signal.
bool KickGate::queue_signal() const {
  if (syscall(SYS_tgkill, getpid(), thread_, signal_) == 0) return true;
  // The user's queue of real-time signals may be full. kill() gets through all the same: the kernel then drops only the
  // siginfo. With a thread's id it signals the process, and prefers that thread.
  if (errno == EAGAIN) kill(thread_, signal_);
  return false;
}

void KickGate::handle(int, siginfo_t* info, void*) {
  KickGate* const gate = current_;
  if (gate == nullptr) return;
  if (info->si_code == SI_TIMER) {
    // A timer that fired as its run ended is late: it is no business of the run it finds.
    if (!gate->armed_) return;
    gate->timed_out_ = true;
  } else {
    gate->in_flight_.store(false);
  }
  gate->set_flag(1);
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
  timer_settime(timer_, 0, &never, nullptr);
}

int install_handler(int signal_number) {
  struct sigaction before;
  if (signal_number < SIGRTMIN || signal_number > SIGRTMAX) return -EINVAL;
  if (sigaction(signal_number, nullptr, &before) != 0) return -errno;
  if ((before.sa_flags & SA_SIGINFO) != 0 && before.sa_sigaction == &KickGate::handle) return 0;
  if ((before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL) return -EBUSY;
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = &KickGate::handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  return sigaction(signal_number, &ours, nullptr) == 0 ? 0 : -errno;
}

}  // namespace kvm_uapi
