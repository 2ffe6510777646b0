// The functions of the addon: plain functions over records, with their types in runtime/addon.ts. A result below zero
// is -errno, and no function throws an error of its own. This file has no offset, size or request number of the
// kernel's interface: the caller passes all of them.

#include <errno.h>
#include <fcntl.h>
#include <napi.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "run.h"
#include "ticker.h"
#include "values.h"

namespace kvm_uapi {
namespace {

// An ioctl other than KVM_RUN. A signal that interrupts it, such as a profiler's, makes it start again.
template <typename Argument>
int call(int fd, uint32_t request, Argument argument) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

// A window onto a mapping, as an ArrayBuffer. Until the ArrayBuffer is finalized, it keeps the addresses reserved and
// the handle alive.
Value window_of(Env env, const std::shared_ptr<Mapping>& mapping, std::shared_ptr<void> handle, size_t offset,
                size_t length) {
  using Kept = std::pair<std::shared_ptr<Mapping>, std::shared_ptr<void>>;
  auto* const kept = new Kept(mapping, std::move(handle));
  return Napi::ArrayBuffer::New(env, mapping->data() + offset, length,
                                [](Env, void*, Kept* finalized) { delete finalized; }, kept);
}

// Files

Value Open(const CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>().Utf8Value();
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  return number(info.Env(), fd < 0 ? -errno : fd);
}

Value EventFd(const CallbackInfo& info) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return number(info.Env(), fd < 0 ? -errno : fd);
}

Value FileCreate(const CallbackInfo& info) { return handle_of(info.Env(), std::make_shared<File>(int_at(info, 0))); }

Value FileFd(const CallbackInfo& info) { return number(info.Env(), record_at<File>(info[0])->fd); }

Value FileRelease(const CallbackInfo& info) {
  record_at<File>(info[0]).reset();
  return info.Env().Undefined();
}

// (fd, request, value)
Value Ioctl(const CallbackInfo& info) {
  return number(info.Env(), call(int_at(info, 0), uint32_at(info, 1), word_at(info, 2)));
}

// (fd, request, view, offset, needed)
Value IoctlView(const CallbackInfo& info) {
  uint8_t* const bytes = argument_at(info, 1);
  if (bytes == nullptr) return number(info.Env(), -EFAULT);
  return number(info.Env(), call(int_at(info, 0), uint32_at(info, 1), bytes));
}

// Memory

// (length, name of a memfd | null for anonymous memory)
Value MemoryCreate(const CallbackInfo& info) {
  const Env env = info.Env();
  const auto length = static_cast<size_t>(int64_at(info, 0));
  const bool shared = info[1].IsString();
  int fd = -1;
  if (shared) {
    fd = memfd_create(info[1].As<Napi::String>().Utf8Value().c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return number(env, -errno);
    // The size is sealed. If another process made the file shorter, a read here would end this process with SIGBUS.
    if (ftruncate(fd, static_cast<off_t>(length)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
      const int error = errno;
      close(fd);
      return number(env, -error);
    }
  }
  auto mapping = Mapping::map(fd, length, shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  if (mapping == nullptr) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return number(env, -error);
  }
  return handle_of(env, std::make_shared<Memory>(std::move(mapping), fd));
}

Value MemoryFd(const CallbackInfo& info) { return number(info.Env(), record_at<Memory>(info[0])->fd); }

Value MemoryLength(const CallbackInfo& info) {
  return number(info.Env(), static_cast<double>(record_at<Memory>(info[0])->mapping->length()));
}

Value MemoryAddress(const CallbackInfo& info) {
  const auto address = reinterpret_cast<uintptr_t>(record_at<Memory>(info[0])->mapping->data());
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(address));
}

Value MemoryId(const CallbackInfo& info) { return number(info.Env(), memories().add(record_at<Memory>(info[0]))); }

Value MemoryFind(const CallbackInfo& info) {
  auto memory = memories().find(uint32_at(info, 0));
  return memory == nullptr ? info.Env().Null() : handle_of(info.Env(), std::move(memory));
}

// (memory, offset, length)
Value MemoryWindow(const CallbackInfo& info) {
  const auto& mapping = record_at<Memory>(info[0])->mapping;
  const auto offset = static_cast<uint64_t>(int64_at(info, 1));
  const auto length = static_cast<uint64_t>(int64_at(info, 2));
  if (offset > mapping->length() || length > mapping->length() - offset) return number(info.Env(), -EINVAL);
  return window_of(info.Env(), mapping, handle_at<Memory>(info[0]), offset, length);
}

// All windows that were made with this handle must be detached before.
Value MemoryRelease(const CallbackInfo& info) {
  record_at<Memory>(info[0]).reset();
  return info.Env().Undefined();
}

Value Detach(const CallbackInfo& info) {
  info[0].As<Napi::ArrayBuffer>().Detach();
  return info.Env().Undefined();
}

// VMs

Value VmCreate(const CallbackInfo& info) { return handle_of(info.Env(), std::make_shared<Vm>(int_at(info, 0))); }

Value VmFd(const CallbackInfo& info) { return number(info.Env(), record_at<Vm>(info[0])->fd); }

Value VmRelease(const CallbackInfo& info) {
  record_at<Vm>(info[0]).reset();
  return info.Env().Undefined();
}

// What vmSetMemory takes. No memory empties the slot.
struct MemorySlot {
  std::shared_ptr<Vm> vm;
  uint32_t request = 0;
  napi_value view = nullptr;
  int64_t offset = 0;
  int64_t needed = 0;
  uint32_t slot = 0;
  std::shared_ptr<Memory> memory;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object, {"vm", "request", "view", "offset", "needed", "slot", "memory"});
    view = given["view"];
    return given.record("vm", vm) && given.integer("request", request) && given.integer("offset", offset) &&
           given.integer("needed", needed) && given.integer("slot", slot) &&
           (given.is("memory", napi_null) || given.record("memory", memory));
  }
};

