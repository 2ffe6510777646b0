#include "records.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "ticker.h"

namespace kvm_uapi {

Memory::~Memory() {
  // Windows of JavaScript can keep the mapping. Without them the mapping ends here.
  if (mapping.use_count() > 1) mapping->empty();
  if (fd >= 0) close(fd);
}

File::~File() { close(fd); }

Vm::~Vm() {
  if (may_outlive.load()) empty_slots();
  close(fd);
}

void Vm::empty_slots() {
  for (auto& [number, slot] : slots) {
    const uint64_t none = 0;
    if (slot.length_at <= slot.region.size() && sizeof none <= slot.region.size() - slot.length_at) {
      memcpy(slot.region.data() + slot.length_at, &none, sizeof none);
      if (ioctl(fd, slot.request, slot.region.data()) == 0) continue;
    }
    // The guest may still have the memory. The addresses must not be used for anything else.
    new std::shared_ptr<Memory>(slot.memory);
  }
}

namespace {

// The VMs whose locks this thread holds. Drains are nested, so the last one is released first.
thread_local std::vector<std::shared_ptr<Vm>> locked;

}  // namespace

int RingLock::acquire(const std::shared_ptr<Vm>& owner) {
  for (const auto& each : locked) {
    if (each == owner) return -EDEADLK;
  }
  // A lock that waits with a limit needs a newer glibc. Two threads seldom drain one ring at the same time.
  constexpr timespec pause{0, 100000};
  constexpr int attempts = 500;
  for (int attempt = 0; attempt < attempts; attempt++) {
    if (owner->coalesced.mutex_.try_lock()) {
      locked.push_back(owner);
      return 0;
    }
    nanosleep(&pause, nullptr);
  }
  return -EAGAIN;
}

bool RingLock::release_last() {
  if (locked.empty()) return false;
  const auto last = std::move(locked.back());
  locked.pop_back();
  last->coalesced.mutex_.unlock();
  return true;
}

Vcpu::Vcpu(int descriptor, std::shared_ptr<Vm> of, std::shared_ptr<Mapping> mapping, uint32_t request,
           size_t immediate_exit, int signal, std::optional<SetSignalMask> set_mask)
    : fd(descriptor),
      run_request(request),
      vm(std::move(of)),
      run(std::make_shared<Memory>(mapping, -1)),
      gate(set_mask ? Mechanism::kSignalMask : Mechanism::kImmediateExit, mapping->data() + immediate_exit, signal),
      set_mask_(std::move(set_mask)) {}

Vcpu::~Vcpu() { close(fd); }

int Vcpu::claim() {
  if (gate.claim()) {
    const int error = start_ticker();
    if (error != 0) return error;
  }
  if (!set_mask_) return 0;
#ifdef KVM_UAPI_TEST_HOOKS
  if (gate.points.changed(hooks::Change::mask_inside)) return 0;
#endif
  // A vCPU with another kick signal may have changed the signals that the thread blocks.
  const uint64_t inside = gate.mask_inside();
  if (mask_inside_ == inside) return 0;
  memcpy(set_mask_->argument.data() + set_mask_->signals, &inside, sizeof inside);
  if (ioctl(fd, set_mask_->request, set_mask_->argument.data()) != 0) return -errno;
  mask_inside_ = inside;
  return 0;
}

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

uint64_t generation() {
  static const uint64_t drawn = [] {
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits >> 11;
    // Only a kernel that has just started has no random numbers.
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (static_cast<uint64_t>(getpid()) << 30 | static_cast<uint64_t>(now.tv_nsec)) & ((uint64_t{1} << 53) - 1);
  }();
  return drawn;
}

Registry<Memory>& memories() {
  static auto* const registry = new Registry<Memory>;
  return *registry;
}

Registry<Vm>& vms() {
  static auto* const registry = new Registry<Vm>;
  return *registry;
}

Registry<File>& eventfds() {
  static auto* const registry = new Registry<File>;
  return *registry;
}

Registry<File>& devices() {
  static auto* const registry = new Registry<File>;
  return *registry;
}

Registry<Vcpu>& vcpus() {
  static auto* const registry = new Registry<Vcpu>;
  return *registry;
}

}  // namespace kvm_uapi
