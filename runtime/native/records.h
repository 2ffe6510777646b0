// Process-wide records of what the runtime holds. Each isolate has handles to them; the last handle to go releases the
// kernel's object. A vCPU pins its VM and a VM pins its memory, whatever JavaScript lets go of first.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "kick.h"

namespace kvm_uapi {

// Addresses of this process with memory behind them. They stay taken until the last window of JavaScript on them is
// collected, be it detached: an asynchronous read or write may still be at work there.
class Mapping {
 public:
  // Null with errno set when the kernel refuses. `fd` is -1 for anonymous memory.
  static std::shared_ptr<Mapping> map(int fd, size_t length, int flags, off_t offset = 0);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Gives the memory back and keeps the addresses, which then lead nowhere.
  void empty();

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }

 private:
  Mapping(uint8_t* data, size_t length) : data_(data), length_(length) {}

  uint8_t* const data_;
  const size_t length_;
};

// The memory of a mapping, which is given back when the last holder is gone.
class Memory {
 public:
  // `descriptor` is that of a memfd, which is taken over, or -1.
  Memory(std::shared_ptr<Mapping> of, int descriptor) : mapping(std::move(of)), fd(descriptor) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  const std::shared_ptr<Mapping> mapping;
  const int fd;
};

// A file descriptor, closed when the last holder is gone.
class File {
 public:
  explicit File(int descriptor) : fd(descriptor) {}
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const int fd;
};

class Vm {
 public:
  explicit Vm(int descriptor) : fd(descriptor) {}
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  const int fd;
  std::mutex mutex;
  // By slot.
  std::map<uint32_t, std::shared_ptr<Memory>> memory;
};

// KVM_SET_SIGNAL_MASK, as the bindings have it: its request, the bytes of its argument, and where in them the signals go.
struct SetSignalMask {
  uint32_t request;
  std::vector<uint8_t> argument;
  size_t signals;
};

class Vcpu {
 public:
  // `request` is that of KVM_RUN, `immediate_exit` where that member is in the mapping; with `set_mask` that one is the
  // mechanism.
  Vcpu(int descriptor, std::shared_ptr<Vm> of, std::shared_ptr<Mapping> mapping, uint32_t request, size_t immediate_exit,
       int signal, std::optional<SetSignalMask> set_mask);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // On the thread that is about to run it, behind `gate.begin`. 0, or -errno.
  int claim();

  // By which other isolates find it.
  uint32_t id = 0;
  const int fd;
  const uint32_t run_request;
  const std::shared_ptr<Vm> vm;
  // What the kernel shares with user space. The kernel's VM lives as long as that is mapped.
  const Memory run;
  KickGate gate;
  // One ioctl at a time: a second one would block in the kernel until KVM_RUN returns.
  enum class Use { kNone, kIoctl, kRun };
  std::atomic<Use> use{Use::kNone};

 private:
  std::optional<SetSignalMask> set_mask_;
  // What the kernel was last given with it; at first nothing.
  std::optional<uint64_t> mask_inside_;
};

// Finds records by number from any isolate, for as long as somebody holds them.
template <typename T>
class Registry {
 public:
  uint32_t add(const std::shared_ptr<T>& record) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = records_.begin(); it != records_.end();) it = it->second.expired() ? records_.erase(it) : ++it;
    const uint32_t id = next_++;
    records_[id] = record;
    return id;
  }

  std::shared_ptr<T> find(uint32_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second.lock();
  }

  // Calls `visit` with every record that is still held.
  template <typename Visit>
  void each(Visit visit) {
    // To its end: nobody may find a record that only this holds any more.
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, record] : records_) {
      if (const auto held = record.lock()) visit(*held);
    }
  }

 private:
  std::mutex mutex_;
  uint32_t next_ = 1;
  std::map<uint32_t, std::weak_ptr<T>> records_;
};

Registry<Memory>& memories();
// All there are.
Registry<Vcpu>& vcpus();

}  // namespace kvm_uapi
