// vCPUs: their creation, their shared memory, their ioctls, their runs and their interruption.

#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "descriptors.h"
#include "exports.h"
#include "isolates.h"
#include "run.h"

namespace kvm_uapi {
namespace {

// Installs the handler. The caller does this before it creates a vCPU with this signal. See install_handler for the
// result.
napi_value ClaimSignal(napi_env env, int signal) { return number(env, install_handler(signal)); }

struct SignalMask {
  static constexpr const char* rule = "a setMask of AddonVcpuCreation";

  uint32_t request = 0;
  View view;
  uint64_t offset = 0;
  uint64_t needed = 0;
  uint64_t signals = 0;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object, {"request", "view", "offset", "needed", "signals"});
    return given.read("request", request) && given.read("view", view) && given.read("offset", offset) &&
           given.read("needed", needed) && given.read("signals", signals);
  }
};

struct VcpuCreation {
  static constexpr const char* rule = "an AddonVcpuCreation";

  Open<Vm> vm;
  uint32_t create = 0;
  Word id;
  size_t length = 0;
  uint32_t run = 0;
  size_t immediate_exit = 0;
  int signal = 0;
  std::optional<SignalMask> mask;
  // The number of a vCPU's file descriptor. Without it the function makes KVM_CREATE_VCPU.
  std::optional<uint32_t> fd;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object,
                           {"vm", "create", "id", "length", "run", "immediateExit", "signal", "setMask", "fd"});
    // The getters of the mask run first: they can release the handle of the VM.
    return given.read("setMask", mask) && given.read("vm", vm) && given.read("create", create) &&
           given.read("id", id) && given.read("length", length) && given.read("run", run) &&
           given.read("immediateExit", immediate_exit) && given.read("signal", signal) && given.read("fd", fd);
  }
};

// Returns 0 or -errno.
int set_mask_of(napi_env env, const SignalMask& mask, std::optional<SetSignalMask>& result) {
  const uint8_t* const argument = argument_of(env, mask.request, mask.view, mask.offset, mask.needed);
  if (argument == nullptr || mask.signals > mask.needed || mask.needed - mask.signals < sizeof(uint64_t)) {
    return -EFAULT;
  }
  result = SetSignalMask{mask.request, {argument, argument + mask.needed}, mask.signals};
  return 0;
}

// Returns the handle of a vCPU that was adopted. Returns -EXDEV for a vCPU of another VM of this addon.
napi_value adopted(napi_env env, std::shared_ptr<Vcpu> vcpu) {
  const std::shared_ptr<Vm> vm = vcpu->vm;
  const int error = add_adopted(vcpus(), vcpu);
  if (error != 0) return number(env, error);
  if (vcpu->vm != vm) return number(env, -EXDEV);
  vm->may_outlive = true;
  return handle_of(env, std::move(vcpu));
}

// Makes KVM_CREATE_VCPU, or adopts a file descriptor.
napi_value VcpuCreate(napi_env env, const VcpuCreation& given) {
  std::optional<SetSignalMask> set_mask;
  if (given.immediate_exit >= given.length || !has_handler(given.signal)) return number(env, -EINVAL);
  if (given.mask) {
    const int error = set_mask_of(env, *given.mask, set_mask);
    if (error != 0) return number(env, error);
  }
  const int fd = given.fd ? adopt_fd(env, static_cast<int>(*given.fd), FdKind::kVcpu)
                          : created_by_kvm(call_ioctl_with_room(env, given.vm->fd, given.create, given.id.value));
  if (fd < 0) return number(env, fd);
  std::shared_ptr<Mapping> run;
  const int error = map_with_room(env, run, [&] { return Mapping::map_backed(fd, given.length); });
  if (error != 0) {
    close(fd);
    return number(env, error);
  }
  auto vcpu = std::make_shared<Vcpu>(fd, given.vm.record(), std::move(run), given.run, given.immediate_exit,
                                     given.signal, std::move(set_mask));
  if (given.fd) return adopted(env, std::move(vcpu));
  vcpus().add(vcpu);
  return handle_of(env, std::move(vcpu));
}

napi_value VcpuBuffer(napi_env env, Open<Vcpu> vcpu) {
  const auto& mapping = vcpu->run->mapping;
  return window_of(env, vcpu.handle(), mapping, 0, mapping->length());
}

napi_value VcpuId(napi_env env, Open<Vcpu> vcpu) { return number(env, static_cast<double>(vcpu->id)); }

napi_value VcpuFind(napi_env env, uint64_t id) {
  auto vcpu = vcpus().find(id);
  return vcpu == nullptr ? null(env) : handle_of(env, std::move(vcpu));
}

napi_value VcpuIsOf(napi_env env, Open<Vcpu> vcpu, Open<Vm> vm) { return boolean(env, vcpu->vm == vm.record()); }

