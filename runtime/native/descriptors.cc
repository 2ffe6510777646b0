#include "descriptors.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace kvm_uapi {

namespace {

// Older C libraries do not define it. Linux has it since 6.10.
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif

// The file descriptors of the standard streams are never used for another file.
constexpr int least_fd = 3;

// The device of misc.h of the kernel: MISC_MAJOR and KVM_MINOR.
constexpr unsigned int kvm_major = 10;
constexpr unsigned int kvm_minor = 232;

// Returns what the kernel calls the file, such as anon_inode:kvm-vm, or an empty text.
std::string name_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char target[4096];
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length < 0 ? std::string() : std::string(target, static_cast<size_t>(length));
}

bool begins(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

bool is_vcpu(const std::string& name) { return name == "anon_inode:kvm-vcpu" || begins(name, "anon_inode:kvm-vcpu:"); }

// The name of a device is that of its type, such as anon_inode:kvm-vfio.
bool is_device(const std::string& name) {
  if (!begins(name, "anon_inode:kvm-") || name.find("-stats") != std::string::npos) return false;
  return name != "anon_inode:kvm-vm" && !is_vcpu(name);
}

bool is_of_kind(int fd, FdKind kind, const std::string& name) {
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  switch (kind) {
    case FdKind::kSystem:
      return S_ISCHR(status.st_mode) && status.st_rdev == makedev(kvm_major, kvm_minor);
    case FdKind::kDriver:
      return S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
    case FdKind::kVm:
      return name == "anon_inode:kvm-vm";
    case FdKind::kVcpu:
      return is_vcpu(name);
    case FdKind::kDevice:
      return is_device(name);
    case FdKind::kEventFd:
      return name == "anon_inode:[eventfd]";
    case FdKind::kGuestMemfd:
      // Newer kernels have a file system for these files.
      return name == "anon_inode:[kvm-gmem]" || begins(name, "/[kvm-gmem]");
  }
  return false;
}

bool needs_name(FdKind kind) { return kind != FdKind::kSystem && kind != FdKind::kDriver; }

// Returns whether the file belongs to a VM of another process. The kernel refuses every ioctl then, before it looks at the
// request. No driver has the request 0.
bool is_of_other_process(int fd, FdKind kind) {
  if (kind != FdKind::kVm && kind != FdKind::kVcpu && kind != FdKind::kDevice) return false;
  return ioctl(fd, 0, 0) < 0 && errno == EIO;
}

}  // namespace

bool is_vcpu_fd(int fd) { return fd >= least_fd && is_vcpu(name_of(fd)); }

int duplicate_fd(napi_env env, int fd, bool cloexec) {
  return call_with_room(env, Need::kFile, [&] {
    const int copy = fcntl(fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, least_fd);
    return copy < 0 ? -errno : copy;
  });
}

int adopt_fd(napi_env env, int fd, FdKind kind) {
  const int own = duplicate_fd(env, fd, true);
  if (own < 0) return own;
  const std::string name = name_of(own);
  int error = 0;
  if (name.empty() && needs_name(kind)) {
    error = -ENOTSUP;
  } else if (!is_of_kind(own, kind, name)) {
    error = -EPROTOTYPE;
  } else if (is_of_other_process(own, kind)) {
    error = -EIO;
  }
  if (error == 0) return own;
  close(own);
  return error;
}

int is_same_file(int one, int other) {
  const int same = fcntl(one, F_DUPFD_QUERY, other);
  if (same >= 0) return same == 1 ? 1 : 0;
  const pid_t process = getpid();
  const auto order = syscall(SYS_kcmp, process, process, KCMP_FILE, one, other);
  return order < 0 ? -ENOTSUP : order == 0 ? 1 : 0;
}

std::mutex& adoption_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

