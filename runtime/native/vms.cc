// VMs and their memory slots.

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "descriptors.h"
#include "exports.h"

namespace kvm_uapi {
namespace {

// Makes KVM_CREATE_VM.
napi_value VmCreate(napi_env env, Open<File> system, uint32_t request, Word type) {
  const int fd = created_by_kvm(call_ioctl_with_room(env, system->fd, request, type.value));
  if (fd < 0) return number(env, fd);
  auto vm = std::make_shared<Vm>(fd);
  // `vmFromFd` finds the record here.
  vms().add(vm);
  return handle_of(env, std::move(vm));
}

napi_value VmFd(napi_env env, Open<Vm> vm) {
  // The caller can duplicate the file descriptor.
  vm->may_outlive = true;
  return number(env, vm->fd);
}

napi_value VmRelease(napi_env env, Open<Vm> vm) {
  vm.release(env);
  return nullptr;
}

napi_value VmId(napi_env env, Open<Vm> vm) { return number(env, static_cast<double>(vms().add(vm.record()))); }

napi_value VmFind(napi_env env, uint64_t id) {
  auto vm = vms().find(id);
  return vm == nullptr ? null(env) : handle_of(env, std::move(vm));
}

napi_value VmOfVcpu(napi_env env, Open<Vcpu> vcpu) { return handle_of(env, vcpu->vm); }

napi_value DeviceId(napi_env env, Open<File> device) {
  return number(env, static_cast<double>(devices().add(device.record())));
}

napi_value DeviceFind(napi_env env, uint64_t id) {
  auto device = devices().find(id);
  return device == nullptr ? null(env) : handle_of(env, std::move(device));
}

// Returns null for a file that no VM has created.
napi_value VmOfDevice(napi_env env, Open<File> device) {
  return device->vm == nullptr ? null(env) : handle_of(env, device->vm);
}

// Records the type of a device. An isolate that attaches to the device reads it here.
napi_value DeviceSetType(napi_env env, Open<File> device, uint32_t type) {
  int64_t none = -1;
  // `deviceFromFd` finds the record here.
  devices().add(device.record());
  return number(env, device->device_type.compare_exchange_strong(none, type) || none == type ? 0 : -EINVAL);
}

napi_value DeviceType(napi_env env, Open<File> device) {
  return number(env, static_cast<double>(device->device_type.load()));
}

napi_value VmIoctl(napi_env env, Open<Vm> vm, uint32_t request, Word value) {
  const int result = call_ioctl(vm->fd, request, value.value);
  // The result can be the file descriptor of a new vCPU, with which the guest runs after the record of the VM has ended.
  if (is_vcpu_fd(result)) vm->may_outlive = true;
  return number(env, result);
}

napi_value VmIoctlView(napi_env env, Open<Vm> vm, uint32_t request, View view, uint64_t offset, uint64_t needed) {
  return number(env, call_ioctl(env, vm->fd, request, view, offset, needed));
}

napi_value VmIoctlTail(napi_env env, Open<Vm> vm, uint32_t request, View view, uint64_t offset, uint64_t needed,
                       uint64_t start, uint64_t element_size, uint64_t count_offset, uint64_t count_size) {
  const Tail tail{start, element_size, count_offset, count_size};
  return number(env, call_ioctl(env, vm->fd, request, view, offset, needed, tail));
}

// Creates a device, the memory of KVM_CREATE_GUEST_MEMFD, or the statistics of the VM.
napi_value VmCreateFile(napi_env env, Open<Vm> vm, uint32_t request, std::optional<View> view, uint64_t offset,
                        uint64_t needed, std::optional<uint64_t> fd_offset) {
  return create_file(env, vm->fd, request, view, offset, needed, fd_offset, vm.record());
}

// If `memory` is null, the slot is emptied. If it is true, the slot keeps its memory. If `slot` is null, the memory gets
// the lowest slot that is not in use.
struct MemorySlot {
  static constexpr const char* rule = "an AddonMemorySlot";

  Open<Vm> vm;
  uint32_t request = 0;
  View view;
  uint64_t offset = 0;
  uint64_t needed = 0;
  std::optional<uint32_t> slot;
  std::optional<Open<Memory>> memory;
  bool keeps = false;
  uint64_t memory_offset = 0;
  uint64_t length = 0;
  // The offsets of the members of the argument.
  uint64_t slot_at = 0;
  uint64_t length_at = 0;
  uint64_t address_at = 0;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object,
                           {"vm", "request", "view", "offset", "needed", "slot", "memory", "memoryOffset", "length",
                            "slotAt", "lengthAt", "addressAt"});
    return given.read("vm", vm) && given.read("request", request) && given.read("view", view) &&
           given.read("offset", offset) && given.read("needed", needed) && given.read("slot", slot) &&
           ((given.read("memory", keeps) && keeps) || given.read("memory", memory)) &&
           given.read("memoryOffset", memory_offset) && given.read("length", length) && given.read("slotAt", slot_at) &&
           given.read("lengthAt", length_at) && given.read("addressAt", address_at);
  }
};

