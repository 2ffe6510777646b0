// The permissions of this process for state components of the processor.

#include <sys/syscall.h>
#include <unistd.h>

#ifdef __x86_64__
#include <asm/prctl.h>
#endif

#include "exports.h"

namespace kvm_uapi {
namespace {

// Older headers do not define it. Linux has it since 5.17.
#if defined(__x86_64__) && !defined(ARCH_REQ_XCOMP_GUEST_PERM)
#define ARCH_REQ_XCOMP_GUEST_PERM 0x1025
#endif

// Requests the permission that guests use a state component of XSAVE. Returns 0 or -errno.
napi_value RequestXcompGuestPerm(napi_env env, uint32_t feature) {
#ifdef __x86_64__
  const auto result = syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_GUEST_PERM, static_cast<unsigned long>(feature));
  return number(env, result < 0 ? -errno : 0);
#else
  static_cast<void>(feature);
  return number(env, -ENOSYS);
#endif
}

}  // namespace

void export_permissions(napi_env env, napi_value exports) {
  add_functions(env, exports, {{"requestXcompGuestPerm", checked<RequestXcompGuestPerm>}});
}

}  // namespace kvm_uapi
