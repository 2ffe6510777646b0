// Process-wide records of the kernel objects that the runtime uses. Each isolate has handles to records. The release
// of the last handle releases the kernel object. A vCPU keeps its VM, and a VM keeps its memory. This does not depend
// on the order in which JavaScript releases them.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kick.h"
#include "mapping.h"

namespace kvm_uapi {

// The memory of a mapping. It is freed when no record or handle refers to it.
class Memory {
 public:
  // `descriptor` is the file of a shared mapping, or -1. This object takes ownership of it. `offset` is where the memory
  // begins in the file.
  Memory(std::shared_ptr<Mapping> of, int descriptor, uint64_t offset = 0)
      : mapping(std::move(of)), fd(descriptor), file_offset(offset) {}
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Other isolates find the memory by this number. 0 if no isolate has asked for it.
  uint64_t id = 0;
  const std::shared_ptr<Mapping> mapping;
  const int fd;
  const uint64_t file_offset;
};

class Vm;

// A file descriptor. It is closed when no handle refers to it.
class File {
 public:
  // `of` is the VM that has created the file, or null. The kernel's VM lives as long as such a file, so the record of
  // the VM does too.
  explicit File(int descriptor, std::shared_ptr<Vm> of = nullptr) : fd(descriptor), vm(std::move(of)) {}
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Other isolates find the file by this number. 0 if no isolate has asked for it.
  uint64_t id = 0;
  const int fd;
  const std::shared_ptr<Vm> vm;
  // The type of a device of a VM, or -1 if nobody has recorded it.
  std::atomic<int64_t> device_type{-1};
};

// The part of a memory that is in a slot.
struct Slot {
  std::shared_ptr<Memory> memory;
  uint64_t offset = 0;
  uint64_t length = 0;
  // The argument of the ioctl that has set the slot, so that every isolate knows the addresses and the flags.
  std::vector<uint8_t> region;
  // The request number of this ioctl, and the offset of the length in its argument: 64 bits. A length of 0 empties the slot.
  uint32_t request = 0;
  uint64_t length_at = 0;
};

// The lock of a ring that several isolates consume. A thread holds the lock while JavaScript serves entries of the ring.
// The thread releases the lock when its isolate ends.
class RingLock {
 public:
  // Waits for a short time. Returns 0, -EAGAIN if another thread holds the lock, or -EDEADLK if this thread holds it.
  // `owner` keeps the lock alive while a thread holds it.
  static int acquire(const std::shared_ptr<Vm>& owner);
  // Releases the lock that this thread has acquired last. Returns whether there was one.
  static bool release_last();

 private:
  std::mutex mutex_;
};

// The dirty ring of a vCPU. The position belongs to the ring, so that every isolate continues after the last harvest.
struct DirtyRing {
  std::mutex mutex;
  // Null if no isolate has asked for the ring.
  std::shared_ptr<Mapping> mapping;
  uint64_t mapped_offset = 0;
  // The entry that the next harvest begins with.
  uint64_t next = 0;
};

class Vm {
 public:
  explicit Vm(int descriptor) : fd(descriptor) {}
  ~Vm();
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;

  // Other isolates find the VM by this number. 0 if no isolate has asked for it.
  uint64_t id = 0;
  const int fd;
  // Whether somebody else can have a file descriptor of this VM or of a vCPU of this VM. The kernel's VM may then live longer
  // than this record, so the record empties its slots when it ends.
  std::atomic<bool> may_outlive{false};
  std::mutex mutex;
  // The slots in use, by number.
  std::map<uint32_t, Slot> slots;
  // All slots below this number are in use. A search for a free slot begins here.
  uint32_t used_below = 0;
  // Memories that are not in a slot, and whose addresses the kernel has got for as long as it has the VM.
  std::set<std::shared_ptr<Memory>> kept;
  // The size of the dirty ring of each vCPU, or 0 if the vCPUs have no dirty rings.
  std::atomic<uint64_t> dirty_ring_bytes{0};
  // How many bytes of the file of each vCPU the kernel shares, or 0 if nobody has recorded it.
  std::atomic<uint64_t> vcpu_bytes{0};
  // The lock of the ring of coalesced writes.
  RingLock coalesced;

 private:
  void empty_slots();
};

// KVM_SET_SIGNAL_MASK as the bindings describe it: its request number, the bytes of its argument, and the offset of
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
  Vcpu(int descriptor, std::shared_ptr<Vm> of, std::shared_ptr<Mapping> mapping, uint32_t request,
       size_t immediate_exit, int signal, std::optional<SetSignalMask> set_mask);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // Prepares this thread to run the vCPU. Call this after `gate.begin`. Returns 0 or -errno.
  int claim();

  // Other isolates find the vCPU by this number.
  uint64_t id = 0;
  const int fd;
  const uint32_t run_request;
  const std::shared_ptr<Vm> vm;
  // The memory that the kernel shares with user space. While this memory is mapped, the kernel keeps the VM.
  const std::shared_ptr<Memory> run;
  DirtyRing dirty;
  KickGate gate;
  // Only one thread uses the vCPU at a time, because a second ioctl would block in the kernel until KVM_RUN returns.
  enum class Use { kNone, kIoctl, kRun };
  std::atomic<Use> use{Use::kNone};

 private:
  std::optional<SetSignalMask> set_mask_;
  // The signals of the last call of KVM_SET_SIGNAL_MASK. Without a value if there was no call.
  std::optional<uint64_t> mask_inside_;
};

// Returns a number that no other record of this process gets. A number of JavaScript represents 2^53 of them exactly.
uint64_t next_id();

// Returns a random number of 53 bits, which is the same for all isolates. A handle of another process has another one.
uint64_t generation();

// Finds records by number, from any isolate. A registry does not keep its records alive.
template <typename T>
class Registry {
 public:
  // Returns the number of a record. The first call of a record adds it.
  uint64_t add(const std::shared_ptr<T>& record) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (record->id != 0) return record->id;
    for (auto it = records_.begin(); it != records_.end();) it = it->second.expired() ? records_.erase(it) : ++it;
    record->id = next_id();
    records_[record->id] = record;
    return record->id;
  }

  std::shared_ptr<T> find(uint64_t id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second.lock();
  }

  // Returns a record for which the condition holds, or null.
  template <typename Condition>
  std::shared_ptr<T> find_if(Condition condition) {
    // A record that only this function keeps alive ends after the lock.
    std::vector<std::shared_ptr<T>> seen;
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, record] : records_) {
      seen.push_back(record.lock());
      if (seen.back() != nullptr && condition(*seen.back())) return seen.back();
    }
    return nullptr;
  }

  // Calls `visit` with every record that is still alive.
  template <typename Visit>
  void each(Visit visit) {
    // The lock lasts until the end of this function: no thread may find a record that only this function keeps alive.
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [id, record] : records_) {
      if (const auto alive = record.lock()) visit(*alive);
    }
  }

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::weak_ptr<T>> records_;
};

Registry<Memory>& memories();
Registry<Vm>& vms();
Registry<File>& eventfds();
// The devices of VMs.
Registry<File>& devices();
// All vCPUs of the process.
Registry<Vcpu>& vcpus();

}  // namespace kvm_uapi
