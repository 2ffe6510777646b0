// The native surface: plain functions over records, typed in runtime/addon.ts. A result below zero is -errno; nothing
// here throws. No offset, size or request number of the kernel's interface is known here: all are handed in.

#include <errno.h>
#include <fcntl.h>
#include <napi.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "ticker.h"
#include "run.h"

namespace kvm_uapi {
namespace {

using Napi::CallbackInfo;
using Napi::Env;
using Napi::Value;

Value number(Env env, double value) { return Napi::Number::New(env, value); }

// A handle of one isolate: it holds a record until `release` empties it, or JavaScript's collector has finalized it and
// the windows made with it.
template <typename T>
using Handle = std::shared_ptr<std::shared_ptr<T>>;

template <typename T>
Value handle_of(Env env, std::shared_ptr<T> record) {
  auto* const handle = new Handle<T>(std::make_shared<std::shared_ptr<T>>(std::move(record)));
  return Napi::External<Handle<T>>::New(env, handle, [](Env, Handle<T>* finalized) { delete finalized; });
}

template <typename T>
const Handle<T>& handle_at(const Value& value) {
  return *value.As<Napi::External<Handle<T>>>().Data();
}

template <typename T>
std::shared_ptr<T>& held(const Value& value) {
  return *handle_at<T>(value);
}

int64_t int64_at(const CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Int64Value(); }
uint32_t uint32_at(const CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Uint32Value(); }
int int_at(const CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Int32Value(); }

unsigned long word_at(const CallbackInfo& info, size_t index) {
  if (!info[index].IsBigInt()) return static_cast<unsigned long>(int64_at(info, index));
  bool lossless = false;
  return info[index].As<Napi::BigInt>().Uint64Value(&lossless);
}

// The `needed` bytes at an offset of a DataView; null when they are not all inside of it, as in a detached one.
uint8_t* bytes_at(const CallbackInfo& info, size_t view, size_t offset, size_t needed) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_dataview_info(info.Env(), info[view], &length, &data, nullptr, nullptr) != napi_ok) return nullptr;
  const int64_t from = int64_at(info, offset);
  const int64_t count = int64_at(info, needed);
  if (data == nullptr || from < 0 || count < 0 || static_cast<uint64_t>(from) > length) return nullptr;
  if (static_cast<uint64_t>(count) > length - static_cast<uint64_t>(from)) return nullptr;
  return static_cast<uint8_t*>(data) + from;
}

// The same for the argument of an ioctl; null also when it is shorter than the request number says.
uint8_t* argument_at(const CallbackInfo& info, size_t request, size_t view, size_t offset, size_t needed) {
  if (int64_at(info, needed) < static_cast<int64_t>(_IOC_SIZE(uint32_at(info, request)))) return nullptr;
  return bytes_at(info, view, offset, needed);
}

