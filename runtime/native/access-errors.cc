#include "access-errors.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace kvm_uapi {

// A range whose pages the handler replaces. Ranges are used again and never freed, so the handler reads them without a
// lock.
struct GuardedRange {
  std::atomic<bool> taken;
  // 0 while the range guards nothing.
  std::atomic<uintptr_t> start;
  std::atomic<uintptr_t> end;
  std::atomic<uintptr_t> page_size;
  // The handlers that use the range now.
  std::atomic<uint32_t> users;
  std::atomic<uint64_t> lost;
};

using Handler = void (*)(int, siginfo_t*, void*);
constexpr size_t ranges_in_block = 64;

struct Block {
  GuardedRange ranges[ranges_in_block];
  std::atomic<Block*> next;
};

struct SignalHandlers {
  // The handler of the copy that has installed one. It serves the ranges of all copies.
  std::atomic<Handler> installed;
  // What handled the signal before: SIG_DFL, SIG_IGN or a function.
  std::atomic<uintptr_t> previous;
  std::atomic<bool> previous_takes_info;
};

struct AccessErrors {
  std::atomic<bool> locked;
  SignalHandlers bus;
  SignalHandlers segment;
  Block first;
};

// What all copies of the addon in this process share, see kick.cc: two handlers that call each other would never end.
// The layout of the variable belongs to its name: a version with another layout needs another name.
__attribute__((visibility("default"))) inline AccessErrors access_errors_1;

namespace {

SignalHandlers& handlers_of(int number) { return number == SIGBUS ? access_errors_1.bus : access_errors_1.segment; }

// Whether this thread is in a handler that this one has called, and which calls this one again.
thread_local bool is_chained __attribute__((tls_model("initial-exec"))) = false;

bool replace_page(const GuardedRange& range, uintptr_t address) {
  const size_t page_size = range.page_size.load();
  void* const page = reinterpret_cast<void*>(address / page_size * page_size);
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(page, page_size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) return false;
  madvise(page, page_size, MADV_DONTFORK);
  return true;
}

// Replaces the page if a range has the address. Only functions that a signal handler may call are called.
bool replace_page_at(uintptr_t address) {
  for (Block* block = &access_errors_1.first; block != nullptr; block = block->next.load()) {
    for (GuardedRange& range : block->ranges) {
      if (range.start.load() == 0) continue;
      // The destructor of a guard clears the start and then waits for the users.
      range.users.fetch_add(1);
      const uintptr_t start = range.start.load();
      const bool replaced =
          start != 0 && address >= start && address < range.end.load() && replace_page(range, address);
      if (replaced) range.lost.fetch_add(1);
      range.users.fetch_sub(1);
      if (replaced) return true;
    }
  }
  return false;
}

// Does what would have happened without this handler.
void pass_on(int number, siginfo_t* info, void* context) {
  const SignalHandlers& handlers = handlers_of(number);
  const uintptr_t previous = handlers.previous.load();
  const auto plain = reinterpret_cast<void (*)(int)>(previous);
  if (plain != SIG_DFL && plain != SIG_IGN && !is_chained) {
    is_chained = true;
    if (handlers.previous_takes_info.load()) {
      reinterpret_cast<Handler>(previous)(number, info, context);
    } else {
      plain(number);
    }
    is_chained = false;
    return;
  }
  // A process has sent the signal. The kernel itself cannot be ignored.
  const bool is_sent = info->si_code <= 0;
  if (is_sent && plain == SIG_IGN) return;
  signal(number, SIG_DFL);
  // The signal is blocked until this handler returns. Without a new signal the instruction faults again.
  if (is_sent) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

void on_access_error(int number, siginfo_t* info, void* context) {
  const int error = errno;
  const int replaceable = number == SIGBUS ? static_cast<int>(BUS_ADRERR) : static_cast<int>(SEGV_ACCERR);
  const bool can_replace = info->si_code == replaceable;
  if (!can_replace || !replace_page_at(reinterpret_cast<uintptr_t>(info->si_addr))) {
    pass_on(number, info, context);
  }
  errno = error;
}

GuardedRange* free_range() {
  for (Block* block = &access_errors_1.first;;) {
    for (GuardedRange& range : block->ranges) {
      if (!range.taken.load() && !range.taken.exchange(true)) return &range;
    }
    Block* next = block->next.load();
    if (next == nullptr) {
      auto* const added = new Block();
      if (block->next.compare_exchange_strong(next, added)) {
        next = added;
      } else {
        delete added;
      }
    }
    block = next;
  }
}

}  // namespace

// A handler that something else has installed since the last call is called by this one.
void AccessGuard::install(int signal) {
  while (access_errors_1.locked.exchange(true)) sched_yield();
  SignalHandlers& handlers = handlers_of(signal);
  struct sigaction current;
  const Handler installed = handlers.installed.load();
  if (sigaction(signal, nullptr, &current) == 0 && (installed == nullptr || current.sa_sigaction != installed)) {
    handlers.previous = reinterpret_cast<uintptr_t>(current.sa_sigaction);
    handlers.previous_takes_info = (current.sa_flags & SA_SIGINFO) != 0;
    struct sigaction action = {};
    const Handler handler = installed == nullptr ? on_access_error : installed;
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, nullptr) == 0) handlers.installed = handler;
  }
  access_errors_1.locked = false;
}

AccessGuard::AccessGuard(const uint8_t* start, size_t length, size_t page_size, int signal) : range_(free_range()) {
  install(signal);
  range_->lost = 0;
  range_->page_size = page_size;
  range_->end = reinterpret_cast<uintptr_t>(start) + length;
  range_->start = reinterpret_cast<uintptr_t>(start);
}

AccessGuard::~AccessGuard() {
  range_->start = 0;
  while (range_->users.load() != 0) sched_yield();
  range_->taken = false;
}

uint64_t AccessGuard::lost_pages() const { return range_->lost.load(); }

}  // namespace kvm_uapi
