// The test hooks for JavaScript. All take the id of a vCPU first.

#include <napi.h>

#include <string>
#include <thread>

#include "records.h"

namespace kvm_uapi::hooks {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

// Tests use them with vCPUs that they hold.
KickGate& gate_at(const CallbackInfo& info) { return vcpus().find(info[0].As<Napi::Number>().Uint32Value())->gate; }

template <size_t count>
int index_at(const CallbackInfo& info, const char* const (&names)[count]) {
  return index_of(names, info[1].As<Napi::String>().Utf8Value().c_str());
}

// (id, gap, or '' for none)
Value HoldGap(const CallbackInfo& info) {
  const int gap = index_at(info, gap_names);
  if (gap >= 0) gate_at(info).points.hold(static_cast<Gap>(gap));
  return Napi::Boolean::New(info.Env(), gap >= 0);
}

// (id, milliseconds)
Value AwaitGap(const CallbackInfo& info) {
  const bool parked = gate_at(info).points.await_parked(info[1].As<Napi::Number>().Int64Value());
  return Napi::Boolean::New(info.Env(), parked);
}

// (id, step or mistake, whether it is left out or done)
Value SetChanged(const CallbackInfo& info) {
  const int change = index_at(info, change_names);
  if (change >= 0) gate_at(info).points.set_changed(static_cast<Change>(change), info[2].As<Napi::Boolean>().Value());
  return Napi::Boolean::New(info.Env(), change >= 0);
}

Value Sent(const CallbackInfo& info) { return Napi::Number::New(info.Env(), gate_at(info).points.sent.load()); }

// Of those sent, the ones that the kernel did not take.
Value Refused(const CallbackInfo& info) { return Napi::Number::New(info.Env(), gate_at(info).points.refused.load()); }

// A signal that nobody has asked for.
Value Stray(const CallbackInfo& info) {
  gate_at(info).stray();
  return info.Env().Undefined();
}

// A kick by a thread of its own, which a gap may hold.
Value KickAside(const CallbackInfo& info) {
  auto vcpu = vcpus().find(info[0].As<Napi::Number>().Uint32Value());
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
      {"holdGap", HoldGap}, {"awaitGap", AwaitGap}, {"setChanged", SetChanged}, {"sent", Sent},
      {"refused", Refused}, {"stray", Stray},       {"kickAside", KickAside},   {"isKickingAside", IsKickingAside},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(exports.Env(), function, name));
}

}  // namespace kvm_uapi::hooks