// Maps the dirty ring of the vCPU, which is at an offset of its file descriptor. The ring is mapped once.
napi_value VcpuDirtyRing(napi_env env, Open<Vcpu> vcpu, uint64_t offset) {
  const uint64_t length = vcpu->vm->dirty_ring_bytes.load();
  if (length == 0) return number(env, -ENODEV);
  DirtyRing& ring = vcpu->dirty;
  const auto map = [&] { return Mapping::map_backed(vcpu->fd, length, static_cast<off_t>(offset)); };
  std::unique_lock<std::mutex> lock(ring.mutex);
  if (ring.mapping == nullptr) {
    // This can collect garbage, so the lock is not held meanwhile.
    lock.unlock();
    std::shared_ptr<Mapping> mapping;
    const int error = map_with_room(env, mapping, map);
    if (error != 0) return number(env, error);
    lock.lock();
    if (ring.mapping == nullptr) {
      ring.mapping = std::move(mapping);
      ring.mapped_offset = offset;
    }
  }
  return number(env, ring.mapped_offset == offset ? 0 : -EINVAL);
}

// Returns a copy of the entries of the dirty ring that the kernel has marked as dirty since the last harvest, and marks
// them as harvested. `flags_at` is the offset of the flags in an entry, `dirty` and `harvested` are their values.
napi_value VcpuHarvest(napi_env env, Open<Vcpu> vcpu, uint64_t entry_size, uint64_t flags_at, uint32_t dirty,
                       uint32_t harvested) {
  DirtyRing& ring = vcpu->dirty;
  const std::lock_guard<std::mutex> lock(ring.mutex);
  if (ring.mapping == nullptr) return number(env, -ENODEV);
  const uint64_t length = ring.mapping->length();
  constexpr uint64_t word = sizeof(uint32_t);
  if (entry_size < word || entry_size > length || flags_at > entry_size - word || entry_size % word != 0 ||
      flags_at % word != 0) {
    return number(env, -EINVAL);
  }
  const uint64_t entries = length / entry_size;
  const auto entry = [&](uint64_t index) { return ring.mapping->data() + (ring.next + index) % entries * entry_size; };
  const auto flags = [&](uint64_t index) { return reinterpret_cast<uint32_t*>(entry(index) + flags_at); };
  uint64_t count = 0;
  // The kernel writes the flags last.
  while (count < entries && __atomic_load_n(flags(count), __ATOMIC_ACQUIRE) == dirty) count++;
  void* copy = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, count * entry_size, &copy, &result) != napi_ok) return nullptr;
  for (uint64_t index = 0; index < count; index++) {
    memcpy(static_cast<uint8_t*>(copy) + index * entry_size, entry(index), entry_size);
    // The kernel reads the entry again after this.
    __atomic_store_n(flags(index), harvested, __ATOMIC_RELEASE);
  }
  ring.next = (ring.next + count) % entries;
  return result;
}

// See RingLock.
napi_value LockRing(napi_env env, Open<Vcpu> vcpu) { return number(env, RingLock::acquire(vcpu->vm)); }

napi_value UnlockRing(napi_env env) { return boolean(env, RingLock::release_last()); }

napi_value VcpuFd(napi_env env, Open<Vcpu> vcpu) {
  // The caller can duplicate the file descriptor, and run the vCPU after the record of its VM has ended.
  vcpu->vm->may_outlive = true;
  return number(env, vcpu->fd);
}

// Makes an ioctl of the VM, which is open as long as the vCPU is. It works while the vCPU runs, too.
napi_value VcpuVmIoctl(napi_env env, Open<Vcpu> vcpu, uint32_t request, Word value) {
  return number(env, call_ioctl(vcpu->vm->fd, request, value.value));
}

// Creates the statistics of the vCPU.
napi_value VcpuCreateFile(napi_env env, Open<Vcpu> vcpu, uint32_t request) {
  const Turn turn(*vcpu, Vcpu::Use::kIoctl);
  return turn ? create_file(env, vcpu->fd, request, {}, 0, 0, {}) : number(env, -EBUSY);
}

// If `refuses` is true, the result is -EBUSY during a run. Otherwise the windows of this handle are detached.
napi_value VcpuRelease(napi_env env, Open<Vcpu> vcpu, bool refuses) {
  if (refuses && vcpu->use.load() == Vcpu::Use::kRun) return number(env, -EBUSY);
  vcpu.release(env);
  return number(env, 0);
}

napi_value VcpuIoctl(napi_env env, Open<Vcpu> vcpu, uint32_t request, Word value) {
  const Turn turn(*vcpu, Vcpu::Use::kIoctl);
  return number(env, turn ? call_ioctl(vcpu->fd, request, value.value) : -EBUSY);
}

napi_value VcpuIoctlView(napi_env env, Open<Vcpu> vcpu, uint32_t request, View view, uint64_t offset, uint64_t needed) {
  const Turn turn(*vcpu, Vcpu::Use::kIoctl);
  return number(env, turn ? call_ioctl(env, vcpu->fd, request, view, offset, needed) : -EBUSY);
}