// Writes a member of an argument. Returns false if the member is not inside the argument.
template <typename T>
bool write_member(std::vector<uint8_t>& argument, uint64_t offset, T value) {
  if (offset > argument.size() || sizeof value > argument.size() - offset) return false;
  memcpy(argument.data() + offset, &value, sizeof value);
  return true;
}

// Returns the lowest number of a slot that is not in use.
uint32_t free_slot(const Vm& vm) {
  uint32_t number = vm.used_below;
  for (auto used = vm.slots.lower_bound(number); used != vm.slots.end() && used->first == number; ++used) number++;
  return number;
}

// Finds the memory that the slot has after the call. Returns 0 or -errno.
int memory_of(const MemorySlot& given, uint32_t number, Slot& result) {
  const auto& slots = given.vm->slots;
  const auto found = slots.find(number);
  if (given.keeps) {
    if (found == slots.end()) return -EINVAL;
    result = found->second;
    return 0;
  }
  if (!given.memory) return 0;
  if (found != slots.end()) return -EEXIST;
  const uint64_t whole = (*given.memory)->mapping->length();
  if (given.length == 0 || given.memory_offset > whole || given.length > whole - given.memory_offset) return -EINVAL;
  result.memory = given.memory->record();
  result.offset = given.memory_offset;
  result.length = given.length;
  return 0;
}

// Sets a memory slot with the struct in `view`, and returns the number of the slot. This function itself writes the number
// of the slot, the address and the length, so that the slot never has other memory than that of the record. The VM keeps
// the memory while it is in the slot.
napi_value VmSetMemory(napi_env env, const MemorySlot& given) {
  Vm& vm = *given.vm;
  const uint8_t* const bytes = argument_of(env, given.request, given.view, given.offset, given.needed);
  if (bytes == nullptr) return number(env, -EFAULT);
  std::vector<uint8_t> region(bytes, bytes + given.needed);
  if (!given.slot && !given.memory) return number(env, -EINVAL);
  std::lock_guard<std::mutex> lock(vm.mutex);
  const uint32_t slot_number = given.slot ? *given.slot : free_slot(vm);
  Slot slot;
  const int error = memory_of(given, slot_number, slot);
  if (error != 0) return number(env, error);
  uint64_t address = 0;
  if (slot.memory != nullptr) address = reinterpret_cast<uintptr_t>(slot.memory->mapping->data()) + slot.offset;
  if (!write_member(region, given.slot_at, slot_number) || !write_member(region, given.length_at, slot.length) ||
      !write_member(region, given.address_at, address)) {
    return number(env, -EFAULT);
  }
  const int result = call_ioctl(vm.fd, given.request, region.data());
  if (result < 0) return number(env, result);
  if (slot.memory != nullptr) {
    slot.region = std::move(region);
    slot.request = given.request;
    slot.length_at = given.length_at;
    vm.slots[slot_number] = std::move(slot);
    if (!given.slot) vm.used_below = slot_number + 1;
  } else {
    vm.slots.erase(slot_number);
    vm.used_below = std::min(vm.used_below, slot_number);
  }
  return number(env, slot_number);
}

// The caller has enabled dirty rings of this size. The kernel accepts that only once, and before the first vCPU.
napi_value VmSetDirtyRing(napi_env env, Open<Vm> vm, uint64_t bytes) {
  uint64_t none = 0;
  return number(env, vm->dirty_ring_bytes.compare_exchange_strong(none, bytes) || none == bytes ? 0 : -EINVAL);
}

// Returns the numbers of the slots in use, lowest first.
napi_value VmSlots(napi_env env, Open<Vm> vm) {
  const std::lock_guard<std::mutex> lock(vm->mutex);
  napi_value result = nullptr;
  if (napi_create_array(env, &result) != napi_ok) return nullptr;
  uint32_t index = 0;
  for (const auto& [slot, part] : vm->slots) napi_set_element(env, result, index++, number(env, slot));
  return result;
}

// Returns a copy of the argument of the ioctl that has set the slot, or null if the slot is not in use.
napi_value VmSlotRegion(napi_env env, Open<Vm> vm, uint32_t slot) {
  const std::lock_guard<std::mutex> lock(vm->mutex);
  const auto found = vm->slots.find(slot);
  if (found == vm->slots.end()) return null(env);
  const auto& region = found->second.region;
  void* copy = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, region.size(), &copy, &result) != napi_ok) return nullptr;
  std::copy(region.begin(), region.end(), static_cast<uint8_t*>(copy));
  return result;
}

