// Files and ioctls.

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "exports.h"

namespace kvm_uapi {

namespace {

template <typename T>
T value_at(const uint8_t* bytes) {
  T result;
  memcpy(&result, bytes, sizeof result);
  return result;
}

}  // namespace

napi_value file_of(napi_env env, int fd, std::shared_ptr<Vm> vm) {
  return fd < 0 ? number(env, fd) : handle_of(env, std::make_shared<File>(fd, std::move(vm)));
}

int created_by_kvm(int fd) {
  if (fd < 0) return fd;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char target[64];
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  // Without /proc nothing says what the file is.
  if (length < 0) return fcntl(fd, F_GETFD) < 0 || access("/proc/self/fd", F_OK) == 0 ? -EBADF : fd;
  // Such as anon_inode:kvm-vm and anon_inode:[kvm-gmem].
  const std::string name(target, static_cast<size_t>(length));
  if (name.find("kvm-") == std::string::npos) return -EBADF;
  // Programs that this process starts must not keep the file open. The kernel does not set this flag for a guest memfd.
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

bool Tail::is_inside(const uint8_t* argument, uint64_t length) const {
  if (count_offset > length || count_size > length - count_offset || start > length) return false;
  const uint8_t* const at = argument + count_offset;
  uint64_t count = 0;
  switch (count_size) {
    case sizeof(uint8_t):
      count = *at;
      break;
    case sizeof(uint16_t):
      count = value_at<uint16_t>(at);
      break;
    case sizeof(uint32_t):
      count = value_at<uint32_t>(at);
      break;
    case sizeof(uint64_t):
      count = value_at<uint64_t>(at);
      break;
    default:
      return false;
  }
  return element_size > 0 && count <= (length - start) / element_size;
}

int call_ioctl(napi_env env, int fd, uint32_t request, View view, uint64_t offset, uint64_t needed, const Tail& tail) {
  uint8_t* const bytes = argument_of(env, request, view, offset, needed);
  if (bytes == nullptr) return -EFAULT;
  std::vector<uint8_t> argument(bytes, bytes + needed);
  if (!tail.is_inside(argument.data(), argument.size())) return too_short;
  const int result = call_ioctl(fd, request, argument.data());
  std::copy(argument.begin(), argument.end(), bytes);
  return result;
}

napi_value create_file(napi_env env, int fd, uint32_t request, std::optional<View> view, uint64_t offset,
                       uint64_t needed, std::optional<uint64_t> fd_offset, const std::shared_ptr<Vm>& vm) {
  if (!view) return file_of(env, created_by_kvm(call_ioctl_with_room(env, fd, request, 0)), vm);
  const uint8_t* const bytes = argument_of(env, request, *view, offset, needed);
  if (bytes == nullptr) return number(env, -EFAULT);
  int created = -1;
  if (fd_offset && (needed < sizeof created || *fd_offset > needed - sizeof created)) return number(env, -EFAULT);
  // Another thread must not change the file descriptor before it is read.
  std::vector<uint8_t> argument(bytes, bytes + needed);
  const int result = call_ioctl_with_room(env, fd, request, argument.data());
  if (result < 0 || !fd_offset) return file_of(env, created_by_kvm(result), vm);
  memcpy(&created, argument.data() + *fd_offset, sizeof created);
  return file_of(env, created_by_kvm(created < 0 ? -EBADF : created), vm);
}

namespace {

napi_value OpenPath(napi_env env, const std::string& path, bool cloexec) {
  return file_of(env, call_with_room(env, Need::kFile, [&] {
                   const int fd = open(path.c_str(), O_RDWR | (cloexec ? O_CLOEXEC : 0));
                   return fd < 0 ? -errno : fd;
                 }));
}

napi_value EventFd(napi_env env) {
  return file_of(env, call_with_room(env, Need::kFile, [&] {
                   const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                   return fd < 0 ? -errno : fd;
                 }));
}

napi_value FileFd(napi_env env, Open<File> file) { return number(env, file->fd); }

napi_value FileRelease(napi_env env, Open<File> file) {
  file.release(env);
  return nullptr;
}

napi_value FileIoctl(napi_env env, Open<File> file, uint32_t request, Word value) {
  return number(env, call_ioctl_with_room(env, file->fd, request, value.value));
}

napi_value FileIoctlView(napi_env env, Open<File> file, uint32_t request, View view, uint64_t offset, uint64_t needed) {
  return number(
      env, call_with_room(env, Need::kFile, [&] { return call_ioctl(env, file->fd, request, view, offset, needed); }));
}

napi_value FileIoctlTail(napi_env env, Open<File> file, uint32_t request, View view, uint64_t offset, uint64_t needed,
                         uint64_t start, uint64_t element_size, uint64_t count_offset, uint64_t count_size) {
  const Tail tail{start, element_size, count_offset, count_size};
  return number(env, call_ioctl(env, file->fd, request, view, offset, needed, tail));
}

}  // namespace

void export_files(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"open", checked<OpenPath>},
                 {"eventFd", checked<EventFd>},
                 {"fileFd", checked<FileFd>},
                 {"fileRelease", checked<FileRelease>},
                 {"fileIoctl", checked<FileIoctl>},
                 {"fileIoctlView", checked<FileIoctlView>},
                 {"fileIoctlTail", checked<FileIoctlTail>}});
}

}  // namespace kvm_uapi
