// What the addon keeps for each isolate, and releases when the isolate ends.
#pragma once

#include <node_api.h>

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "records.h"

namespace kvm_uapi {

class Isolate : public std::enable_shared_from_this<Isolate> {
 public:
  // Starts to keep what belongs to the isolate of this thread. Call this once for each environment of Node-API.
  static void start(napi_env env);
  // Returns null if `start` has failed.
  static Isolate* of(napi_env env);

  // Pauses the vCPU, or ends a pause of this isolate. Without such a pause the second does nothing, because the pauses
  // of other isolates last.
  void pause(const std::shared_ptr<Vcpu>& vcpu, bool paused);

  // Lets V8 handle the requests of other threads: a report, a heap snapshot, the pause of a debugger, the end of the
  // isolate. V8 handles them when it enters a function of JavaScript, so this calls an empty function. A debugger can
  // make V8 run any other JavaScript meanwhile. Returns false if the isolate may not run JavaScript any more, or if an
  // exception is pending, such as the one that ends a script of node:vm after its timeout.
  bool handle_requests() const;

  // See signal_pipe_of.
  int signal_pipe();

  // Handles. `drop` releases what the handle keeps, except what the windows of the handle need. `weight` is the size of the
  // record in bytes: V8 does not know it, and would see no reason to collect the handle.
  void add_handle(napi_value value, void* handle, void (*drop)(napi_env, void*), int64_t weight);
  // Call this when the handle is released. V8 then does not count its weight any more.
  void lighten_handle(void* handle);
  // Call this when the handle is finalized.
  void remove_handle(void* handle);

  // Collects garbage now, and drops the handles that are garbage. Node finalizes them later, when the event loop turns.
  void collect_garbage();

 private:
  struct TrackedHandle {
    // A weak reference. It is empty when the handle is collected.
    napi_ref reference;
    void (*drop)(napi_env, void*);
    int64_t weight;
  };

  explicit Isolate(napi_env env);
  void end();
  void lighten(TrackedHandle& handle);

  const napi_env env_;
  napi_ref empty_function_ = nullptr;
  std::optional<int> signal_pipe_;
  // How often this isolate pauses each vCPU.
  std::map<std::weak_ptr<Vcpu>, int, std::owner_less<std::weak_ptr<Vcpu>>> pauses_;
  std::unordered_map<void*, TrackedHandle> handles_;
};

}  // namespace kvm_uapi
