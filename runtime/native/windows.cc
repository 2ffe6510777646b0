// The windows of JavaScript onto memory.

#include "arguments.h"

namespace kvm_uapi {
namespace {

// What an ArrayBuffer keeps until it is finalized.
struct Kept {
  std::shared_ptr<Windows> state;
  std::shared_ptr<Mapping> mapping;
};

}  // namespace

napi_value window_of(napi_env env, const std::shared_ptr<Windows>& state, const std::shared_ptr<Mapping>& mapping,
                     size_t offset, size_t length) {
  auto* const kept = new Kept{state, mapping};
  const auto finalize = [](napi_env, void*, void* finalized) { delete static_cast<Kept*>(finalized); };
  napi_value result = nullptr;
  // If this fails, Node may have called the finalizer or not. In the worst case some bytes of C++ are never freed.
  if (napi_create_external_arraybuffer(env, mapping->data() + offset, length, finalize, kept, &result) != napi_ok) {
    return nullptr;
  }
  napi_ref window = nullptr;
  if (napi_create_reference(env, result, 1, &window) != napi_ok) return nullptr;
  state->windows.push_back(window);
  // V8 finalizes the memory of an ArrayBuffer when the ArrayBuffer is detached. An asynchronous operation of Node keeps the
  // ArrayBuffer and uses the addresses until it ends.
  auto* const reserved = new std::shared_ptr<Mapping>(mapping);
  const auto unreserve = [](napi_env, void* finalized, void*) {
    delete static_cast<std::shared_ptr<Mapping>*>(finalized);
  };
  if (napi_add_finalizer(env, result, reserved, unreserve, nullptr, nullptr) != napi_ok) {
    delete reserved;
    return nullptr;
  }
  return result;
}

bool detach_windows(napi_env env, Windows& state) {
  bool all = true;
  for (const napi_ref window : state.windows) {
    napi_value buffer = nullptr;
    size_t length = 0;
    // A window has at least one byte, so a detached window has been moved.
    if (napi_get_reference_value(env, window, &buffer) != napi_ok || buffer == nullptr ||
        napi_get_arraybuffer_info(env, buffer, nullptr, &length) != napi_ok || length == 0 ||
        napi_detach_arraybuffer(env, buffer) != napi_ok) {
      all = false;
    }
  }
  forget_windows(env, state);
  return all;
}

void forget_windows(napi_env env, Windows& state) {
  for (const napi_ref window : state.windows) napi_delete_reference(env, window);
  state.windows.clear();
}

}  // namespace kvm_uapi
