#include "ticker.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <mutex>

#include "records.h"

namespace kvm_uapi {
namespace {

// An isolate's end waits this long at most; a vCPU pays some 30 microseconds for each beat.
constexpr timespec period = {0, 20'000'000};
// At the end of the process Node ends one Worker after the other, so the next one follows at once.
constexpr timespec period_in_haste = {0, 1'000'000};
constexpr int beats_in_haste = 100;
std::atomic<int> haste{0};

// Never destroyed: the thread outlives the process's other objects.
std::mutex& mutex = *new std::mutex;
bool beating = false;

void* beat(void*) {
  for (;;) {
    nanosleep(haste.load() > 0 && haste.fetch_sub(1) > 0 ? &period_in_haste : &period, nullptr);
    std::lock_guard<std::mutex> lock(mutex);
    beating = false;
    vcpus().each([](Vcpu& vcpu) {
      beating = true;
      vcpu.gate.beat();
    });
    if (!beating) return nullptr;
  }
}

}  // namespace

void hasten_heart() { haste.store(beats_in_haste); }

int keep_heart_beating() {
  std::lock_guard<std::mutex> lock(mutex);
  if (beating) return 0;
  // It takes no signals: they are for threads that expect them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, beat, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return -error;
  pthread_detach(thread);
  beating = true;
  return 0;
}

}  // namespace kvm_uapi
