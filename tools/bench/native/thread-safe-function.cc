// Hands each exit to the main thread of JavaScript with a ThreadSafeFunction, as a program without Workers does.

#include <napi.h>
#include <semaphore.h>

#include <thread>

#include "machine.h"

namespace {

const machine& ports() {
  static const machine only = machine_with(out_for_ever, sizeof out_for_ever);
  return only;
}

// The vCPU waits for the answer to each exit, because the answer can be data that the guest reads.
void run(Napi::ThreadSafeFunction exits, int64_t count) {
  sem_t answered;
  sem_init(&answered, 0, 0);
  for (int64_t i = 0; i < count; i++) {
    must(ioctl(ports().vcpu, KVM_RUN, 0), "KVM_RUN");
    exits.BlockingCall([&answered](Napi::Env, Napi::Function serve) {
      serve.Call({});
      sem_post(&answered);
    });
    while (sem_wait(&answered) != 0) continue;
  }
  exits.Release();
}

// Returns the bytes of struct kvm_run.
Napi::Value Shared(const Napi::CallbackInfo& info) {
  return Napi::ArrayBuffer::New(info.Env(), ports().run, ports().run_size);
}

// (count, serve): runs the vCPU on a thread of its own until it has made this many exits. The thread calls `serve` for
// each exit.
Napi::Value Run(const Napi::CallbackInfo& info) {
  const auto exits = Napi::ThreadSafeFunction::New(info.Env(), info[1].As<Napi::Function>(), "exits", 0, 1);
  std::thread(run, exits, info[0].As<Napi::Number>().Int64Value()).detach();
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["shared"] = Napi::Function::New(env, Shared);
  exports["run"] = Napi::Function::New(env, Run);
  return exports;
}

NODE_API_MODULE(thread_safe_function, Init)

}  // namespace
