#include "isolates.h"

#include "process-signals.h"
#include "ticker.h"

namespace kvm_uapi {

void Isolate::start(napi_env env) {
  auto* const isolate = new std::shared_ptr<Isolate>(new Isolate(env));
  const auto free = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Isolate>*>(data); };
  if (napi_set_instance_data(env, isolate, free, nullptr) != napi_ok) {
    delete isolate;
    return;
  }
  napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<Isolate*>(data)->end(); }, isolate->get());
}

Isolate* Isolate::of(napi_env env) {
  void* data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok || data == nullptr) return nullptr;
  return static_cast<std::shared_ptr<Isolate>*>(data)->get();
}

Isolate::Isolate(napi_env env) : env_(env) {
  napi_value source = nullptr;
  napi_value function = nullptr;
  // A function of the addon would not do: V8 only looks for requests when it enters JavaScript.
  constexpr const char* code = "(function handleRequests() {})";
  if (napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &source) == napi_ok &&
      napi_run_script(env, source, &function) == napi_ok) {
    napi_create_reference(env, function, 1, &empty_function_);
  }
}

void Isolate::end() {
  // The thread of an isolate ends with the isolate, so no vCPU may signal this thread after this.
  vcpus().each([](Vcpu& vcpu) { vcpu.gate.forget_thread(this_thread()); });
  // The end of a Worker ends a drain without its `finally`.
  while (RingLock::release_last()) {
  }
  for (const auto& [vcpu, count] : pauses_) {
    const auto open = vcpu.lock();
    for (int ended = 0; open != nullptr && ended < count; ended++) open->gate.pause(false);
  }
  pauses_.clear();
}

void Isolate::pause(const std::shared_ptr<Vcpu>& vcpu, bool paused) {
  if (paused) {
    pauses_[vcpu]++;
  } else {
    const auto found = pauses_.find(vcpu);
    if (found == pauses_.end()) return;
    if (--found->second == 0) pauses_.erase(found);
  }
  vcpu->gate.pause(paused);
}

int Isolate::signal_pipe() {
  if (!signal_pipe_) signal_pipe_ = signal_pipe_of(env_);
  return *signal_pipe_;
}

bool Isolate::handle_requests() const {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return true;
  napi_value receiver = nullptr;
  napi_value function = nullptr;
  const bool may_run = napi_get_undefined(env_, &receiver) == napi_ok &&
                       napi_get_reference_value(env_, empty_function_, &function) == napi_ok &&
                       napi_call_function(env_, receiver, function, 0, nullptr, nullptr) == napi_ok;
  napi_close_handle_scope(env_, scope);
  // Other isolates may end soon, too.
  if (!may_run) hasten_ticker();
  return may_run;
}

void Isolate::add_handle(napi_value value, void* handle, void (*drop)(napi_env, void*), int64_t weight) {
  napi_ref reference = nullptr;
  if (napi_create_reference(env_, value, 0, &reference) != napi_ok) return;
  handles_[handle] = {reference, drop, weight};
  int64_t total = 0;
  napi_adjust_external_memory(env_, weight, &total);
}

void Isolate::lighten(TrackedHandle& handle) {
  int64_t total = 0;
  napi_adjust_external_memory(env_, -handle.weight, &total);
  handle.weight = 0;
}

void Isolate::lighten_handle(void* handle) {
  const auto found = handles_.find(handle);
  if (found != handles_.end()) lighten(found->second);
}

void Isolate::remove_handle(void* handle) {
  const auto found = handles_.find(handle);
  if (found == handles_.end()) return;
  lighten(found->second);
  napi_delete_reference(env_, found->second.reference);
  handles_.erase(found);
}

void Isolate::collect_garbage() {
  // V8 collects all garbage at once if the objects outside of its heap have become much larger.
  constexpr int64_t much = int64_t{1} << 50;
  int64_t total = 0;
  napi_adjust_external_memory(env_, much, &total);
  napi_adjust_external_memory(env_, -much, &total);
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  for (auto& [handle, tracked] : handles_) {
    napi_value value = nullptr;
    if (napi_get_reference_value(env_, tracked.reference, &value) != napi_ok || value != nullptr) continue;
    tracked.drop(env_, handle);
    lighten(tracked);
  }
  napi_close_handle_scope(env_, scope);
}

}  // namespace kvm_uapi
