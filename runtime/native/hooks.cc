// The functions with which JavaScript uses the test hooks. The first argument of each function is the id of a vCPU.

#include <napi.h>

#include <string>
#include <thread>

#include "records.h"

namespace kvm_uapi::hooks {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

// A test keeps its vCPU open while it uses the hooks.
KickGate& gate_at(const CallbackInfo& info) {
  return vcpus().find(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()))->gate;
}

template <size_t count>
int index_at(const CallbackInfo& info, const char* const (&names)[count]) {
  return index_of(names, info[1].As<Napi::String>().Utf8Value().c_str());
}

template <size_t count>
Value names_of(Napi::Env env, const char* const (&names)[count]) {
  const auto result = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; i++) result.Set(i, names[i]);
  return result;
}

// (id, name of a gap): holds the gap.
Value HoldGap(const CallbackInfo& info) {
  const int gap = index_at(info, gap_names);
  if (gap >= 0) gate_at(info).points.hold(static_cast<Gap>(gap));
  return Napi::Boolean::New(info.Env(), gap >= 0);
}

// (id): releases the gap that is held.
Value ReleaseGap(const CallbackInfo& info) {
  gate_at(info).points.hold(Gap::none);
  return info.Env().Undefined();
}

// (id, milliseconds): waits until a thread is in the held gap.
Value AwaitGap(const CallbackInfo& info) {
  const bool parked = gate_at(info).points.await_parked(info[1].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), parked);
}

// (id, name of a change, boolean): makes the change, or undoes it.
Value SetChanged(const CallbackInfo& info) {
  const int change = index_at(info, change_names);
  if (change >= 0) gate_at(info).points.set_changed(static_cast<Change>(change), info[2].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), change >= 0);
}

Value Sent(const CallbackInfo& info) { return Napi::Number::New(info.Env(), gate_at(info).points.sent.load()); }

// (id): returns how many of the sent signals the kernel refused.
Value Refused(const CallbackInfo& info) { return Napi::Number::New(info.Env(), gate_at(info).points.refused.load()); }

// (id): sends a signal without a request.
Value Stray(const CallbackInfo& info) {
  gate_at(info).stray();
  return info.Env().Undefined();
}

// (id): kicks from a new thread, which can wait in a gap.
Value KickAside(const CallbackInfo& info) {
  auto vcpu = vcpus().find(static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value()));
  vcpu->gate.points.kicking_aside.fetch_add(1);
  std::thread([vcpu = std::move(vcpu)] {
    vcpu->gate.kick();
    vcpu->gate.points.kicking_aside.fetch_sub(1);
  }).detach();
  return info.Env().Undefined();
}

Value IsKickingAside(const CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), gate_at(info).points.kicking_aside.load() > 0);
}

}  // namespace

void add_to(Napi::Object exports) {
  const std::pair<const char*, Value (*)(const CallbackInfo&)> functions[] = {
      {"holdGap", HoldGap},
      {"releaseGap", ReleaseGap},
      {"awaitGap", AwaitGap},
      {"setChanged", SetChanged},
      {"sent", Sent},
      {"refused", Refused},
      {"stray", Stray},
      {"kickAside", KickAside},
      {"isKickingAside", IsKickingAside},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(exports.Env(), function, name));
  exports.Set("gaps", names_of(exports.Env(), gap_names));
  exports.Set("changes", names_of(exports.Env(), change_names));
}

}  // namespace kvm_uapi::hooks
