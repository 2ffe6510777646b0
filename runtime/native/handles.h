// Handles: what JavaScript has of the records. A handle is an External of Node-API that is tagged with the type of its
// record.
#pragma once

#include <node_api.h>
#include <stdint.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "isolates.h"
#include "records.h"

namespace kvm_uapi {

class Poll;

// What a handle and its windows share.
struct Windows {
  // The ArrayBuffers of one isolate that show memory. `detach_windows` finds them by these references.
  std::vector<napi_ref> windows;
  bool is_released = false;
};

template <typename T>
struct HandleState : Windows {
  explicit HandleState(std::shared_ptr<T> of) : record(std::move(of)) {}
  std::shared_ptr<T> record;
};

// A handle of one isolate. A handle keeps a record alive until a release function empties the handle, or until the
// garbage collector has finalized the handle and all windows that were made with the handle.
template <typename T>
using Handle = std::shared_ptr<HandleState<T>>;

// Returns a window onto `length` bytes of a mapping, as an ArrayBuffer, and adds it to the windows of its handle. Until
// the ArrayBuffer is finalized, it keeps the addresses reserved and `state` alive. Returns null if the isolate ends.
napi_value window_of(napi_env env, const std::shared_ptr<Windows>& state, const std::shared_ptr<Mapping>& mapping,
                     size_t offset, size_t length);

// Detaches all windows. Returns false if JavaScript has moved the bytes of a window to another ArrayBuffer. This
// ArrayBuffer cannot be found, so the memory of the window must stay.
bool detach_windows(napi_env env, Windows& state);

// Lets the garbage collector collect the windows. It does that when JavaScript does not use them any more.
void forget_windows(napi_env env, Windows& state);

// Marks the JavaScript value of a handle with the type of its record. No other addon uses these numbers.
template <typename T>
constexpr uint64_t kind_of = 0;
template <>
inline constexpr uint64_t kind_of<File> = 1;
template <>
inline constexpr uint64_t kind_of<Memory> = 2;
template <>
inline constexpr uint64_t kind_of<Vm> = 3;
template <>
inline constexpr uint64_t kind_of<Vcpu> = 4;
template <>
inline constexpr uint64_t kind_of<Poll> = 5;

template <typename T>
constexpr napi_type_tag tag_of() {
  static_assert(kind_of<T> != 0);
  return {0x6b766d5f75617069, kind_of<T>};
}

// The handle of this thread whose tag was checked last. A check of a tag takes some 30 nanoseconds, and a loop that runs
// one vCPU passes the same handle again and again.
template <typename T>
inline thread_local const Handle<T>* checked_last __attribute__((tls_model("initial-exec"))) = nullptr;

// Roughly what a record keeps outside of V8's heap, in bytes. The kernel needs some hundred KiB for a VM and for a vCPU.
template <typename T>
int64_t weight_of(const T&) {
  return 0;
}
template <>
inline int64_t weight_of(const Vm&) {
  return 0x40000;
}
template <>
inline int64_t weight_of(const Vcpu&) {
  return 0x40000;
}
template <>
inline int64_t weight_of(const Memory& memory) {
  // If the weight grew by about 1 GiB at once, V8 would collect all garbage at once.
  constexpr size_t most = 0x20000000;
  return static_cast<int64_t>(std::min(memory.mapping->length(), most));
}

// Releases the record of a handle that is garbage. If the handle has windows, they keep the memory that they show.
template <typename T>
void drop(napi_env env, void* garbage) {
  const Handle<T>& handle = *static_cast<Handle<T>*>(garbage);
  forget_windows(env, *handle);
  if (handle.use_count() == 1) {
    handle->record.reset();
  } else if constexpr (std::is_same_v<T, Vcpu>) {
    // A pointer to no vCPU, which keeps the memory.
    if (handle->record != nullptr) handle->record = {std::shared_ptr<Memory>(handle->record->run), nullptr};
  }
}

// Returns a new handle of a record. Returns null if the isolate ends.
template <typename T>
napi_value handle_of(napi_env env, std::shared_ptr<T> record) {
  Isolate* const isolate = Isolate::of(env);
  if (isolate == nullptr) return nullptr;
  const int64_t weight = weight_of<T>(*record);
  auto* const handle = new Handle<T>(std::make_shared<HandleState<T>>(std::move(record)));
  // At the end of the isolate, the finalizer can run after the instance data of the isolate is gone.
  auto* const kept = new std::shared_ptr<Isolate>(isolate->shared_from_this());
  const auto finalize = [](napi_env finalizing, void* data, void* hint) {
    auto* const finalized = static_cast<Handle<T>*>(data);
    auto* const of = static_cast<std::shared_ptr<Isolate>*>(hint);
    if (checked_last<T> == finalized) checked_last<T> = nullptr;
    (*of)->remove_handle(finalized);
    forget_windows(finalizing, **finalized);
    delete of;
    delete finalized;
  };
  napi_value value = nullptr;
  if (napi_create_external(env, handle, finalize, kept, &value) != napi_ok) {
    delete kept;
    delete handle;
    return nullptr;
  }
  isolate->add_handle(value, handle, drop<T>, weight);
  constexpr napi_type_tag tag = tag_of<T>();
  return napi_type_tag_object(env, value, &tag) == napi_ok ? value : nullptr;
}

// Returns the handle that a JavaScript value is. Returns null for any other value.
template <typename T>
Handle<T>* handle_in(napi_env env, napi_value value) {
  void* data = nullptr;
  // This function fails for a value that is not an External. The External of another addon has another pointer.
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) return nullptr;
  auto* const handle = static_cast<Handle<T>*>(data);
  if (handle == checked_last<T>) return handle;
  constexpr napi_type_tag tag = tag_of<T>();
  bool is_handle = false;
  if (napi_check_object_type_tag(env, value, &tag, &is_handle) != napi_ok || !is_handle) return nullptr;
  checked_last<T> = handle;
  return handle;
}

}  // namespace kvm_uapi