// (MemorySlot): sets a memory slot with the struct in `view`. The VM keeps the memory while it is in the slot.
Value VmSetMemory(const CallbackInfo& info) {
  const Env env = info.Env();
  MemorySlot given;
  if (!given.read(env, info[0])) return number(env, -EINVAL);
  uint8_t* const region = argument_of(env, given.request, given.view, given.offset, given.needed);
  if (region == nullptr) return number(env, -EFAULT);
  std::lock_guard<std::mutex> lock(given.vm->mutex);
  const int result = call(given.vm->fd, given.request, region);
  if (result < 0) return number(env, result);
  if (given.memory == nullptr) {
    given.vm->memory.erase(given.slot);
  } else {
    given.vm->memory[given.slot] = given.memory;
  }
  return number(env, 0);
}

// vCPUs

// (signal): installs the handler, before a vCPU exists that uses the signal. See install_handler for the result.
Value ClaimSignal(const CallbackInfo& info) { return number(info.Env(), install_handler(int_at(info, 0))); }

// What vcpuCreate takes.
struct VcpuCreation {
  std::shared_ptr<Vm> vm;
  int fd = -1;
  size_t length = 0;
  uint32_t run = 0;
  size_t immediate_exit = 0;
  int signal = 0;
  std::optional<SetSignalMask> set_mask;

  // 0, or -errno. If the caller has passed a file descriptor, it is in `fd` in both cases.
  int read(napi_env env, napi_value object) {
    const Properties given(env, object, {"vm", "fd", "length", "run", "immediateExit", "signal", "setMask"});
    const Properties mask(env, given["setMask"], {"request", "view", "offset", "needed", "signals"});
    if (!given.integer("fd", fd) || fd < 0) return -EINVAL;
    if (!given.record("vm", vm) || !given.integer("length", length) || !given.integer("run", run) ||
        !given.integer("immediateExit", immediate_exit) || !given.integer("signal", signal)) {
      return -EINVAL;
    }
    if (immediate_exit >= length || !has_handler(signal)) return -EINVAL;
    return given.is("setMask", napi_null) ? 0 : read_mask(env, mask);
  }

 private:
  int read_mask(napi_env env, const Properties& mask) {
    uint32_t request = 0;
    int64_t offset = 0;
    size_t needed = 0;
    size_t signals = 0;
    if (!mask.integer("request", request) || !mask.integer("offset", offset) || !mask.integer("needed", needed) ||
        !mask.integer("signals", signals)) {
      return -EINVAL;
    }
    const uint8_t* const argument = argument_of(env, request, mask["view"], offset, static_cast<int64_t>(needed));
    if (argument == nullptr || signals > needed || needed - signals < sizeof(uint64_t)) return -EFAULT;
    set_mask = SetSignalMask{request, {argument, argument + needed}, signals};
    return 0;
  }
};

