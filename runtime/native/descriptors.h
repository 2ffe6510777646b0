// File descriptors that come from outside of this addon, and that go outside.
#pragma once

#include <memory>
#include <mutex>

#include "exports.h"

namespace kvm_uapi {

// What a file descriptor of the caller has to be.
enum class FdKind { kSystem, kVm, kVcpu, kDevice, kEventFd, kGuestMemfd, kDriver };

// Returns a new file descriptor of the same open file, which this addon closes, or a negative number:
//   -EBADF       the number is not that of an open file
//   -EPROTOTYPE  the file is of another kind
//   -EIO         the file belongs to a VM of another process
//   -ENOTSUP     without /proc nothing says of which kind the file is
// The kind is that of the new file descriptor, because another thread could close the number of the caller meanwhile.
int adopt_fd(napi_env env, int fd, FdKind kind);

// Returns a new file descriptor of the same open file, which the caller closes, or -errno.
int duplicate_fd(napi_env env, int fd, bool cloexec);

// Returns whether a number is the file descriptor of a vCPU.
bool is_vcpu_fd(int fd);

// Returns 1 if both file descriptors are of the same open file, 0 if not, or -ENOTSUP if the kernel does not say it.
int is_same_file(int one, int other);

// While this mutex is locked, no other thread adds an adopted file to a registry.
std::mutex& adoption_mutex();

// Finds the record of the open file in a registry. Returns 0 or -ENOTSUP. Lock `adoption_mutex` before this.
template <typename T>
int find_same_file(Registry<T>& registry, int fd, std::shared_ptr<T>& result) {
  int error = 0;
  result = registry.find_if([&](const T& record) {
    const int same = is_same_file(record.fd, fd);
    if (same < 0) error = same;
    return same == 1;
  });
  return result == nullptr ? error : 0;
}

// Adds a record to a registry, unless the registry has a record of the same open file. Returns 0 or -ENOTSUP. `record` is
// then the record in the registry.
template <typename T>
int add_adopted(Registry<T>& registry, std::shared_ptr<T>& record) {
  const std::lock_guard<std::mutex> lock(adoption_mutex());
  std::shared_ptr<T> known;
  const int error = find_same_file(registry, record->fd, known);
  if (error != 0) return error;
  if (known != nullptr) {
    record = std::move(known);
  } else {
    registry.add(record);
  }
  return 0;
}

}  // namespace kvm_uapi
