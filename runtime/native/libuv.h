// The functions of libuv that the addon uses. Node exports them. uv.h is not among the packages that build the addon, so
// the declarations are here. They are the same in every version 1 of libuv. The size of a handle is not known here:
// uv_handle_size returns it.
//
// The symbols are weak: in a program that does not export the functions, they are null, and the addon can be loaded.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
// Any handle of libuv.
struct UvHandle;

#define KVM_UAPI_WEAK __attribute__((weak, visibility("default")))

extern "C" {

KVM_UAPI_WEAK size_t uv_loop_size(void);
KVM_UAPI_WEAK uint64_t uv_now(const uv_loop_s* loop);
KVM_UAPI_WEAK size_t uv_handle_size(int type);
KVM_UAPI_WEAK const char* uv_handle_type_name(int type);
KVM_UAPI_WEAK void* uv_handle_get_data(const UvHandle* handle);
KVM_UAPI_WEAK void uv_handle_set_data(UvHandle* handle, void* data);
KVM_UAPI_WEAK void uv_ref(UvHandle* handle);
KVM_UAPI_WEAK void uv_unref(UvHandle* handle);
KVM_UAPI_WEAK void uv_close(UvHandle* handle, void (*closed)(UvHandle*));
KVM_UAPI_WEAK int uv_poll_init(uv_loop_s* loop, UvHandle* handle, int fd);
KVM_UAPI_WEAK int uv_poll_start(UvHandle* handle, int events, void (*callback)(UvHandle*, int status, int events));
KVM_UAPI_WEAK int uv_poll_stop(UvHandle* handle);

}  // extern "C"

#undef KVM_UAPI_WEAK

namespace kvm_uapi {

// UV_POLL of uv_handle_type, and UV_READABLE of uv_poll_event.
constexpr int uv_poll_type = 8;
constexpr int uv_readable = 1;

}  // namespace kvm_uapi
