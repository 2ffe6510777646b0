#include "ticker.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <mutex>

#include "records.h"

namespace kvm_uapi {
namespace {

// The end of an isolate, or another request, waits at most this long for a tick. A tick takes 30 to 100 microseconds of
// a running vCPU, see tools/bench/runtime/ticks.ts.
constexpr timespec period = {0, 20'000'000};
// At the end of the process Node ends one Worker after the other, so the next Worker ends soon.
constexpr timespec short_period = {0, 1'000'000};
constexpr int most_short_periods = 100;
std::atomic<int> short_periods_left{0};

// The mutex is never destroyed, because the thread of the ticker lives longer than the other objects of the process.
std::mutex& mutex = *new std::mutex;
bool ticking = false;

void* tick(void*) {
  for (;;) {
    const bool is_short = short_periods_left.load() > 0 && short_periods_left.fetch_sub(1) > 0;
    nanosleep(is_short ? &short_period : &period, nullptr);
    std::lock_guard<std::mutex> lock(mutex);
    ticking = false;
    vcpus().each([](Vcpu& vcpu) {
      ticking = true;
      vcpu.gate.tick();
    });
    if (!ticking) return nullptr;
  }
}

}  // namespace

void hasten_ticker() { short_periods_left.store(most_short_periods); }

int start_ticker() {
  std::lock_guard<std::mutex> lock(mutex);
  if (ticking) return 0;
  // The thread of the ticker blocks all signals, so that the kernel delivers them to other threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, tick, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return -error;
  pthread_detach(thread);
  ticking = true;
  return 0;
}

}  // namespace kvm_uapi
