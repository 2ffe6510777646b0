// What the published addons have of their own, because glibc 2.28 and the libstdc++ of its time do not have it.

#include <stdlib.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KVM_UAPI_OWN __attribute__((visibility("hidden")))

// Reference counts are atomic if this is 0.
KVM_UAPI_OWN char __libc_single_threaded = 0;

// The struct of the system call and that of glibc are the same on x86-64 and arm64.
extern "C" KVM_UAPI_OWN int fstat(int fd, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, fd, status));
}

namespace std {
KVM_UAPI_OWN void __throw_bad_array_new_length() { abort(); }
}  // namespace std