// (VcpuCreation): takes the fd over, also when it fails.
Value VcpuCreate(const CallbackInfo& info) {
  const Env env = info.Env();
  VcpuCreation given;
  int error = given.read(env, info[0]);
  std::shared_ptr<Mapping> run;
  if (error == 0) {
    run = Mapping::map(given.fd, given.length, MAP_SHARED);
    if (run == nullptr) error = -errno;
  }
  if (error != 0) {
    if (given.fd >= 0) close(given.fd);
    return number(env, error);
  }
  auto vcpu = std::make_shared<Vcpu>(given.fd, std::move(given.vm), std::move(run), given.run, given.immediate_exit,
                                     given.signal, std::move(given.set_mask));
  vcpu->id = vcpus().add(vcpu);
  return handle_of(env, std::move(vcpu));
}

Value VcpuBuffer(const CallbackInfo& info) {
  const auto& mapping = record_at<Vcpu>(info[0])->run.mapping;
  return window_of(info.Env(), mapping, handle_at<Vcpu>(info[0]), 0, mapping->length());
}

Value VcpuId(const CallbackInfo& info) { return number(info.Env(), record_at<Vcpu>(info[0])->id); }

Value VcpuFind(const CallbackInfo& info) {
  auto vcpu = vcpus().find(uint32_at(info, 0));
  return vcpu == nullptr ? info.Env().Null() : handle_of(info.Env(), std::move(vcpu));
}

// (vcpu, offset, length)
Value VcpuMap(const CallbackInfo& info) {
  const auto offset = static_cast<off_t>(int64_at(info, 1));
  const auto length = static_cast<size_t>(int64_at(info, 2));
  const auto mapping = Mapping::map(record_at<Vcpu>(info[0])->fd, length, MAP_SHARED, offset);
  if (mapping == nullptr) return number(info.Env(), -errno);
  return window_of(info.Env(), mapping, handle_at<Vcpu>(info[0]), 0, length);
}

Value VcpuFd(const CallbackInfo& info) { return number(info.Env(), record_at<Vcpu>(info[0])->fd); }

Value VcpuVmFd(const CallbackInfo& info) { return number(info.Env(), record_at<Vcpu>(info[0])->vm->fd); }

// (vcpu, whether to refuse during a run): -EBUSY if it refuses. After success the windows that were made with this
// handle must be detached at once.
Value VcpuRelease(const CallbackInfo& info) {
  auto& vcpu = record_at<Vcpu>(info[0]);
  const bool refuses = info[1].As<Napi::Boolean>().Value();
  if (refuses && vcpu->use.load() == Vcpu::Use::kRun) return number(info.Env(), -EBUSY);
  vcpu.reset();
  return number(info.Env(), 0);
}

// (vcpu, request, value)
Value VcpuIoctl(const CallbackInfo& info) {
  Vcpu& vcpu = *record_at<Vcpu>(info[0]);
  const Turn turn(vcpu, Vcpu::Use::kIoctl);
  return number(info.Env(), turn ? call(vcpu.fd, uint32_at(info, 1), word_at(info, 2)) : -EBUSY);
}

// (vcpu, request, view, offset, needed)
Value VcpuIoctlView(const CallbackInfo& info) {
  Vcpu& vcpu = *record_at<Vcpu>(info[0]);
  const Turn turn(vcpu, Vcpu::Use::kIoctl);
  if (!turn) return number(info.Env(), -EBUSY);
  uint8_t* const bytes = argument_at(info, 1);
  return number(info.Env(), bytes == nullptr ? -EFAULT : call(vcpu.fd, uint32_at(info, 1), bytes));
}

// Whether the isolate ends. It may not run JavaScript any more then, and Node waits for this thread.
bool is_ending(Env env) {
  const Napi::HandleScope scope(env);
  napi_value result;
  const bool ending = napi_coerce_to_bool(env, env.Undefined(), &result) != napi_ok;
  if (ending) hasten_ticker();
  return ending;
}