// Makes KVM_GET_DIRTY_LOG, whose argument has `size` bytes, into the memory. The kernel writes a bit for each page of the
// slot, so the slot must not become longer between the check and the ioctl. Returns -E2BIG if the memory is too short.
napi_value VmGetDirtyLog(napi_env env, Open<Vm> vm, uint32_t request, uint32_t slot, Open<Memory> memory, uint64_t size,
                         uint64_t slot_at, uint64_t address_at) {
  constexpr uint64_t longest_argument = 4096;
  if (size < _IOC_SIZE(request) || size > longest_argument) return number(env, -EFAULT);
  std::vector<uint8_t> argument(size);
  const uint64_t address = reinterpret_cast<uintptr_t>(memory->mapping->data());
  if (!write_member(argument, slot_at, slot) || !write_member(argument, address_at, address)) {
    return number(env, -EFAULT);
  }
  const std::lock_guard<std::mutex> lock(vm->mutex);
  const auto found = vm->slots.find(slot);
  if (found == vm->slots.end()) return number(env, -ENOENT);
  const uint64_t pages = found->second.length / host_page_size();
  constexpr uint64_t word_bits = 64;
  const uint64_t bytes = (pages + word_bits - 1) / word_bits * sizeof(uint64_t);
  if (bytes > memory->mapping->length()) return number(env, -E2BIG);
  return number(env, call_ioctl(vm->fd, request, argument.data()));
}

// Makes an ioctl on a part of a memory: KVM_MEMORY_ENCRYPT_REG_REGION or KVM_MEMORY_ENCRYPT_UNREG_REGION. This function
// itself writes the address and the length, so that the kernel gets no other memory.
napi_value VmIoctlMemory(napi_env env, Open<Vm> vm, uint32_t request, Open<Memory> memory, uint64_t offset,
                         uint64_t length, uint64_t address_at, uint64_t length_at) {
  const uint64_t whole = memory->mapping->length();
  if (offset > whole || length > whole - offset) return number(env, -EINVAL);
  std::vector<uint8_t> argument(_IOC_SIZE(request));
  const uint64_t address = reinterpret_cast<uintptr_t>(memory->mapping->data()) + offset;
  if (!write_member(argument, address_at, address) || !write_member(argument, length_at, length)) {
    return number(env, -EFAULT);
  }
  return number(env, call_ioctl(vm->fd, request, argument.data()));
}

// Records how many bytes of the file of each vCPU the kernel shares. An isolate that attaches to the VM reads it here.
napi_value VmSetVcpuBytes(napi_env env, Open<Vm> vm, uint64_t bytes) {
  uint64_t none = 0;
  return number(env, vm->vcpu_bytes.compare_exchange_strong(none, bytes) || none == bytes ? 0 : -EINVAL);
}

napi_value VmVcpuBytes(napi_env env, Open<Vm> vm) { return number(env, static_cast<double>(vm->vcpu_bytes.load())); }

napi_value VmDirtyRing(napi_env env, Open<Vm> vm) {
  return number(env, static_cast<double>(vm->dirty_ring_bytes.load()));
}

}  // namespace

void export_vms(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"vmCreate", checked<VmCreate>},
                 {"vmFd", checked<VmFd>},
                 {"vmRelease", checked<VmRelease>},
                 {"vmId", checked<VmId>},
                 {"vmFind", checked<VmFind>},
                 {"vmOfVcpu", checked<VmOfVcpu>},
                 {"vmOfDevice", checked<VmOfDevice>},
                 {"deviceId", checked<DeviceId>},
                 {"deviceFind", checked<DeviceFind>},
                 {"deviceSetType", checked<DeviceSetType>},
                 {"deviceType", checked<DeviceType>},
                 {"vmSetVcpuBytes", checked<VmSetVcpuBytes>},
                 {"vmVcpuBytes", checked<VmVcpuBytes>},
                 {"vmIoctl", checked<VmIoctl>},
                 {"vmIoctlView", checked<VmIoctlView>},
                 {"vmIoctlTail", checked<VmIoctlTail>},
                 {"vmSetDirtyRing", checked<VmSetDirtyRing>},
                 {"vmDirtyRing", checked<VmDirtyRing>},
                 {"vmCreateFile", checked<VmCreateFile>},
                 {"vmSlots", checked<VmSlots>},
                 {"vmSlotRegion", checked<VmSlotRegion>},
                 {"vmGetDirtyLog", checked<VmGetDirtyLog>},
                 {"vmIoctlMemory", checked<VmIoctlMemory>},
                 {"vmSetMemory", checked<VmSetMemory>}});
}

}  // namespace kvm_uapi