napi_value VcpuIoctlTail(napi_env env, Open<Vcpu> vcpu, uint32_t request, View view, uint64_t offset, uint64_t needed,
                         uint64_t start, uint64_t element_size, uint64_t count_offset, uint64_t count_size) {
  const Turn turn(*vcpu, Vcpu::Use::kIoctl);
  const Tail tail{start, element_size, count_offset, count_size};
  return number(env, turn ? call_ioctl(env, vcpu->fd, request, view, offset, needed, tail) : -EBUSY);
}

// Runs the vCPU once. For an exit the result is undefined, because after KVM_RUN the caches are cold and each call of
// Node-API costs time.
napi_value run_to(napi_env env, const Open<Vcpu>& vcpu, const RunOrder& order) {
  std::shared_ptr<Vcpu> kept;
  const auto may_continue = [&] {
    // A debugger may release the handle meanwhile.
    if (kept == nullptr) kept = vcpu.record();
    const Isolate* const isolate = Isolate::of(env);
    return isolate == nullptr || isolate->handle_requests();
  };
  const int result = run(*vcpu, order, may_continue);
  return result == 0 ? nullptr : number(env, result);
}

napi_value VcpuRun(napi_env env, Open<Vcpu> vcpu) { return run_to(env, vcpu, {}); }

// The timeout is in nanoseconds, or 0. The number is that of the run, or 0. If `by_signals` is true, a process signal
// interrupts the run.
napi_value VcpuRunWithin(napi_env env, Open<Vcpu> vcpu, int64_t timeout, uint64_t run_number, bool by_signals) {
  Isolate* const isolate = by_signals ? Isolate::of(env) : nullptr;
  const int signal_pipe = isolate == nullptr ? -1 : isolate->signal_pipe();
  if (by_signals && signal_pipe < 0) return number(env, -ENOTSUP);
  return run_to(env, vcpu, {timeout, run_number, false, signal_pipe});
}

// Returns `completed`, or undefined for a further exit that the caller has to serve.
napi_value VcpuComplete(napi_env env, Open<Vcpu> vcpu) { return run_to(env, vcpu, {0, 0, true, -1}); }

// Calls `action` with the vCPU that has this id. Any isolate may do this. Returns whether there is such a vCPU.
template <typename Action>
napi_value at_vcpu(napi_env env, uint64_t id, Action action) {
  const auto vcpu = vcpus().find(id);
  if (vcpu != nullptr) action(vcpu);
  return boolean(env, vcpu != nullptr);
}

napi_value Kick(napi_env env, uint64_t id) {
  return at_vcpu(env, id, [](const auto& vcpu) { vcpu->gate.kick(); });
}

// Aborts the run with this number.
napi_value Abort(napi_env env, uint64_t id, uint64_t run_number) {
  return at_vcpu(env, id, [=](const auto& vcpu) { vcpu->gate.abort(run_number); });
}

// Pauses the vCPU, or ends a pause of this isolate.
napi_value Pause(napi_env env, uint64_t id, bool paused) {
  return at_vcpu(env, id, [=](const auto& vcpu) {
    Isolate* const isolate = Isolate::of(env);
    if (isolate != nullptr) isolate->pause(vcpu, paused);
  });
}

}  // namespace

void export_vcpus(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"claimSignal", checked<ClaimSignal>},
                 {"vcpuCreate", checked<VcpuCreate>},
                 {"vcpuBuffer", checked<VcpuBuffer>},
                 {"vcpuId", checked<VcpuId>},
                 {"vcpuFind", checked<VcpuFind>},
                 {"vcpuFd", checked<VcpuFd>},
                 {"vcpuVmIoctl", checked<VcpuVmIoctl>},
                 {"vcpuCreateFile", checked<VcpuCreateFile>},
                 {"vcpuIsOf", checked<VcpuIsOf>},
                 {"vcpuDirtyRing", checked<VcpuDirtyRing>},
                 {"vcpuHarvest", checked<VcpuHarvest>},
                 {"ringLock", checked<LockRing>},
                 {"ringUnlock", checked<UnlockRing>},
                 {"vcpuRelease", checked<VcpuRelease>},
                 {"vcpuIoctl", checked<VcpuIoctl>},
                 {"vcpuIoctlView", checked<VcpuIoctlView>},
                 {"vcpuIoctlTail", checked<VcpuIoctlTail>},
                 {"vcpuRun", checked<VcpuRun>},
                 {"vcpuRunWithin", checked<VcpuRunWithin>},
                 {"vcpuComplete", checked<VcpuComplete>},
                 {"kick", checked<Kick>},
                 {"abort", checked<Abort>},
                 {"pause", checked<Pause>}});
}

}  // namespace kvm_uapi
