// The addon: its functions and its constants.

#include <signal.h>

#include <string>

#include "exports.h"
#include "isolates.h"
#include "run.h"

#ifdef KVM_UAPI_TEST_HOOKS
#include <napi.h>
#endif

namespace kvm_uapi {

void throw_wrong_argument(napi_env env, size_t index, const char* rule) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || pending) return;
  const std::string message = "argument " + std::to_string(index + 1) + " must be " + rule;
  // This fails if the isolate ends. Then nobody needs the error.
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message.c_str());
}

namespace {

void add_number(napi_env env, napi_value exports, const char* name, double value) {
  napi_set_named_property(env, exports, name, number(env, value));
}

napi_value add_exports(napi_env env, napi_value exports) {
  export_attributes(env, exports);
  export_descriptors(env, exports);
  export_files(env, exports);
  export_eventfds(env, exports);
  export_memory(env, exports);
  export_permissions(env, exports);
  export_memory_advice(env, exports);
  export_vms(env, exports);
  export_vcpus(env, exports);
  export_addressed_ioctls(env, exports);
#ifdef KVM_UAPI_TEST_HOOKS
  hooks::add_to(Napi::Object(env, exports));
#endif
  add_number(env, exports, "COMPLETED", completed);
  add_number(env, exports, "TOO_SHORT", too_short);
  add_number(env, exports, "GENERATION", static_cast<double>(generation()));
  add_number(env, exports, "PAGE_SIZE", static_cast<double>(host_page_size()));
  add_number(env, exports, "SIGRTMIN", SIGRTMIN);
  add_number(env, exports, "SIGRTMAX", SIGRTMAX);
  Isolate::start(env);
  return exports;
}

}  // namespace
}  // namespace kvm_uapi

NAPI_MODULE_INIT() { return kvm_uapi::add_exports(env, exports); }
