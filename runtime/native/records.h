// Process-wide records of the kernel objects that the runtime uses. Each isolate has handles to them, and the release
// of the last handle releases the kernel object. A vCPU keeps its VM and a VM keeps its memory, in whatever order
// JavaScript releases them.
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

// A range of addresses of this process with memory. The addresses stay reserved until JavaScript's last window on them
// is collected, even if that window is detached: an asynchronous read or write may still use them.
class Mapping {
 public:
  // Returns null and sets errno when the kernel refuses. `fd` is -1 for anonymous memory.
  static std::shared_ptr<Mapping> map(int fd, size_t length, int flags, off_t offset = 0);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Frees the memory and keeps the addresses. Nothing can be read or written there afterwards.
  void empty();

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }

 private:
  Mapping(uint8_t* data, size_t length) : data_(data), length_(length) {}

  uint8_t* const data_;
  const size_t length_;
};

// The memory of a mapping. It is freed when nothing refers to it any more.
class Memory {
 public:
  // `descriptor` is the memfd of the mapping, which this object takes over, or -1.
  Memory(std::shared_ptr<Mapping> of, int descriptor) : mapping(std::move(of)), fd(descriptor) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  const std::shared_ptr<Mapping> mapping;
  const int fd;
};

// A file descriptor. It is closed when nothing refers to it any more.
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

// KVM_SET_SIGNAL_MASK, as the bindings describe it: its request number, the bytes of its argument, and the offset of
// the signals in these bytes.
struct SetSignalMask {
  uint32_t request;
  std::vector<uint8_t> argument;
  size_t signals;
};

class Vcpu {
 public:
  // `request` is the request number of KVM_RUN. `immediate_exit` is the offset of that member in the mapping. With
  // `set_mask` the mechanism is KVM_SET_SIGNAL_MASK.
  Vcpu(int descriptor, std::shared_ptr<Vm> of, std::shared_ptr<Mapping> mapping, uint32_t request, size_t immediate_exit,
       int signal, std::optional<SetSignalMask> set_mask);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // Called after `gate.begin`, on the thread that is about to run the vCPU. Returns 0 or -errno.
  int claim();

  // Other isolates find the vCPU by this number.
  uint32_t id = 0;
  const int fd;
  const uint32_t run_request;
  const std::shared_ptr<Vm> vm;
  // The memory that the kernel shares with user space. The kernel keeps its VM while this is mapped.
  const Memory run;
  KickGate gate;
  // One thread uses the vCPU at a time: a second ioctl would block in the kernel until KVM_RUN returns.
  enum class Use { kNone, kIoctl, kRun };
  std::atomic<Use> use{Use::kNone};

 private:
  std::optional<SetSignalMask> set_mask_;
  // The signals that the kernel was last given with KVM_SET_SIGNAL_MASK, if there was a call.
  std::optional<uint64_t> mask_inside_;
};

// Finds records by number, from any isolate. It does not keep them alive.
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

  // Calls `visit` with every record that is still alive.
  template <typename Visit>
  void each(Visit visit) {
    // The lock lasts until the end: nothing may find a record that only this function still keeps alive.
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, record] : records_) {
      if (const auto alive = record.lock()) visit(*alive);
    }
  }

 private:
  std::mutex mutex_;
  uint32_t next_ = 1;
  std::map<uint32_t, std::weak_ptr<T>> records_;
};

Registry<Memory>& memories();
// All vCPUs of the process.
Registry<Vcpu>& vcpus();

}  // namespace kvm_uapi