namespace {

// Returns the handle of a file that was adopted, or the number -errno.
napi_value adopted(napi_env env, int fd, FdKind kind) { return file_of(env, adopt_fd(env, fd, kind)); }

napi_value SystemFromFd(napi_env env, int fd) { return adopted(env, fd, FdKind::kSystem); }

napi_value DriverFromFd(napi_env env, int fd) { return adopted(env, fd, FdKind::kDriver); }

napi_value EventFromFd(napi_env env, int fd) { return adopted(env, fd, FdKind::kEventFd); }

napi_value GuestMemfdFromFd(napi_env env, int fd) { return adopted(env, fd, FdKind::kGuestMemfd); }

napi_value VmFromFd(napi_env env, int fd) {
  const int own = adopt_fd(env, fd, FdKind::kVm);
  if (own < 0) return number(env, own);
  auto vm = std::make_shared<Vm>(own);
  const int error = add_adopted(vms(), vm);
  if (error != 0) return number(env, error);
  vm->may_outlive = true;
  return handle_of(env, std::move(vm));
}

// Returns -EXDEV for a device of another VM of this addon.
napi_value DeviceFromFd(napi_env env, Open<Vm> vm, int fd) {
  const std::shared_ptr<Vm> of = vm.record();
  const int own = adopt_fd(env, fd, FdKind::kDevice);
  if (own < 0) return number(env, own);
  auto device = std::make_shared<File>(own, of);
  const int error = add_adopted(devices(), device);
  if (error != 0) return number(env, error);
  if (device->vm != of) return number(env, -EXDEV);
  return handle_of(env, std::move(device));
}

napi_value FileDuplicate(napi_env env, Open<File> file, bool cloexec) {
  return number(env, duplicate_fd(env, file->fd, cloexec));
}

napi_value VmDuplicate(napi_env env, Open<Vm> vm, bool cloexec) {
  vm->may_outlive = true;
  return number(env, duplicate_fd(env, vm->fd, cloexec));
}

napi_value VcpuDuplicate(napi_env env, Open<Vcpu> vcpu, bool cloexec) {
  vcpu->vm->may_outlive = true;
  return number(env, duplicate_fd(env, vcpu->fd, cloexec));
}

// The result is -EBADF for anonymous memory.
napi_value MemoryDuplicate(napi_env env, Open<Memory> memory, bool cloexec) {
  return number(env, duplicate_fd(env, memory->fd, cloexec));
}

// Returns the size of the file in bytes.
napi_value FileSize(napi_env env, Open<File> file) {
  struct stat status;
  return number(env, fstat(file->fd, &status) == 0 ? static_cast<double>(status.st_size) : -errno);
}

// Whether reading and writing the file never block.
napi_value FileNeverBlocks(napi_env env, Open<File> file) {
  return boolean(env, (fcntl(file->fd, F_GETFL) & O_NONBLOCK) != 0);
}

// Returns what the kernel calls the file with this number, such as anon_inode:kvm-vm. The text is empty if there is none.
napi_value FdName(napi_env env, int fd) {
  napi_value result = nullptr;
  const std::string name = name_of(fd);
  return napi_create_string_utf8(env, name.data(), name.size(), &result) == napi_ok ? result : nullptr;
}

}  // namespace

void export_descriptors(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"systemFromFd", checked<SystemFromFd>},
                 {"driverFromFd", checked<DriverFromFd>},
                 {"eventFromFd", checked<EventFromFd>},
                 {"guestMemfdFromFd", checked<GuestMemfdFromFd>},
                 {"vmFromFd", checked<VmFromFd>},
                 {"deviceFromFd", checked<DeviceFromFd>},
                 {"fileDuplicate", checked<FileDuplicate>},
                 {"vmDuplicate", checked<VmDuplicate>},
                 {"vcpuDuplicate", checked<VcpuDuplicate>},
                 {"memoryDuplicate", checked<MemoryDuplicate>},
                 {"fileSize", checked<FileSize>},
                 {"fileNeverBlocks", checked<FileNeverBlocks>},
                 {"fdName", checked<FdName>}});
}

}  // namespace kvm_uapi