// (vcpu, ...): one run. The result of an exit is undefined: after KVM_RUN the caches are cold, so each call of Node-API
// costs time.
Value run_to(const CallbackInfo& info, const RunOrder& order) {
  const Env env = info.Env();
  const int result = run(*record_at<Vcpu>(info[0]), order, [env] { return is_ending(env); });
  return result == 0 ? Value() : number(env, result);
}

// (vcpu)
Value VcpuRun(const CallbackInfo& info) { return run_to(info, {}); }

// (vcpu, timeout in nanoseconds or 0, number or 0)
Value VcpuRunWithin(const CallbackInfo& info) {
  return run_to(info, {int64_at(info, 1), static_cast<uint64_t>(int64_at(info, 2)), false});
}

// (vcpu): `completed`, or undefined for a further exit that the caller has to serve.
Value VcpuComplete(const CallbackInfo& info) { return run_to(info, {0, 0, true}); }

// Calls `action` with the gate of the vCPU with this id, from any isolate. Returns whether there is such a vCPU.
template <typename Action>
Value at_gate(const CallbackInfo& info, Action action) {
  const auto vcpu = vcpus().find(uint32_at(info, 0));
  if (vcpu != nullptr) action(vcpu->gate);
  return Napi::Boolean::New(info.Env(), vcpu != nullptr);
}

// (id)
Value Kick(const CallbackInfo& info) {
  return at_gate(info, [](KickGate& gate) { gate.kick(); });
}

// (id, number)
Value Abort(const CallbackInfo& info) {
  const auto run_number = static_cast<uint64_t>(int64_at(info, 1));
  return at_gate(info, [=](KickGate& gate) { gate.abort(run_number); });
}

// (id, whether it is paused)
Value Pause(const CallbackInfo& info) {
  const bool paused = info[1].As<Napi::Boolean>().Value();
  return at_gate(info, [=](KickGate& gate) { gate.pause(paused); });
}

Napi::Object Init(Env env, Napi::Object exports) {
  const std::pair<const char*, Value (*)(const CallbackInfo&)> functions[] = {
      {"open", Open},
      {"eventFd", EventFd},
      {"fileCreate", FileCreate},
      {"fileFd", FileFd},
      {"fileRelease", FileRelease},
      {"ioctl", Ioctl},
      {"ioctlView", IoctlView},
      {"memoryCreate", MemoryCreate},
      {"memoryFd", MemoryFd},
      {"memoryLength", MemoryLength},
      {"memoryAddress", MemoryAddress},
      {"memoryId", MemoryId},
      {"memoryFind", MemoryFind},
      {"memoryWindow", MemoryWindow},
      {"memoryRelease", MemoryRelease},
      {"detach", Detach},
      {"vmCreate", VmCreate},
      {"vmFd", VmFd},
      {"vmRelease", VmRelease},
      {"vmSetMemory", VmSetMemory},
      {"claimSignal", ClaimSignal},
      {"vcpuCreate", VcpuCreate},
      {"vcpuBuffer", VcpuBuffer},
      {"vcpuId", VcpuId},
      {"vcpuFind", VcpuFind},
      {"vcpuFd", VcpuFd},
      {"vcpuVmFd", VcpuVmFd},
      {"vcpuMap", VcpuMap},
      {"vcpuRelease", VcpuRelease},
      {"vcpuIoctl", VcpuIoctl},
      {"vcpuIoctlView", VcpuIoctlView},
      {"vcpuRun", VcpuRun},
      {"vcpuRunWithin", VcpuRunWithin},
      {"vcpuComplete", VcpuComplete},
      {"kick", Kick},
      {"abort", Abort},
      {"pause", Pause},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
#ifdef KVM_UAPI_TEST_HOOKS
  hooks::add_to(exports);
#endif
  exports.Set("COMPLETED", completed);
  exports.Set("SIGRTMIN", SIGRTMIN);
  exports.Set("SIGRTMAX", SIGRTMAX);
  // The thread of an isolate ends with the isolate, so no vCPU may signal that thread after this.
  env.AddCleanupHook([] { vcpus().each([](Vcpu& vcpu) { vcpu.gate.forget_thread(this_thread()); }); });
  return exports;
}

}  // namespace

NODE_API_MODULE(kvm_uapi, Init)

}  // namespace kvm_uapi
