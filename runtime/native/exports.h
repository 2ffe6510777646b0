// The functions of the addon, one table for each subject. Each is a plain function over records. runtime/addon.ts has
// the types of the functions. A result below zero is -errno. A function throws a TypeError for an argument of a wrong
// type, and no other error of its own. No file has an offset, size or request number of the kernel's interface: the
// caller passes all of them.
#pragma once

#include <sys/ioctl.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "arguments.h"

namespace kvm_uapi {

struct Export {
  const char* name;
  Callback callback;
};

// Adds functions to the exports of the addon.
template <size_t count>
void add_functions(napi_env env, napi_value exports, const Export (&functions)[count]) {
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return;
    napi_set_named_property(env, exports, name, function);
  }
}

void export_attributes(napi_env env, napi_value exports);
void export_descriptors(napi_env env, napi_value exports);
void export_files(napi_env env, napi_value exports);
void export_eventfds(napi_env env, napi_value exports);
void export_memory(napi_env env, napi_value exports);
void export_permissions(napi_env env, napi_value exports);
void export_memory_advice(napi_env env, napi_value exports);
void export_vms(napi_env env, napi_value exports);
void export_vcpus(napi_env env, napi_value exports);
void export_addressed_ioctls(napi_env env, napi_value exports);

// Makes an ioctl other than KVM_RUN. If a signal interrupts the ioctl, such as the signal of a profiler, the ioctl is
// made again.
template <typename T>
int call_ioctl(int fd, uint32_t request, T argument) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

// Makes an ioctl whose argument is `needed` bytes at an offset of a DataView. If the bytes are not all inside the view,
// or are fewer than the request says, the result is -EFAULT and no ioctl is made.
inline int call_ioctl(napi_env env, int fd, uint32_t request, View view, uint64_t offset, uint64_t needed) {
  uint8_t* const bytes = argument_of(env, request, view, offset, needed);
  return bytes == nullptr ? -EFAULT : call_ioctl(fd, request, bytes);
}

// Returns the handle of a file that a system call has returned, or the number -errno. `vm` is the VM that has created
// the file, or null.
napi_value file_of(napi_env env, int fd, std::shared_ptr<Vm> vm = nullptr);

// Makes an ioctl that creates a file, and returns the handle of the file or the number -errno. The ioctl returns the
// file descriptor, or writes it to the argument at the offset `fd_offset`. The ioctl has no argument if `view` is empty.
napi_value create_file(napi_env env, int fd, uint32_t request, std::optional<View> view, uint64_t offset,
                       uint64_t needed, std::optional<uint64_t> fd_offset, const std::shared_ptr<Vm>& vm = nullptr);

// Returns the file descriptor, or -EBADF if the file is not one that KVM has created. Otherwise wrong bindings could
// make this process close a file of Node: an ioctl with another request number returns another number.
int created_by_kvm(int fd);

// The array at the end of an argument, whose number of elements is a member of the argument. The kernel reads this
// member by itself. If the member is the size of the whole argument, an element is one byte and the array begins at 0.
struct Tail {
  uint64_t start = 0;
  uint64_t element_size = 0;
  // The offset and the size in bytes of the member.
  uint64_t count_offset = 0;
  uint64_t count_size = 0;

  // Returns whether the argument has all elements that the kernel will access.
  bool is_inside(const uint8_t* argument, uint64_t length) const;
};

// The result of an ioctl whose argument does not have all elements. It is not the negative of an errno.
constexpr int too_short = -4096;

// Makes an ioctl like `call_ioctl`, on a copy of the argument, and copies the bytes back. Between the check of the count
// and the ioctl, another thread or a guest could change the count in the argument itself.
int call_ioctl(napi_env env, int fd, uint32_t request, View view, uint64_t offset, uint64_t needed, const Tail& tail);

// What a system call needs, and can lack because of garbage.
enum class Need { kFile, kFileOrMapping };

// Makes a system call that returns a result or -errno. If the process has too many files or mappings, this collects the
// garbage of this isolate, and makes the call once more.
template <typename Call>
int call_with_room(napi_env env, Need need, Call call) {
  const int result = call();
  const bool lacks_file = result == -EMFILE || result == -ENFILE;
  if (!lacks_file && (need == Need::kFile || result != -ENOMEM)) return result;
  Isolate* const isolate = Isolate::of(env);
  if (isolate == nullptr) return result;
  isolate->collect_garbage();
  return call();
}

// Makes an ioctl that can create a file.
template <typename T>
int call_ioctl_with_room(napi_env env, int fd, uint32_t request, T argument) {
  return call_with_room(env, Need::kFile, [=] { return call_ioctl(fd, request, argument); });
}

// Maps a file with `map`, which returns null and sets errno if it fails. Returns 0 or -errno.
template <typename Map>
int map_with_room(napi_env env, std::shared_ptr<Mapping>& result, Map map) {
  return call_with_room(env, Need::kFileOrMapping, [&] {
    result = map();
    return result == nullptr ? -errno : 0;
  });
}

}  // namespace kvm_uapi