// An ioctl other than KVM_RUN. A signal that comes in between, such as a profiler's, makes some of them start again.
template <typename Argument>
int call(int fd, uint32_t request, Argument argument) {
  int result;
  do {
    result = ioctl(fd, request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

// A window onto a mapping. Until its ArrayBuffer is finalized it keeps the addresses, and what its handle holds.
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

Value FileFd(const CallbackInfo& info) { return number(info.Env(), held<File>(info[0])->fd); }

Value FileRelease(const CallbackInfo& info) {
  held<File>(info[0]).reset();
  return info.Env().Undefined();
}

// (fd, request, value)
Value Ioctl(const CallbackInfo& info) {
  return number(info.Env(), call(int_at(info, 0), uint32_at(info, 1), word_at(info, 2)));
}

// (fd, request, view, offset, needed)
Value IoctlView(const CallbackInfo& info) {
  uint8_t* const bytes = argument_at(info, 1, 2, 3, 4);
  if (bytes == nullptr) return number(info.Env(), -EFAULT);
  return number(info.Env(), call(int_at(info, 0), uint32_at(info, 1), bytes));
}

// Memory

// (length, name | null): anonymous memory, or memory of a memfd.
Value MemoryCreate(const CallbackInfo& info) {
  const Env env = info.Env();
  const auto length = static_cast<size_t>(int64_at(info, 0));
  const bool shared = info[1].IsString();
  int fd = -1;
  if (shared) {
    fd = memfd_create(info[1].As<Napi::String>().Utf8Value().c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return number(env, -errno);
    // Were another process to shorten it, reading it here would end this process with SIGBUS: its size is final.
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

Value MemoryFd(const CallbackInfo& info) { return number(info.Env(), held<Memory>(info[0])->fd); }

Value MemoryLength(const CallbackInfo& info) {
  return number(info.Env(), static_cast<double>(held<Memory>(info[0])->mapping->length()));
}

Value MemoryAddress(const CallbackInfo& info) {
  const auto address = reinterpret_cast<uintptr_t>(held<Memory>(info[0])->mapping->data());
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(address));
}

Value MemoryId(const CallbackInfo& info) { return number(info.Env(), memories().add(held<Memory>(info[0]))); }

Value MemoryFind(const CallbackInfo& info) {
  auto memory = memories().find(uint32_at(info, 0));
  return memory == nullptr ? info.Env().Null() : handle_of(info.Env(), std::move(memory));
}

// (memory, offset, length)
Value MemoryWindow(const CallbackInfo& info) {
  const auto& mapping = held<Memory>(info[0])->mapping;
  const auto offset = static_cast<uint64_t>(int64_at(info, 1));
  const auto length = static_cast<uint64_t>(int64_at(info, 2));
  if (offset > mapping->length() || length > mapping->length() - offset) return number(info.Env(), -EINVAL);
  return window_of(info.Env(), mapping, handle_at<Memory>(info[0]), offset, length);
}

// All windows made with this handle must be detached.
Value MemoryRelease(const CallbackInfo& info) {
  held<Memory>(info[0]).reset();
  return info.Env().Undefined();
}

Value Detach(const CallbackInfo& info) {
  info[0].As<Napi::ArrayBuffer>().Detach();
  return info.Env().Undefined();
}

// VMs

Value VmCreate(const CallbackInfo& info) { return handle_of(info.Env(), std::make_shared<Vm>(int_at(info, 0))); }

Value VmFd(const CallbackInfo& info) { return number(info.Env(), held<Vm>(info[0])->fd); }

Value VmRelease(const CallbackInfo& info) {
  held<Vm>(info[0]).reset();
  return info.Env().Undefined();
}

// (vm, request, view, offset, needed, slot, memory | null): sets a memory slot, and pins the memory while it is one.
Value VmSetMemory(const CallbackInfo& info) {
  const auto& vm = held<Vm>(info[0]);
  uint8_t* const region = argument_at(info, 1, 2, 3, 4);
  if (region == nullptr) return number(info.Env(), -EFAULT);
  std::lock_guard<std::mutex> lock(vm->mutex);
  const int result = call(vm->fd, uint32_at(info, 1), region);
  if (result < 0) return number(info.Env(), result);
  const uint32_t slot = uint32_at(info, 5);
  if (info[6].IsNull()) {
    vm->memory.erase(slot);
  } else {
    vm->memory[slot] = held<Memory>(info[6]);
  }
  return number(info.Env(), 0);
}

// vCPUs

// (signal): installs the handler, before a vCPU exists that uses the signal. See install_handler for the result.
Value ClaimSignal(const CallbackInfo& info) { return number(info.Env(), install_handler(int_at(info, 0))); }

// (vm, fd, length of the mapping, request of KVM_RUN, offset of immediate_exit, signal), and where KVM_SET_SIGNAL_MASK is
// the mechanism (request, view, offset, needed, offset of the signals): takes the fd over, also when it fails.
Value VcpuCreate(const CallbackInfo& info) {
  const Env env = info.Env();
  const int fd = int_at(info, 1);
  const auto length = static_cast<size_t>(int64_at(info, 2));
  const auto immediate_exit = static_cast<size_t>(int64_at(info, 4));
  const int signal_number = int_at(info, 5);
  int error = immediate_exit < length && has_handler(signal_number) ? 0 : EINVAL;
  std::optional<SetSignalMask> set_mask;
  if (info.Length() > 6) {
    const uint8_t* const argument = argument_at(info, 6, 7, 8, 9);
    const auto needed = static_cast<size_t>(int64_at(info, 9));
    const auto signals = static_cast<size_t>(int64_at(info, 10));
    if (argument != nullptr && signals <= needed && needed - signals >= sizeof(uint64_t)) {
      set_mask = SetSignalMask{uint32_at(info, 6), {argument, argument + needed}, signals};
    } else {
      error = EFAULT;
    }
  }
  auto run = error == 0 ? Mapping::map(fd, length, MAP_SHARED) : nullptr;
  if (error == 0 && run == nullptr) error = errno;
  if (error != 0) {
    close(fd);
    return number(env, -error);
  }
  auto vcpu = std::make_shared<Vcpu>(fd, held<Vm>(info[0]), std::move(run), uint32_at(info, 3), immediate_exit,
                                     signal_number, std::move(set_mask));
  vcpu->id = vcpus().add(vcpu);
  return handle_of(env, std::move(vcpu));
}

Value VcpuBuffer(const CallbackInfo& info) {
  const auto& mapping = held<Vcpu>(info[0])->run.mapping;
  return window_of(info.Env(), mapping, handle_at<Vcpu>(info[0]), 0, mapping->length());
}

Value VcpuId(const CallbackInfo& info) { return number(info.Env(), held<Vcpu>(info[0])->id); }

Value VcpuFind(const CallbackInfo& info) {
  auto vcpu = vcpus().find(uint32_at(info, 0));
  return vcpu == nullptr ? info.Env().Null() : handle_of(info.Env(), std::move(vcpu));
}

// (vcpu, offset, length)
Value VcpuMap(const CallbackInfo& info) {
  const auto offset = static_cast<off_t>(int64_at(info, 1));
  const auto length = static_cast<size_t>(int64_at(info, 2));
  const auto mapping = Mapping::map(held<Vcpu>(info[0])->fd, length, MAP_SHARED, offset);
  if (mapping == nullptr) return number(info.Env(), -errno);
  return window_of(info.Env(), mapping, handle_at<Vcpu>(info[0]), 0, length);
}

Value VcpuFd(const CallbackInfo& info) { return number(info.Env(), held<Vcpu>(info[0])->fd); }

Value VcpuVmFd(const CallbackInfo& info) { return number(info.Env(), held<Vcpu>(info[0])->vm->fd); }

// (vcpu, whether a run matters): -EBUSY during one. The vCPU's window made with this handle must be detached as soon as
// this has worked.
Value VcpuRelease(const CallbackInfo& info) {
  auto& vcpu = held<Vcpu>(info[0]);
  const bool matters = info[1].As<Napi::Boolean>().Value();
  if (matters && vcpu->use.load() == Vcpu::Use::kRun) return number(info.Env(), -EBUSY);
  vcpu.reset();
  return number(info.Env(), 0);
}

// (vcpu, request, value)
Value VcpuIoctl(const CallbackInfo& info) {
  Vcpu& vcpu = *held<Vcpu>(info[0]);
  const Turn turn(vcpu, Vcpu::Use::kIoctl);
  return number(info.Env(), turn ? call(vcpu.fd, uint32_at(info, 1), word_at(info, 2)) : -EBUSY);
}

// (vcpu, request, view, offset, needed)
Value VcpuIoctlView(const CallbackInfo& info) {
  Vcpu& vcpu = *held<Vcpu>(info[0]);
  const Turn turn(vcpu, Vcpu::Use::kIoctl);
  if (!turn) return number(info.Env(), -EBUSY);
  uint8_t* const bytes = argument_at(info, 1, 2, 3, 4);
  return number(info.Env(), bytes == nullptr ? -EFAULT : call(vcpu.fd, uint32_at(info, 1), bytes));
}

// Whether the isolate is being ended: it may run no more JavaScript then, and Node waits for this thread.
bool is_ending(Env env) {
  const Napi::HandleScope scope(env);
  napi_value result;
  const bool ending = napi_coerce_to_bool(env, env.Undefined(), &result) != napi_ok;
  if (ending) hasten_heart();
  return ending;
}

// (vcpu, ...): runs it to an order. Undefined for an exit: behind KVM_RUN the caches are cold, and each call counts.
Value run_to(const CallbackInfo& info, const RunOrder& order) {
  const Env env = info.Env();
  const int result = run(*held<Vcpu>(info[0]), order, [env] { return is_ending(env); });
  return result == 0 ? Value() : number(env, result);
}

// (vcpu)
Value VcpuRun(const CallbackInfo& info) { return run_to(info, {}); }

// (vcpu, timeout in nanoseconds or 0, number or 0)
Value VcpuRunWithin(const CallbackInfo& info) {
  return run_to(info, {int64_at(info, 1), static_cast<uint64_t>(int64_at(info, 2)), false});
}

// (vcpu): `completed`, or undefined for one more exit to serve.
Value VcpuComplete(const CallbackInfo& info) { return run_to(info, {0, 0, true}); }

// Does something to the gate of the vCPU of an id, from any isolate. True when there is such a vCPU.
template <typename Deed>
Value at_gate(const CallbackInfo& info, Deed deed) {
  const auto vcpu = vcpus().find(uint32_at(info, 0));
  if (vcpu != nullptr) deed(vcpu->gate);
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

// (id, held)
Value Hold(const CallbackInfo& info) {
  const bool held_now = info[1].As<Napi::Boolean>().Value();
  return at_gate(info, [=](KickGate& gate) { gate.hold(held_now); });
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
      {"hold", Hold},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
#ifdef KVM_UAPI_TEST_HOOKS
  hooks::add_to(exports);
#endif
  exports.Set("COMPLETED", completed);
  exports.Set("SIGRTMIN", SIGRTMIN);
  exports.Set("SIGRTMAX", SIGRTMAX);
  // An isolate's thread ends with it: no vCPU may signal that thread any more.
  env.AddCleanupHook([] { vcpus().each([](Vcpu& vcpu) { vcpu.gate.forget_thread(this_thread()); }); });
  return exports;
}

}  // namespace

NODE_API_MODULE(kvm_uapi, Init)

}  // namespace kvm_uapi
