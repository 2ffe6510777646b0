#include "kick.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

namespace kvm_uapi {

// What all copies of the addon in this process share. Two packages can depend on different versions of this package. GCC
// marks an inline variable of a shared library as unique in the process, although each copy has its own. The layout of
// these variables belongs to their names: a version with another layout needs other names.
#define KVM_UAPI_SHARED inline __attribute__((visibility("default")))

using Handler = void (*)(int, siginfo_t*, void*);
constexpr int most_copies = 8;
constexpr int most_signals = 65;

struct KickHandlers {
  std::atomic<bool> locked;
  // For each signal, the handler that the kernel calls, and the handlers of the copies, which it calls.
  std::atomic<Handler> installed[most_signals];
  std::atomic<Handler> of_copies[most_signals][most_copies];
};
KVM_UAPI_SHARED KickHandlers kick_handlers_1;

// The signals that this thread blocks, and whether they are known.
struct BlockedSignals {
  bool known;
  uint64_t signals;
};
KVM_UAPI_SHARED thread_local BlockedSignals blocked_signals_1 __attribute__((tls_model("initial-exec")));

namespace {

// A set of signals in the form of the kernel: one bit for each signal.
uint64_t bit_of(int signal_number) { return uint64_t{1} << (signal_number - 1); }

uint64_t change_mask(int how, uint64_t signals) {
  uint64_t before = 0;
  syscall(SYS_rt_sigprocmask, how, &signals, &before, sizeof signals);
  return before;
}

// The signals that this thread blocks. A new thread inherits its blocked signals from the thread that started it, and
// that thread may run vCPUs too.
uint64_t& blocked_here() {
  BlockedSignals& blocked = blocked_signals_1;
  if (!blocked.known) blocked = {true, change_mask(SIG_BLOCK, 0)};
  return blocked.signals;
}

}  // namespace

pid_t this_thread() {
  static thread_local pid_t id = static_cast<pid_t>(syscall(SYS_gettid));
  return id;
}

bool KickGate::claim() {
  const pid_t thread = this_thread();
  // Only this thread writes its own id to thread_, so this comparison needs no lock.
  if (thread_.load(std::memory_order_relaxed) == thread) return false;
  // SIGEV_THREAD_ID stores a thread id. If that thread has exited and its id was reused, the timer would signal the
  // wrong thread, so the timer is created again.
  if (has_timer_) timer_delete(timer_);
  has_timer_ = false;
  std::lock_guard<std::mutex> lock(thread_mutex_);
  thread_.store(thread);
  return true;
}

// Blocks or unblocks the kick signal, depending on the mechanism. vCPUs with different mechanisms can run on one
// thread, one after the other.
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
  // The store comes before the signal, because the handler of the signal ends the flight.
  in_flight_.store(true);
  if (!queue_signal(thread)) in_flight_.store(false);
}

// Returns false if it is not certain that the thread gets the signal.
bool KickGate::queue_signal(pid_t thread) {
  COUNT(sent);
  if (syscall(SYS_tgkill, getpid(), thread, signal_) == 0) return true;
  COUNT(refused);
  if (errno != EAGAIN) return false;
  // The user's queue of real-time signals is full. The kernel still accepts a signal with the si_code of kill(): it
  // only drops the siginfo. A thread may send such a signal only to itself.
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = signal_;
  info.si_code = SI_USER;
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal_, &info) == 0) return true;
  // kill() with the id of a thread signals the process, and the kernel prefers this thread. If another thread gets
  // the signal, the next tick of the teardown ticker sends a signal to the right thread.
  kill(thread, signal_);
  return false;
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
  // Without a timer, `timer_` is 0, and 0 is the id of another timer.
  if (!has_timer_) return;
  const itimerspec never = {};
  // This is a system call of the thread. If the timer's signal is pending and not blocked, the handler runs before
  // the call returns.
  timer_settime(timer_, 0, &never, nullptr);
  // This call can also take the signal of a request. The request itself stays.
  if (mechanism_ == Mechanism::kSignalMask) take_pending();
}

namespace {

// While an object of this class lives, no other thread and no other copy of the addon changes the handlers.
class HandlersLock {
 public:
  HandlersLock() {
    while (kick_handlers_1.locked.exchange(true)) sched_yield();
  }
  ~HandlersLock() { kick_handlers_1.locked.store(false); }
  HandlersLock(const HandlersLock&) = delete;
  HandlersLock& operator=(const HandlersLock&) = delete;
};

// Calls the handlers of all copies. Only the copy whose vCPU runs on this thread acts on the signal.
void handle_for_all(int signal_number, siginfo_t* info, void* context) {
  for (const auto& of_copy : kick_handlers_1.of_copies[signal_number]) {
    const Handler handler = of_copy.load();
    if (handler != nullptr) handler(signal_number, info, context);
  }
}

// Returns whether the handlers of the copies are installed for this signal.
bool is_installed(int signal_number, const struct sigaction& action) {
  const Handler installed = kick_handlers_1.installed[signal_number].load();
  return (action.sa_flags & SA_SIGINFO) != 0 && installed != nullptr && action.sa_sigaction == installed;
}

// Returns false if there are too many copies.
bool add_handler(int signal_number) {
  for (auto& of_copy : kick_handlers_1.of_copies[signal_number]) {
    const Handler handler = of_copy.load();
    if (handler == nullptr) of_copy.store(&KickGate::handle);
    if (handler == nullptr || handler == &KickGate::handle) return true;
  }
  return false;
}

bool has_added(int signal_number) {
  for (const auto& of_copy : kick_handlers_1.of_copies[signal_number]) {
    if (of_copy.load() == &KickGate::handle) return true;
  }
  return false;
}

}  // namespace

bool has_handler(int signal_number) {
  struct sigaction now;
  if (signal_number < SIGRTMIN || signal_number > SIGRTMAX) return false;
  return sigaction(signal_number, nullptr, &now) == 0 && is_installed(signal_number, now) && has_added(signal_number);
}

int install_handler(int signal_number) {
  static_assert(_NSIG <= most_signals);
  struct sigaction before;
  if (signal_number < SIGRTMIN || signal_number > SIGRTMAX) return -EINVAL;
  const HandlersLock lock;
  if (sigaction(signal_number, nullptr, &before) != 0) return -errno;
  const bool installed = is_installed(signal_number, before);
  const bool is_free = (before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_DFL;
  if (!(installed || is_free) || !add_handler(signal_number)) return -EBUSY;
  if (installed) return 0;
  struct sigaction ours;
  memset(&ours, 0, sizeof ours);
  ours.sa_sigaction = &handle_for_all;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  kick_handlers_1.installed[signal_number].store(&handle_for_all);
  return sigaction(signal_number, &ours, nullptr) == 0 ? 0 : -errno;
}

}  // namespace kvm_uapi
